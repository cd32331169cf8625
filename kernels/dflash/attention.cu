// attention, variant `attention`: append, attend, project the output.
#include "kernels/dflash/attention.hpp"

#include "kernels/core/promises.hpp"
#include "kernels/core/table.hpp"

namespace plumbline::dflash {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

void run(const attention_problem& problem, const kernel_arguments& args, launcher& on) {
  if (problem.b == 0) return;
  attention_params p = attention_params_of(problem);
  p.q = head_rows_of(args.in("q"));
  p.k = head_rows_of(args.in("k")), p.v = head_rows_of(args.in("v"));
  p.k_cache = head_rows_of(args.out("k_cache")), p.v_cache = head_rows_of(args.out("v_cache"));
  p.attended = head_rows_of(args.out("attended"));
  p.cu_seqlens_k_new = args.in("cu_seqlens_k_new").as<std::int32_t>();
  p.cache_seqlens = args.in("cache_seqlens").as<std::int32_t>();
  if (const tensor_view rows = args.in("cache_batch_idx")) p.cache_batch_idx = rows.as<std::int32_t>();
  if (const tensor_view mask = args.in("mask")) {
    p.mask = mask.as<std::uint8_t>();
    p.mask_sequence = problem.mask_batch == 1 ? 0 : mask.stride[0];
    p.mask_query = problem.mask_rows == 1 ? 0 : mask.stride[2];
  }
  p.lse = args.out("lse").as<float>();
  launch_append(p, on);
  launch_attend(problem.type, p, on);

  linear_params products;
  const std::int64_t width = problem.hq * problem.d;
  products.x = {p.attended.data, problem.block_size * width, width};
  products.sequences = problem.b, products.tokens = problem.block_size, products.inner = width;
  products.add(args.in("wo").data, args.in("bo").data, token_matrix_of(args.out("out")), problem.hidden_size);
  launch_linear(problem.type, products, on);
}

std::string domain(const attention_problem& p) { return width_domain(p.d); }

constexpr contract contracts[] = {
    attention("bf16/tc25", dtype::bf16, accumulation::tc25, dtype::bf16, 1, dtype::bf16),
    attention("f16/tc25", dtype::f16, accumulation::tc25, dtype::f16, 1, dtype::f16)};

constexpr variant<attention_problem> rows[] = {{"attention", contracts, every_run_alike, domain, run}};

}  // namespace
}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::dflash

template <>
std::span<const plumbline::variant<plumbline::dflash::attention_problem>>
plumbline::table_of<plumbline::dflash::attention_problem, plumbline::this_side>() {
  return dflash::rows;
}
