// The instances whose machine code is looked at: every mma.sync, every pair of formats of wgmma both ways,
// every width, and two whole products.
#include "tests/tensor_core_kernels.hpp"

namespace plumbline::kernels {
inline namespace PLUMBLINE_SIDE_NAME {

using enum dtype;

template __global__ void one_mma<mma_shape{bf16, bf16, f32, 16}>(const mma_params);
template __global__ void one_mma<mma_shape{bf16, bf16, f32, 8}>(const mma_params);
template __global__ void one_mma<mma_shape{f16, f16, f32, 16}>(const mma_params);
template __global__ void one_mma<mma_shape{f16, f16, f32, 8}>(const mma_params);
template __global__ void one_mma<mma_shape{f16, f16, f16, 16}>(const mma_params);
template __global__ void one_mma<mma_shape{f16, f16, f16, 8}>(const mma_params);
template __global__ void one_mma<mma_shape{tf32, tf32, f32, 8}>(const mma_params);
template __global__ void one_mma<mma_shape{tf32, tf32, f32, 4}>(const mma_params);
template __global__ void one_mma<mma_shape{e4m3, e4m3, f32, 32}>(const mma_params);
template __global__ void one_mma<mma_shape{e4m3, e5m2, f32, 32}>(const mma_params);
template __global__ void one_mma<mma_shape{e5m2, e4m3, f32, 32}>(const mma_params);
template __global__ void one_mma<mma_shape{e5m2, e5m2, f32, 32}>(const mma_params);
template __global__ void one_mma<mma_shape{e4m3, e4m3, f16, 32}>(const mma_params);
template __global__ void one_mma<mma_shape{e4m3, e5m2, f16, 32}>(const mma_params);
template __global__ void one_mma<mma_shape{e5m2, e4m3, f16, 32}>(const mma_params);
template __global__ void one_mma<mma_shape{e5m2, e5m2, f16, 32}>(const mma_params);

#if !defined(PLUMBLINE_WITHOUT_WGMMA)

template __global__ void wgmma_gemm<wgmma_shape{bf16, bf16, f32, 64}, swizzle::bytes128, 4>(
    const gemm_params);
template __global__ void wgmma_gemm<wgmma_shape{e4m3, e4m3, f32, 64}, swizzle::bytes128, 4>(
    const gemm_params);

template __global__ void one_wgmma<wgmma_shape{bf16, bf16, f32, 8}>(const wgmma_params);
template __global__ void one_wgmma<wgmma_shape{bf16, bf16, f32, 16}>(const wgmma_params);
template __global__ void one_wgmma<wgmma_shape{bf16, bf16, f32, 32}>(const wgmma_params);
template __global__ void one_wgmma<wgmma_shape{bf16, bf16, f32, 128}>(const wgmma_params);
template __global__ void one_wgmma<wgmma_shape{bf16, bf16, f32, 256, major::k, major::mn}>(
    const wgmma_params);
template __global__ void one_wgmma<wgmma_shape{f16, f16, f32, 8, major::k, major::mn}>(const wgmma_params);
template __global__ void one_wgmma<wgmma_shape{f16, f16, f16, 8}>(const wgmma_params);
template __global__ void one_wgmma<wgmma_shape{f16, f16, f16, 256}>(const wgmma_params);
template __global__ void one_wgmma<wgmma_shape{tf32, tf32, f32, 8}>(const wgmma_params);
template __global__ void one_wgmma<wgmma_shape{e4m3, e4m3, f32, 8}>(const wgmma_params);
template __global__ void one_wgmma<wgmma_shape{e4m3, e5m2, f32, 8}>(const wgmma_params);
template __global__ void one_wgmma<wgmma_shape{e5m2, e4m3, f32, 8}>(const wgmma_params);
template __global__ void one_wgmma<wgmma_shape{e5m2, e5m2, f32, 8}>(const wgmma_params);
template __global__ void one_wgmma<wgmma_shape{e4m3, e4m3, f16, 8}>(const wgmma_params);
template __global__ void one_wgmma<wgmma_shape{e4m3, e5m2, f16, 8}>(const wgmma_params);
template __global__ void one_wgmma<wgmma_shape{e5m2, e4m3, f16, 8}>(const wgmma_params);
template __global__ void one_wgmma<wgmma_shape{e5m2, e5m2, f16, 8}>(const wgmma_params);

#endif

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::kernels
