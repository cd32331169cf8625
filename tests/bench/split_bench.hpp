// A whole kernel: flash_decode's `split` on one sequence: 64 queries, 1024 keys, head dim 128.
#pragma once

#include "kernels/core/executor.hpp"

namespace plumbline {

/// GFLOP/s of attention (two products, 2 FLOP each) on one core, best of some rounds; 0 where the executor is
/// not built.
double split_gflops(const char* executor);

}  // namespace plumbline
