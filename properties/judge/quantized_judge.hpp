// The judge of scaled codes: membership in sets, no statistics.
//
// Scales first: each must lie in the set that its group's elements and the writer's policy leave, nearly
// always one bit pattern.  Then codes, each against the scale that was written beside it, so that one wrong
// scale is one finding.  All other bytes (rotary dims, padding, slots of other tokens) are compared as bytes.
// NaN codes are alike, and so are NaN results of a reader; a copied NaN keeps its payload.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "properties/judge/verdict.hpp"
#include "reference/quantize.hpp"

namespace plumbline {

/// Judges groups one by one.
class scaled_codes_judge {
 public:
  scaled_codes_judge(const quantize::policy& rule, dtype in) : rule_(rule), in_(in) {}

  /// One group as it was written.  `where` names element i, and with -1 the group.  `ceiling`: see
  /// `scale_of`.
  void add(std::span<const double> x, float scale, std::span<const std::uint8_t> codes,
           const std::function<std::string(std::int64_t i)>& where, double ceiling = 0);
  /// The same with a scale that was given, not measured.
  void add_given(std::span<const double> x, float scale, std::span<const std::uint8_t> codes,
                 const std::function<std::string(std::int64_t i)>& where);

  /// Findings "scale" and "set", counts of what was compared and of what was not nominal but right.
  void finish(verdict& v) const;

 private:
  struct tally {
    std::int64_t compared = 0, wrong = 0, not_nominal = 0;
    finding first;
  };
  void look_at_codes(std::span<const double> x, const quantize::group_scale&, float scale,
                     std::span<const std::uint8_t> codes,
                     const std::function<std::string(std::int64_t i)>& where);

  quantize::policy rule_;
  dtype in_;
  tally scales_, codes_;
};

/// Whole calls; `outputs` has what `make_outputs` makes.
verdict judge_store(const quantize::store_problem&, const tensor_set& inputs, const tensor_set& outputs);
verdict judge_groups(const quantize::groups_problem&, const tensor_set& inputs, const tensor_set& outputs);
verdict judge_dequantize(const quantize::dequantize_problem&, const tensor_set& inputs,
                         const tensor_set& outputs);
verdict judge_weight_dequant(const quantize::weight_dequant_problem&, const tensor_set& inputs,
                             const tensor_set& outputs);
verdict judge_scatter(const quantize::scatter_problem&, const tensor_set& inputs, const tensor_set& outputs);

}  // namespace plumbline
