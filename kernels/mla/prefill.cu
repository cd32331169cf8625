// prefill: its arguments, its table, and the choice between its kernels.
//
// `dispatch` is the fast path for short sequences that was proposed upstream, done right: at most 256 new
// tokens and no mask.  Its keys are all that the cache holds, not the new ones alone, so their number has to
// fit as well.
#include "kernels/mla/prefill.hpp"

#include "kernels/mla/attention_promises.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

prefill_params prefill_params_of(const prefill_problem& problem, const kernel_arguments& args) {
  const tensor_view lse = args.out("lse");
  prefill_params p = {};
  p.q = token_rows_of(args.in("q"), problem.d);
  p.k = token_rows_of(args.in("k"), problem.d);
  p.v = token_rows_of(args.in("v"), problem.dv);
  p.out = token_rows_of(args.out("out"), problem.dv);
  p.cache_seqlens = integers(args, "cache_seqlens");
  p.lse = lse.as<float>();
  p.lse_batch = lse.stride[0], p.lse_head = lse.stride[1], p.lse_token = lse.stride[2];
  p.units = units_of(effective_scale(problem));
  p.sq = static_cast<int>(problem.sq);
  p.hk = static_cast<int>(problem.hk);
  p.group = static_cast<int>(problem.hq / problem.hk);
  p.d = static_cast<int>(problem.d);
  p.dv = static_cast<int>(problem.dv);
  p.causal = problem.causal;
  return p;
}

std::string head_domain(const prefill_problem& p) {
  if (p.d > head_width) return "d above 192 exceeds a tile";
  if (p.dv > head_value_width) return "dv above 128 exceeds a tile";
  return "";
}

namespace {

constexpr std::int64_t most_short_tokens = 256;

bool takes_short(const prefill_problem& p) {
  return p.sq <= most_short_tokens && short_sequences().domain(p).empty();
}

void run_dispatch(const prefill_problem& p, const kernel_arguments& args, launcher& on) {
  (takes_short(p) ? short_sequences() : naive()).run(p, args, on);
}

const variant<prefill_problem> rows[] = {
    naive(), short_sequences(), {"dispatch", latent_contracts, every_run_alike, head_domain, run_dispatch}};

}  // namespace
}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla

template <>
std::span<const plumbline::variant<plumbline::mla::prefill_problem>>
plumbline::table_of<plumbline::mla::prefill_problem, plumbline::this_side>() {
  return mla::rows;
}
