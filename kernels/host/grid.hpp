// All blocks of a launch, spread over OS threads by one counter.
//
// A block stays on its OS thread (compilers may keep the address of a thread_local variable across a switch).
// Blocks are handed out in order and each one handed out is finished, so of several faulting blocks the first
// in order is the one reported, whatever the number of OS threads.
#pragma once

#include <memory>
#include <vector>

#include "kernels/host/block.hpp"

namespace plumbline::simt {

class grid_runner {
 public:
  /// `os_threads` of 0 means one a core.
  grid_runner(const schedule& how, int os_threads);
  ~grid_runner();
  /// Runs every block; throws kernel_fault when one did not complete.
  void run(const host_launch&);

 private:
  schedule how_;
  int os_threads_;
  std::vector<std::unique_ptr<block_runner>> runners_;
};

}  // namespace plumbline::simt
