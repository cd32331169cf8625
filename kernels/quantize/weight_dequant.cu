// weight_dequant, variant `weight_dequant`: one thread an element, one scale a square block.
//
// Scales lie (ceil(m / block), ceil(n / block)): the row of blocks has as many as the columns need, also when
// the last block is short.
#include "kernels/quantize/reader.hpp"

namespace plumbline::quantize {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

constexpr int threads = 128;

struct weight_params {
  const unsigned char* weight;
  const float* scale;
  void* out;
  std::int64_t m, n, block;
};

template <dtype Code, dtype Out>
__global__ void __launch_bounds__(threads) weight_dequant_kernel(const weight_params p) {
  const std::int64_t at = static_cast<std::int64_t>(blockIdx.x) * threads + threadIdx.x;
  if (at >= p.m * p.n) return;
  const std::int64_t row = at / p.n, column = at % p.n;
  const float scale = p.scale[row / p.block * blocks_for(p.n, p.block) + column / p.block];
  const unsigned char code = p.weight[at];
  const float x =
      Code == dtype::e4m3 ? value_of_e4m3(code) : static_cast<float>(static_cast<std::int8_t>(code));
  static_cast<stored<Out>*>(p.out)[at] = written<Out>(x * scale);
}

template <dtype Code, dtype Out>
void launch_weight(const weight_params& p, launcher& on) {
  launch<&weight_dequant_kernel<Code, Out>>(on, "weight_dequant", {blocks_for(p.m * p.n, threads), 1, 1},
                                            threads, 0, p);
}

template <dtype Code>
void launch_codes(dtype out, const weight_params& p, launcher& on) {
  if (out == dtype::bf16) return launch_weight<Code, dtype::bf16>(p, on);
  if (out == dtype::f16) return launch_weight<Code, dtype::f16>(p, on);
  launch_weight<Code, dtype::f32>(p, on);
}

constexpr contract contracts[] = {movement("e4m3/weight", dtype::e4m3, dtype::bf16),
                                  movement("i8/weight", dtype::i8, dtype::bf16)};

std::string domain(const weight_dequant_problem& problem) {
  for (const contract& c : contracts)
    if (c.in == problem.code) return "";
  return "does not take " + std::string(name_of(problem.code));
}

void run(const weight_dequant_problem& problem, const kernel_arguments& args, launcher& on) {
  if (problem.m * problem.n == 0) return;
  const weight_params p = {static_cast<const unsigned char*>(args.in("weight").data),
                           args.in("scale").as<float>(),
                           args.out("out").data,
                           problem.m,
                           problem.n,
                           problem.block};
  if (problem.code == dtype::i8) return launch_codes<dtype::i8>(problem.out_type, p, on);
  launch_codes<dtype::e4m3>(problem.out_type, p, on);
}

constexpr variant<weight_dequant_problem> weight_rows[] = {
    {"weight_dequant", contracts, every_run_alike, domain, run}};

}  // namespace
}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::quantize

template <>
std::span<const plumbline::variant<plumbline::quantize::weight_dequant_problem>>
plumbline::table_of<plumbline::quantize::weight_dequant_problem, plumbline::this_side>() {
  return quantize::weight_rows;
}
