#include "reference/attention_schedule.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

namespace plumbline {
namespace {

struct progress {
  std::once_flag prepared;
  std::vector<std::atomic<int>> left;  // items of each stage
  std::atomic<int> stages_done{0};
  explicit progress(const staged_job& job) : left(job.stages.size()) {
    for (std::size_t s = 0; s < left.size(); ++s) left[s] = job.stages[s].items;
  }
};

struct ticket {
  int job, stage, item;
};

std::vector<ticket> deal(const std::vector<staged_job>& jobs, int threads) {
  std::vector<std::size_t> group_ends;
  int items = 0;
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    items += jobs[j].stages[0].items;
    if (items >= 2 * threads || j + 1 == jobs.size()) group_ends.push_back(j + 1), items = 0;
  }
  std::vector<ticket> tickets;
  const std::size_t stages = jobs.empty() ? 0 : jobs[0].stages.size();
  for (std::size_t time = 0; time < group_ends.size() + stages; ++time)
    for (std::size_t s = 0; s < stages && s <= time; ++s) {
      const std::size_t group = time - s;
      if (group >= group_ends.size()) continue;
      for (std::size_t j = group ? group_ends[group - 1] : 0; j < group_ends[group]; ++j)
        for (int i = 0; i < jobs[j].stages[s].items; ++i)
          tickets.push_back({static_cast<int>(j), static_cast<int>(s), i});
    }
  return tickets;
}

}  // namespace

void run_in_stages(std::vector<staged_job>& jobs, int threads) {
  std::vector<std::unique_ptr<progress>> states;
  for (const staged_job& job : jobs) states.push_back(std::make_unique<progress>(job));
  const std::vector<ticket> tickets = deal(jobs, threads);
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  std::exception_ptr failure;
  std::mutex failure_mutex;

  // After a failure tickets are still counted off, so that nobody waits for ever.
  const auto guarded = [&](const auto& work) {
    if (failed) return;
    try {
      work();
    } catch (...) {
      const std::lock_guard lock(failure_mutex);
      if (!failure) failure = std::current_exception();
      failed = true;
    }
  };
  const auto work = [&](int thread) {
    for (std::size_t at; (at = next.fetch_add(1)) < tickets.size();) {
      const int j = tickets[at].job, s = tickets[at].stage, item = tickets[at].item;
      staged_job& job = jobs[static_cast<std::size_t>(j)];
      progress& state = *states[static_cast<std::size_t>(j)];
      stage& now = job.stages[static_cast<std::size_t>(s)];
      for (int done; (done = state.stages_done.load(std::memory_order_acquire)) < s;)
        state.stages_done.wait(done, std::memory_order_acquire);
      std::call_once(state.prepared, [&] { guarded([&] { job.prepare ? job.prepare() : void(); }); });
      guarded([&] { now.run(item, thread); });
      if (state.left[static_cast<std::size_t>(s)].fetch_sub(1, std::memory_order_acq_rel) == 1) {
        guarded([&] { now.finish ? now.finish() : void(); });
        state.stages_done.store(s + 1, std::memory_order_release);
        state.stages_done.notify_all();
      }
    }
  };
  const int useful =
      std::min<int>(threads, static_cast<int>(std::min<std::size_t>(tickets.size(), 1u << 16)));
  std::vector<std::thread> others;
  for (int t = 1; t < useful; ++t) others.emplace_back(work, t);
  work(0);
  for (std::thread& t : others) t.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace plumbline
