#include "kernels/host/simt.hpp"

constinit thread_local plumbline::simt::index3 threadIdx, blockIdx, blockDim, gridDim;
