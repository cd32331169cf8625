#include "kernels/host/grid.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

namespace plumbline::simt {

std::unique_ptr<block_runner> runner_pool::take() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto runner = std::move(idle_.back());
      idle_.pop_back();
      return runner;
    }
  }
  return std::make_unique<block_runner>(tensor_cores_);
}

void runner_pool::give_back(std::unique_ptr<block_runner> runner) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(runner));
}

grid_runner::grid_runner(const schedule& how, int os_threads, runner_pool& pool, watch* who, tap_record* taps)
    : how_(how),
      os_threads_(who              ? 1
                  : os_threads > 0 ? os_threads
                                   : std::max(1, static_cast<int>(std::thread::hardware_concurrency()))),
      pool_(pool),
      watch_(who),
      taps_(taps) {}

grid_runner::~grid_runner() {
  for (auto& runner : runners_) pool_.give_back(std::move(runner));
}

void grid_runner::run(const host_launch& launch) {
  const std::int64_t blocks = launch.grid.x * launch.grid.y * launch.grid.z;
  const int workers = static_cast<int>(std::min<std::int64_t>(os_threads_, blocks));
  while (static_cast<int>(runners_.size()) < workers) runners_.push_back(pool_.take());

  if (watch_) watch_->launch_begins(launch);
  std::atomic<std::int64_t> next{0};
  std::mutex mutex;
  std::int64_t first_turn = blocks;
  fault first;
  const auto work = [&](int worker) {
    for (std::int64_t turn; (turn = next.fetch_add(1)) < blocks;) {
      auto failed = runners_[static_cast<std::size_t>(worker)]->run(launch, how_.block_at(turn, blocks), how_,
                                                                    watch_, taps_);
      if (!failed) continue;
      next = blocks;
      const std::lock_guard lock(mutex);
      if (turn < first_turn) first_turn = turn, first = std::move(*failed);
    }
  };
  std::vector<std::jthread> others;
  for (int i = 1; i < workers; ++i) others.emplace_back(work, i);
  work(0);
  others.clear();
  if (first_turn < blocks) throw kernel_fault(std::move(first));
}

}  // namespace plumbline::simt
