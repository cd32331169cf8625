#include "properties/dflash/in_double.hpp"

#include <iterator>

#include "properties/laws/attention_in_double.hpp"
#include "properties/laws/sums_in_double.hpp"
#include "reference/dflash.hpp"

namespace plumbline::dflash {

std::vector<double_result> in_double(const project_problem& p, const tensor_set& inputs, const contract&) {
  struct step {
    projected which;
    const char *weight, *output;
  };
  constexpr step steps[] = {
      {projected::q, "wq", "q_proj"}, {projected::k, "wk", "k_proj"}, {projected::v, "wv", "v"}};
  const tensor_set shapes = make_outputs(p);
  std::vector<double_result> all;
  for (const step& one : steps) {
    const linear_truth truth = project_step(p, inputs, one.which);
    auto its = laws::product_in_double(one.output, shapes.at(one.output).shape(),
                                       inputs.at(one.weight).dim(1) + (p.has_bias ? 1 : 0), truth.out,
                                       truth.S1, truth.SB);
    all.insert(all.end(), std::make_move_iterator(its.begin()), std::make_move_iterator(its.end()));
  }
  return all;
}

std::vector<double_result> in_double(const attention_problem& p, const tensor_set& inputs,
                                     const contract& promised) {
  const tensor_set shapes = make_outputs(p, inputs);
  const new_rows rows = new_rows_of(p, inputs);
  return laws::attention_in_double("attended", shapes.at("attended").shape(), shapes.at("lse").shape(),
                                   units_of(p, inputs, rows), attend(p, inputs, std::span(&promised, 1)),
                                   [&p](std::size_t unit, std::int64_t row) {
                                     const row_place place = place_of(p, unit, row);
                                     return laws::attention_place{place.out_row, place.lse};
                                   });
}

}  // namespace plumbline::dflash
