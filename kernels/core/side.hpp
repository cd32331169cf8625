// Which side this translation unit is built for: the one place that knows.
//
// A kernel is one .cu file.  nvcc compiles it for GPUs; for the host a generated .cpp includes it, and the
// words that only CUDA has become nothing or an equivalent.  All code that kernels share lives in an inline
// namespace named after the side, so that the same inline function built two ways never shares one symbol
// (the linker would keep whichever came first and run it on both sides).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "reference/core/formats.hpp"

#if defined(__CUDACC__)

#include <cuda_runtime.h>

#define PLUMBLINE_ON_GPU 1
#define PLUMBLINE_ON_CHECKED 0
#define PLUMBLINE_SIDE_NAME side_gpu
#define PLUMBLINE_UNROLL _Pragma("unroll")

#else

#define PLUMBLINE_ON_GPU 0
#if defined(PLUMBLINE_CHECKED)
#define PLUMBLINE_SIDE_NAME side_checked
#define PLUMBLINE_ON_CHECKED 1
#else
#define PLUMBLINE_SIDE_NAME side_host
#define PLUMBLINE_ON_CHECKED 0
#endif
#define PLUMBLINE_UNROLL
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)

#endif
