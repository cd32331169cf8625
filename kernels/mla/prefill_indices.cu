// prefill_indices, variant `absorb`: the latent kernel over the rows that each query lists.
//
// A block takes one query, up to 64 of its heads and all of its list, so there is nothing to merge; queries
// are many.  The largest logit is the running maximum, which the kernel has anyway.
#include "kernels/mla/attention_promises.hpp"
#include "kernels/mla/latent_launch.hpp"
#include "kernels/mla/listed_keys.hpp"
#include "kernels/mla/plain_tiles.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

std::string domain(const prefill_indices_problem& p) { return latent_domain(p.d, p.dv); }

void run(const prefill_indices_problem& problem, const kernel_arguments& args, launcher& on) {
  if (problem.sq == 0) return;
  latent_params p = latent_params_of(problem, args);
  const tensor_view lse = args.out("lse"), logits = args.out("max_logits"), kv = args.in("kv");
  p.lse_token = lse.stride[0], p.lse_head = lse.stride[1];
  p.max_logits = logits.as<float>();
  p.logits_token = logits.stride[0], p.logits_head = logits.stride[1];
  listed_keys keys;
  keys.lists.first = index_list_of(args, "indices", "topk_length", problem.topk, problem.skv);
  keys.lists.first.token = keys.lists.first.batch;
  keys.lists.first.batch = keys.lists.first.length_batch = 0;
  keys.lists.first.length_token = 1;
  keys.pages = {kv.as<std::uint16_t>(), kv.stride[0], 0, 1};
  keys.aligned = rows_are_aligned(kv, problem.d);
  if (problem.type == dtype::bf16)
    launch_latent<dtype::bf16, plain_tiles<listed_keys>>("absorb", p, keys, 1, on);
  else
    launch_latent<dtype::f16, plain_tiles<listed_keys>>("absorb", p, keys, 1, on);
}

const variant<prefill_indices_problem> rows[] = {{"absorb", latent_contracts, every_run_alike, domain, run}};

}  // namespace
}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla

template <>
std::span<const plumbline::variant<plumbline::mla::prefill_indices_problem>>
plumbline::table_of<plumbline::mla::prefill_indices_problem, plumbline::this_side>() {
  return mla::rows;
}
