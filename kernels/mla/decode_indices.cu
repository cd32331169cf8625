// decode_indices: its table.  The kernel of both rows is latent_kernel.hpp, with another bringer of tiles.
#include "kernels/mla/decode_indices.hpp"

#include "kernels/mla/attention_promises.hpp"
#include "kernels/mla/quantized_keys.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

std::string domain(const decode_indices_problem& p) {
  if (p.format != kv_format::plain) return "quantized rows are those of absorb_fp8";
  return latent_domain(p.d, p.dv);
}

std::string fp8_domain(const decode_indices_problem& p) {
  if (p.format == kv_format::plain) return "plain rows are those of absorb";
  if (row_format_of(p).bytes() > most_row_bytes) return "rows above 656 bytes exceed shared memory";
  return latent_domain(p.d, p.dv);
}

void run(const decode_indices_problem& problem, const kernel_arguments& args, launcher& on) {
  if (problem.type == dtype::bf16)
    launch_listed<dtype::bf16>(problem, args, on);
  else
    launch_listed<dtype::f16>(problem, args, on);
}

void run_fp8(const decode_indices_problem& problem, const kernel_arguments& args, launcher& on) {
  if (problem.type == dtype::bf16)
    launch_quantized<dtype::bf16>(problem, args, on);
  else
    launch_quantized<dtype::f16>(problem, args, on);
}

const variant<decode_indices_problem> rows[] = {
    {"absorb", latent_contracts, every_split_alike, domain, run},
    {"absorb_fp8", latent_contracts, every_split_alike, fp8_domain, run_fp8}};

}  // namespace
}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla

template <>
std::span<const plumbline::variant<plumbline::mla::decode_indices_problem>>
plumbline::table_of<plumbline::mla::decode_indices_problem, plumbline::this_side>() {
  return mla::rows;
}
