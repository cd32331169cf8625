// Combines from elsewhere, judged like our own or held against the reference.
#include <cmath>

#include "kernels/core/variants_of.hpp"
#include "properties/external_case.hpp"
#include "properties/flash_decode/combine_agreement.hpp"
#include "properties/flash_decode/recorded.hpp"
#include "properties/recorded_contract.hpp"
#include "properties/recorded_tensors.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::flash_decode {

external_judgement judge_recorded_combine(const recorded_case& c, std::string_view contract_name) {
  return guarded(c, [&] {
    recorded_options options(c);
    const recorded_combine r = read_combine(c, options);
    check(r.problem, r.inputs);
    const tensor_set shapes = make_outputs(r.problem);
    for (const char* name : {"expected_out", "out"})
      require_shape(name, c.tensors.find(name), shapes.at("out").shape());
    for (const char* name : {"expected_lse", "expected_softmax_lse", "lse", "softmax_lse"})
      require_shape(name, c.tensors.find(name), shapes.at("lse").shape());
    const auto truth = laws::combine_truth_of(r.problem, r.inputs);
    std::vector<external_judgement> found;
    if (has_expected(c)) {
      disagreement d;
      // merging S partials: S products and sums, one exp and one log each
      const double relative = 8 * 0x1p-53 * static_cast<double>(r.problem.num_splits + 8);
      const tensor* out = c.tensors.find("expected_out");
      const auto outs = out ? out->values() : std::vector<double>{};
      std::vector<std::vector<double>> lses;
      for (const char* name : {"expected_lse", "expected_softmax_lse"})
        if (const tensor* lse = c.tensors.find(name)) lses.push_back(lse->values());
      for (std::int64_t row = 0; row < truth.rows; ++row) {
        const double l = truth.lse[static_cast<std::size_t>(row)];
        for (const auto& theirs : lses)
          d.look(theirs[static_cast<std::size_t>(row)], l, relative * (1 + std::fabs(l)),
                 "lse of row " + std::to_string(row));
        for (std::int64_t col = 0; out && col < truth.dv; ++col) {
          const std::size_t e = static_cast<std::size_t>(row * truth.dv + col);
          const double reach = 1 + std::fabs(std::isfinite(l) ? l : 0);
          d.look(outs[e], truth.out[e],
                 relative * reach * (truth.S1[e] + std::fabs(truth.out[e])) + 0x1p-1000,
                 "row " + std::to_string(row) + ", column " + std::to_string(col));
        }
      }
      found.push_back(d.conclude(c));
    }
    const tensor* out = c.tensors.find("out");
    std::vector<const tensor*> lses;
    for (const char* name : {"lse", "softmax_lse"})
      if (const tensor* lse = c.tensors.find(name)) lses.push_back(lse);
    if (out == nullptr && lses.empty()) return worst(c, found);
    const auto promised =
        contract_of(c, contract_name, contracts_of(variants_of<combine_problem>(side::host)), dtype::f32,
                    out ? out->type() : r.problem.out_type);
    if (!promised)
      throw bad_argument("contract", "expected outputs with the option contract, or --contract, got neither");
    if (out != nullptr && out->type() != r.problem.out_type)
      throw bad_argument("out", "expected dtype " + std::string(name_of(r.problem.out_type)) +
                                    " of the option out_dtype, got " + std::string(name_of(out->type())));
    const auto judge = [&](const tensor& o, const tensor* lse) {
      tensor_set outputs;
      outputs.set("out", o);
      if (lse != nullptr) outputs.set("lse", *lse);
      return mistrusted_without_budget(laws::judge_combined(r.problem, truth, *promised, outputs), r.inputs);
    };
    std::size_t beside = 0;  // the first lse is judged with out, as a kernel's
    if (out != nullptr) found.push_back(as_outputs(c, judge(*out, lses.empty() ? nullptr : lses[beside++])));
    if (beside < lses.size()) {
      const auto shape = shapes.at("out").shape();
      tensor right(r.problem.out_type, {shape.begin(), shape.end()});
      for (std::int64_t i = 0; i < right.size(); ++i)
        right.set_value(i, truth.out[static_cast<std::size_t>(i)]);
      for (; beside < lses.size(); ++beside)
        found.push_back(as_outputs(c, of_output(judge(right, lses[beside]), "lse")));
    }
    return worst(c, found);
  });
}

}  // namespace plumbline::flash_decode
