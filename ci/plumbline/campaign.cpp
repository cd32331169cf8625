#include "ci/plumbline/campaign.hpp"
#include "reference/core/counted.hpp"

#include <fmt/format.h>

#include <limits>

namespace plumbline::program {

namespace {

// A row whose domain refuses nearly everything ends here and is reported, instead of drawing for ever.
constexpr std::uint64_t draws_a_case = 50;

}  // namespace

campaign::campaign(const verify_request& asked, const std::vector<row>& rows) : asked_(asked) {
  const std::int64_t extra = asked.shard <= asked.cases % asked.shards ? 1 : 0;
  for (const row& r : rows) {
    row_run run;
    run.what = r;
    run.wanted =
        asked.minutes > 0 ? std::numeric_limits<std::int64_t>::max() : asked.cases / asked.shards + extra;
    run.next_index = run.next_counted = static_cast<std::uint64_t>(asked.shard - 1);
    run.last_index = asked.minutes > 0 ? std::numeric_limits<std::uint64_t>::max()
                                       : static_cast<std::uint64_t>(asked.cases + 1) * draws_a_case;
    rows_.push_back(std::move(run));
  }
}

std::int64_t campaign::judged() const {
  std::int64_t all = 0;
  for (const row_run& r : rows_) all += r.counts.cases() + r.held_judged;
  return all;
}

std::int64_t campaign::wanted() const {
  if (asked_.minutes > 0) return 0;
  std::int64_t all = 0;
  for (const row_run& r : rows_) all += r.stopped.empty() ? r.wanted : r.counts.cases();
  return all;
}

bool campaign::wants_more(const row_run& r) const {
  return r.stopped.empty() && r.counts.cases() + r.held_judged + r.in_flight < r.wanted;
}

std::optional<work> campaign::next() {
  const bool by_time = asked_.minutes > 0;
  if (by_time && clock::now() >= end_) return std::nullopt;
  for (std::size_t tried = 0; tried < rows_.size(); ++tried) {
    const std::size_t which = by_time ? (turn_ + tried) % rows_.size() : tried;
    row_run& r = rows_[which];
    if (!wants_more(r)) continue;
    if (r.next_index > r.last_index) {
      if (r.in_flight == 0)
        r.stopped = fmt::format("only {} of {}: skipped {}", r.counts.cases(), counted(r.wanted, "case"),
                                counted(r.counts.skipped, "draw"));
      continue;
    }
    if (by_time) turn_ = which + 1;
    work w;
    w.what = task::draw;
    w.op = r.what.op->op(), w.function = r.what.op->function(), w.variant = r.what.variant, w.in = r.what.in;
    w.seed = asked_.seed, w.index = r.next_index, w.regime = asked_.regime, w.executor = asked_.on;
    w.all_laws = asked_.all_laws;
    r.next_index += static_cast<std::uint64_t>(asked_.shards);
    ++r.in_flight;
    return w;
  }
  return std::nullopt;
}

void campaign::count(row_run& r, std::uint64_t index, const case_result& result) {
  r.held_judged -= result.result != outcome::skipped;
  if (!r.stopped.empty()) return;
  r.counts.add(index, result);
  if (result.result != outcome::pass && result.result != outcome::skipped)
    failed_(failure_from(r.what.name(), index, result));
  if (r.counts.fail >= asked_.max_failures)
    r.stopped = fmt::format("stopped after {} (--max-failures)", counted(r.counts.fail, "failure"));
}

void campaign::take(const finished& f) {
  const work& w = f.asked;
  for (row_run& r : rows_) {
    if (r.what.op->op() != w.op || r.what.op->function() != w.function || r.what.variant != w.variant ||
        r.what.in != w.in)
      continue;
    --r.in_flight;
    const auto held = r.held.emplace(w.index, result_of(f)).first;
    r.held_judged += held->second.result != outcome::skipped;
    for (auto first = r.held.begin(); first != r.held.end() && first->first == r.next_counted;
         first = r.held.erase(first), r.next_counted += static_cast<std::uint64_t>(asked_.shards))
      count(r, first->first, first->second);
    return;
  }
}

bool campaign::run(worker_pool& pool, const std::function<void(const failure&)>& failed, errands& aside,
                   const std::function<void()>& tick) {
  failed_ = failed;
  end_ = clock::now() +
         std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(asked_.minutes * 60));
  const bool whole = pump(
      pool,
      [&] {
        std::optional<work> first = aside.next();
        return first ? first : next();
      },
      [&](const finished& f) {
        if (!aside.take(f)) take(f);
      },
      tick);
  for (row_run& r : rows_) {  // of an interrupted run: what was judged behind a case that was not
    for (const auto& [index, result] : r.held) count(r, index, result);
    r.held.clear();
  }
  return whole;
}

}  // namespace plumbline::program
