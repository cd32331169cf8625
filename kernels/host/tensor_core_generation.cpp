#include "kernels/host/tensor_core_generation.hpp"

#include <string>

#include "reference/core/keyed_text.hpp"

namespace plumbline::simt {

generation generation_of(std::string_view name) {
  for (const generation g : {generation::sm_80, generation::sm_89, generation::sm_90a})
    if (name == name_of(g)) return g;
  throw bad_argument("generation", "expected sm_80, sm_89 or sm_90a, got '" + std::string(name) + "'");
}

template <mma_shape Shape>
void multiply_as(generation g, product_tile<Shape.k>& tile) {
  static_assert(exists(Shape));
  constexpr least_exponents least = least_of(Shape.a, Shape.b, Shape.sum);
  if (g == generation::sm_90a) {
    if constexpr (is_fp8(Shape.a))
      multiply_add_fp8<fp8_rule{}, rule_for(Shape.sum, 16, 25)>(tile);
    else
      multiply_add<rule_of(generation::sm_90a, Shape)>(tile, least);
  } else {
    static_assert(rule_of(generation::sm_80, Shape) == rule_of(generation::sm_89, Shape));
    multiply_add<rule_of(generation::sm_89, Shape)>(tile, least);
  }
}

template <dtype A, dtype B, dtype Sum>
void multiply_as_wgmma(product_tile<32 / static_cast<int>(size_of(A))>& tile) {
  static_assert(formats_meet(A, B, Sum));
  multiply_add<rule_of(wgmma_shape{A, B, Sum, 8})>(tile, least_of(A, B, Sum));
}

template void multiply_as<mma_shape{dtype::bf16, dtype::bf16, dtype::f32, 16}>(generation, product_tile<16>&);
template void multiply_as<mma_shape{dtype::bf16, dtype::bf16, dtype::f32, 8}>(generation, product_tile<8>&);
template void multiply_as<mma_shape{dtype::f16, dtype::f16, dtype::f32, 16}>(generation, product_tile<16>&);
template void multiply_as<mma_shape{dtype::f16, dtype::f16, dtype::f32, 8}>(generation, product_tile<8>&);
template void multiply_as<mma_shape{dtype::f16, dtype::f16, dtype::f16, 16}>(generation, product_tile<16>&);
template void multiply_as<mma_shape{dtype::f16, dtype::f16, dtype::f16, 8}>(generation, product_tile<8>&);
template void multiply_as<mma_shape{dtype::tf32, dtype::tf32, dtype::f32, 8}>(generation, product_tile<8>&);
template void multiply_as<mma_shape{dtype::tf32, dtype::tf32, dtype::f32, 4}>(generation, product_tile<4>&);
template void multiply_as<mma_shape{dtype::e4m3, dtype::e4m3, dtype::f32, 32}>(generation, product_tile<32>&);
template void multiply_as<mma_shape{dtype::e4m3, dtype::e5m2, dtype::f32, 32}>(generation, product_tile<32>&);
template void multiply_as<mma_shape{dtype::e5m2, dtype::e4m3, dtype::f32, 32}>(generation, product_tile<32>&);
template void multiply_as<mma_shape{dtype::e5m2, dtype::e5m2, dtype::f32, 32}>(generation, product_tile<32>&);
template void multiply_as<mma_shape{dtype::e4m3, dtype::e4m3, dtype::f16, 32}>(generation, product_tile<32>&);
template void multiply_as<mma_shape{dtype::e4m3, dtype::e5m2, dtype::f16, 32}>(generation, product_tile<32>&);
template void multiply_as<mma_shape{dtype::e5m2, dtype::e4m3, dtype::f16, 32}>(generation, product_tile<32>&);
template void multiply_as<mma_shape{dtype::e5m2, dtype::e5m2, dtype::f16, 32}>(generation, product_tile<32>&);

template void multiply_as_wgmma<dtype::bf16, dtype::bf16, dtype::f32>(product_tile<16>&);
template void multiply_as_wgmma<dtype::f16, dtype::f16, dtype::f32>(product_tile<16>&);
template void multiply_as_wgmma<dtype::f16, dtype::f16, dtype::f16>(product_tile<16>&);
template void multiply_as_wgmma<dtype::tf32, dtype::tf32, dtype::f32>(product_tile<8>&);
template void multiply_as_wgmma<dtype::e4m3, dtype::e4m3, dtype::f32>(product_tile<32>&);
template void multiply_as_wgmma<dtype::e4m3, dtype::e5m2, dtype::f32>(product_tile<32>&);
template void multiply_as_wgmma<dtype::e5m2, dtype::e4m3, dtype::f32>(product_tile<32>&);
template void multiply_as_wgmma<dtype::e5m2, dtype::e5m2, dtype::f32>(product_tile<32>&);
template void multiply_as_wgmma<dtype::e4m3, dtype::e4m3, dtype::f16>(product_tile<32>&);
template void multiply_as_wgmma<dtype::e4m3, dtype::e5m2, dtype::f16>(product_tile<32>&);
template void multiply_as_wgmma<dtype::e5m2, dtype::e4m3, dtype::f16>(product_tile<32>&);
template void multiply_as_wgmma<dtype::e5m2, dtype::e5m2, dtype::f16>(product_tile<32>&);

}  // namespace plumbline::simt
