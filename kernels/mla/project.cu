// project, variant `project`: linear layers and the two products that absorb W_UK and W_UV.
#include "kernels/mla/project.hpp"

#include "kernels/core/promises.hpp"
#include "kernels/core/rows.hpp"
#include "kernels/core/table.hpp"
#include "reference/mla_module_problem.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

constexpr contract contracts[] = {product("bf16/product", dtype::bf16, accumulation::tc25, dtype::bf16),
                                  product("f16/product", dtype::f16, accumulation::tc25, dtype::f16)};

std::string domain(const project_problem&) { return ""; }

bool on_16_bytes(const tensor_view& v, std::int64_t token, std::int64_t head) {
  return (reinterpret_cast<std::uintptr_t>(v.data) & 15u) == 0 && token % 8 == 0 && head % 8 == 0;
}

void run(const project_problem& problem, const kernel_arguments& args, launcher& on) {
  if (problem.tokens == 0) return;
  const tensor_view x = args.in("x"), weight = args.in("weight"), scale = args.in("weight_scale"),
                    out = args.out("out");
  const bool linear = problem.kind == projection::linear;
  const auto head_stride = [&](const tensor_view& v) { return linear ? 0 : v.stride[1]; };
  const std::int64_t columns = linear ? problem.in_features : problem.kv_lora_rank;
  project_params p = {};
  p.x = x.as<std::uint16_t>(), p.x_token = x.stride[0], p.x_head = head_stride(x);
  p.weight = weight.data, p.scale = scale ? scale.as<float>() : nullptr;
  p.out = out.as<std::uint16_t>(), p.out_token = out.stride[0], p.out_head = head_stride(out);
  p.tokens = problem.tokens;
  p.heads = linear ? 1 : problem.heads;
  p.columns = columns, p.scale_columns = (columns + weight_block - 1) / weight_block;
  p.head_rows = problem.qk_nope_head_dim + problem.v_head_dim;
  switch (problem.kind) {
    case projection::linear:
      p.inner = problem.in_features, p.outer = problem.out_features;
      break;
    case projection::absorb_query:
      p.inner = problem.qk_nope_head_dim, p.outer = problem.kv_lora_rank, p.rows_are_inner = true;
      break;
    case projection::absorb_output:
      p.inner = problem.kv_lora_rank, p.outer = problem.v_head_dim, p.first_row = problem.qk_nope_head_dim;
  }
  p.wide_x = on_16_bytes(x, p.x_token, p.x_head) && p.inner % 8 == 0;
  p.wide_weight = on_16_bytes(weight, 0, 0) && columns % (p.scale != nullptr ? 16 : 8) == 0;
  p.wide_out = on_16_bytes(out, p.out_token, p.out_head);
  if (problem.type == dtype::bf16)
    launch_project<dtype::bf16>(p, on);
  else
    launch_project<dtype::f16>(p, on);
}

constexpr variant<project_problem> rows[] = {{"project", contracts, every_run_alike, domain, run}};

}  // namespace
}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla

template <>
std::span<const plumbline::variant<plumbline::mla::project_problem>>
plumbline::table_of<plumbline::mla::project_problem, plumbline::this_side>() {
  return mla::rows;
}
