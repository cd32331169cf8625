// All blocks of a launch, spread over OS threads by one counter.
//
// A block stays on its OS thread (compilers may keep the address of a thread_local variable across a switch).
// Blocks are handed out in order and each one handed out is finished, so of several faulting blocks the first
// in order is the one reported, whatever the number of OS threads.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "kernels/host/block.hpp"

namespace plumbline::simt {

/// Block runners between calls: making one costs a mapping a fiber, so they are kept.
class runner_pool {
 public:
  explicit runner_pool(generation tensor_cores = generation::sm_90a) : tensor_cores_(tensor_cores) {}
  std::unique_ptr<block_runner> take();
  void give_back(std::unique_ptr<block_runner>);

 private:
  generation tensor_cores_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<block_runner>> idle_;
};

class grid_runner {
 public:
  /// `os_threads` of 0 means one a core.
  /// A watch that looks on sees one block after the other.
  grid_runner(const schedule& how, int os_threads, runner_pool& pool, watch* who = nullptr,
              tap_record* taps = nullptr);
  ~grid_runner();
  /// Runs every block; throws kernel_fault when one did not complete.
  void run(const host_launch&);

 private:
  schedule how_;
  int os_threads_;
  runner_pool& pool_;
  watch* watch_;
  tap_record* taps_;
  std::vector<std::unique_ptr<block_runner>> runners_;
};

}  // namespace plumbline::simt
