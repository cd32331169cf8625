// Combines from elsewhere, judged like our own or held against the reference.
#include <cmath>

#include "properties/external_case.hpp"
#include "properties/flash_decode_contract.hpp"
#include "properties/flash_decode_recorded.hpp"
#include "properties/laws/combine_agreement.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::flash_decode {

external_judgement judge_recorded_combine(const recorded_case& c, std::string_view contract_name) {
  return guarded(c, [&] {
    recorded_options options(c);
    const recorded_combine r = read_combine(c, options);
    check(r.problem, r.inputs);
    constexpr std::string_view known[] = {"out_partial",  "lse_partial",         "out",
                                          "lse",          "softmax_lse",         "expected_out",
                                          "expected_lse", "expected_softmax_lse"};
    const std::string names = options.unsupported(known);
    if (!names.empty()) return unsupported(c, names);
    const tensor_set shapes = make_outputs(r.problem);
    for (const char* name : {"expected_out", "out"})
      require_shape(name, c.tensors.find(name), shapes.at("out").shape());
    for (const char* name : {"expected_lse", "expected_softmax_lse", "lse", "softmax_lse"})
      require_shape(name, c.tensors.find(name), shapes.at("lse").shape());
    const auto truth = laws::combine_truth_of(r.problem, r.inputs);
    external_judgement result{group_of(c), "unsupported", outcome::skipped, 0,
                              "holds neither outputs nor expected_*"};
    if (has_expected(c)) {
      disagreement d;
      // merging S partials: S products and sums, one exp and one log each
      const double relative = 8 * 0x1p-53 * static_cast<double>(r.problem.num_splits + 8);
      const tensor* out = c.tensors.find("expected_out");
      const tensor* lse = either(c, "expected_lse", "expected_softmax_lse");
      const auto outs = out ? out->values() : std::vector<double>{};
      const auto lses = lse ? lse->values() : std::vector<double>{};
      for (std::int64_t row = 0; row < truth.rows; ++row) {
        const double l = truth.lse[static_cast<std::size_t>(row)];
        if (lse)
          d.look(lses[static_cast<std::size_t>(row)], l, relative * (1 + std::fabs(l)),
                 "lse of row " + std::to_string(row));
        for (std::int64_t col = 0; out && col < truth.dv; ++col) {
          const std::size_t e = static_cast<std::size_t>(row * truth.dv + col);
          const double reach = 1 + std::fabs(std::isfinite(l) ? l : 0);
          d.look(outs[e], truth.out[e],
                 relative * reach * (truth.S1[e] + std::fabs(truth.out[e])) + 0x1p-1000,
                 "row " + std::to_string(row) + ", column " + std::to_string(col));
        }
      }
      result = d.conclude(c);
    }
    const tensor* out = c.tensors.find("out");
    if (out == nullptr) return result;
    const auto promised = contract_of(c, contract_name, dtype::f32, out->type());
    if (!promised)
      return unsupported(c, "outputs without a contract: name one with --contract or the option contract");
    contract used = *promised;
    used.out_type = out->type();
    tensor_set outputs;
    outputs.set("out", *out);
    if (const tensor* lse = either(c, "lse", "softmax_lse")) outputs.set("lse", *lse);
    const auto judged = as_outputs(c, laws::judge_combined(r.problem, truth, used, outputs));
    return has_expected(c) ? worst(result, judged) : judged;
  });
}

}  // namespace plumbline::flash_decode
