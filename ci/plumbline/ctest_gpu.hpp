// ctest hands out GPUs by resource groups but does not hide the others; this does.
#pragma once

namespace plumbline::program {

/// Inside a ctest test that was given a GPU: CUDA_VISIBLE_DEVICES names that one.  Must run before the first
/// CUDA call.
void see_only_the_gpu_of_ctest();

}  // namespace plumbline::program
