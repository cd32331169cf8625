// decode: its table.  The kernel of `absorb` is latent_kernel.hpp.
#include "kernels/mla/decode.hpp"

#include "kernels/mla/attention_promises.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

std::string domain(const decode_problem& p) { return latent_domain(p.d, p.dv); }

void run(const decode_problem& problem, const kernel_arguments& args, launcher& on) {
  if (problem.type == dtype::bf16)
    launch_decode<dtype::bf16>(problem, args, on);
  else
    launch_decode<dtype::f16>(problem, args, on);
}

const variant<decode_problem> rows[] = {{"absorb", latent_contracts, every_split_alike, domain, run}};

}  // namespace
}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla

template <>
std::span<const plumbline::variant<plumbline::mla::decode_problem>>
plumbline::table_of<plumbline::mla::decode_problem, plumbline::this_side>() {
  return mla::rows;
}
