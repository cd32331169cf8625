// What a schedule is for, without knowing how it is made: every block of every request is somebody's, once,
// and nobody has more than the share that is promised.
#include <algorithm>

#include "properties/mla/split_inputs.hpp"
#include "properties/mla/split_laws.hpp"
#include "reference/mla.hpp"

namespace plumbline::laws {

using mla::schedule_problem;

namespace {

constexpr std::int64_t columns = 8;

std::int64_t blocks_of(const schedule_problem& p, std::int64_t request) {
  return (mla::scheduled_keys(p, request) + p.block_size - 1) / p.block_size;
}

/// One part's share of one request.
struct share {
  std::int64_t part, begin, end, split;
};

// The shares of every request in the order of parts; a sentence when a part says something impossible.
std::string shares_of(const schedule_subject& s, std::vector<std::vector<share>>& of_request) {
  const schedule_problem& p = s.problem;
  const auto* table = s.outputs.at("tile_scheduler_metadata").as<std::int32_t>();
  of_request.assign(static_cast<std::size_t>(p.b), {});
  for (std::int64_t n = 0; n < p.num_sm_parts; ++n) {
    const std::int32_t* row = table + columns * n;
    const std::int64_t first = row[0], last = row[1];
    if (first == p.b) continue;
    if (first < 0 || first > last || last >= p.b)
      return "part " + std::to_string(n) + " takes requests " + std::to_string(first) + " to " +
             std::to_string(last) + " of " + std::to_string(p.b);
    for (std::int64_t r = first; r <= last; ++r)
      of_request[static_cast<std::size_t>(r)].push_back(
          {n, r == first ? row[2] : 0, r == last ? row[3] : blocks_of(p, r), r == first ? row[4] : 0});
  }
  return "";
}

std::string broken_cover(const schedule_subject& s) {
  const schedule_problem& p = s.problem;
  std::vector<std::vector<share>> of_request;
  if (std::string why = shares_of(s, of_request); !why.empty()) return why;
  const auto* num_splits = s.outputs.at("num_splits").as<std::int32_t>();
  for (std::int64_t r = 0; r < p.b; ++r) {
    const auto& shares = of_request[static_cast<std::size_t>(r)];
    const std::string who = "request " + std::to_string(r);
    std::int64_t next = 0, split = 0;
    for (const share& one : shares) {
      if (one.begin != next || one.end < one.begin || one.split != split++)
        return who + ": part " + std::to_string(one.part) + " takes blocks " + std::to_string(one.begin) +
               " to " + std::to_string(one.end) + " as split " + std::to_string(one.split) +
               ", expected them from " + std::to_string(next) + " as split " + std::to_string(split - 1);
      next = one.end;
    }
    if (next != blocks_of(p, r))
      return who + ": " + std::to_string(next) + " of " + std::to_string(blocks_of(p, r)) +
             " blocks are taken";
    if (num_splits[r + 1] - num_splits[r] != split || split == 0)
      return who + ": " + std::to_string(split) + " parts take it, num_splits says " +
             std::to_string(num_splits[r + 1] - num_splits[r]);
  }
  return "";
}

std::string broken_share(const schedule_subject& s) {
  const schedule_problem& p = s.problem;
  std::vector<std::vector<share>> of_request;
  if (std::string why = shares_of(s, of_request); !why.empty()) return why;
  std::vector<std::int64_t> cost(static_cast<std::size_t>(p.num_sm_parts), 0);
  std::int64_t total = 0;
  for (std::int64_t r = 0; r < p.b; ++r) {
    total += std::max<std::int64_t>(1, blocks_of(p, r)) + p.fixed_overhead;
    for (const share& one : of_request[static_cast<std::size_t>(r)])
      cost[static_cast<std::size_t>(one.part)] +=
          std::max<std::int64_t>(blocks_of(p, r) == 0, one.end - one.begin) + p.fixed_overhead;
  }
  const std::int64_t most = (total + p.num_sm_parts - 1) / p.num_sm_parts + p.fixed_overhead;
  for (std::size_t n = 0; n < cost.size(); ++n)
    if (cost[n] > most)
      return "part " + std::to_string(n) + " costs " + std::to_string(cost[n]) + " blocks, at most " +
             std::to_string(most) + " are its share";
  return "";
}

std::string concerns_lists(const schedule_subject& s) {
  return s.problem.topk >= 0 ? "" : "lengths are given";
}

// Lists count as sequences of as many keys, rounded up to blocks.
std::string broken_lists(const schedule_subject& s) {
  schedule_problem p = s.problem;
  p.topk = -1, p.extra_topk = 0;
  p.topk_length.clear(), p.extra_topk_length.clear();
  for (std::int64_t r = 0; r < p.b; ++r) p.cache_seqlens.push_back(mla::scheduled_keys(s.problem, r));
  const attempt other = s.run(p, generate::draw_inputs(p, "", 0));
  if (other.why_not) return describe(*other.why_not, "sequences of as many keys");
  return difference(s.outputs, other.outputs, "sequences of as many keys");
}

constexpr law<schedule_problem> all[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<schedule_problem>,
     broken_run_to_run<schedule_problem>},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<schedule_problem>,
     broken_schedule<schedule_problem>, failing_schedule<schedule_problem>},
    {"every_block_is_taken_once", claim::none, concerns_all<schedule_problem>, broken_cover},
    {"no_part_takes_more_than_its_share", claim::none, concerns_all<schedule_problem>, broken_share},
    {"lists_count_as_sequences", claim::none, concerns_lists, broken_lists},
    {"bad_arguments_refused", claim::none, concerns_all<schedule_problem>, broken_schedule_refusals},
};

}  // namespace

std::span<const law<schedule_problem>> schedule_laws() { return all; }

}  // namespace plumbline::laws
