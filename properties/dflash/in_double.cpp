#include "properties/dflash/in_double.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "properties/dflash/agreement.hpp"
#include "properties/dflash/chain_error.hpp"
#include "properties/laws/attention_in_double.hpp"
#include "properties/laws/sums_in_double.hpp"
#include "reference/dflash.hpp"

namespace plumbline::dflash {

namespace {

// Inputs of a chain, moved as chain_error.hpp says.
tensor_set moved(const tensor_set& inputs, std::initializer_list<const char*> names) {
  tensor_set all = inputs;
  for (const char* name : names) {
    const tensor& from = inputs.at(name);
    tensor to(dtype::f64, {from.shape().begin(), from.shape().end()});
    const std::vector<double> values = moved_a_little(from.values(), name);
    std::copy(values.begin(), values.end(), to.as<double>());
    all.set(name, std::move(to));
  }
  return all;
}

double_result end_of_chain(std::span<const std::int64_t> shape, const chain_result& chain) {
  return double_of(chain.name, shape, chain.ours, std::vector(chain.ours.size(), allowed(chain) + 0x1p-1000));
}

}  // namespace

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
  const auto terms = static_cast<double>(std::max(p.hidden_size + 1, p.d));
  const tensor_set other = moved(inputs, {"hidden", "context"});
  const auto end_of = [&](const tensor_set& from, projected which) {
    return rotate_step(p, from, which, norm_step(p, from, which, project_step(p, from, which).out)).out;
  };
  for (const auto& [which, name] : {std::pair(projected::q, "q"), std::pair(projected::k, "k")})
    all.push_back(end_of_chain(shapes.at(name).shape(), {std::string("truth_") + name, end_of(inputs, which),
                                                         end_of(other, which), sums_of_keys, terms}));
  return all;
}

std::vector<double_result> in_double(const attention_problem& p, const tensor_set& inputs,
                                     const contract& promised) {
  const tensor_set shapes = make_outputs(p, inputs);
  const new_rows rows = new_rows_of(p, inputs);
  std::vector<double_result> all = laws::attention_in_double(
      "attended", shapes.at("attended").shape(), shapes.at("lse").shape(), units_of(p, inputs, rows),
      attend(p, inputs, std::span(&promised, 1)), [&p](std::size_t unit, std::int64_t row) {
        const row_place place = place_of(p, unit, row);
        return laws::attention_place{place.out_row, place.lse};
      });
  const tensor_set other = moved(inputs, {"k_cache", "v_cache"});
  const new_rows other_rows = {moved_a_little(rows.q, "q"), moved_a_little(rows.k, "k"),
                               moved_a_little(rows.v, "v")};
  const auto terms = static_cast<double>(std::max(p.hq * p.d + 1, p.capacity + p.block_size));
  all.push_back(end_of_chain(
      shapes.at("out").shape(),
      {"truth_out", layer(p, inputs, rows).out, layer(p, other, other_rows).out, sums_of_a_layer, terms}));
  return all;
}

std::vector<double_result> in_double(const steps_problem& p, const tensor_set& inputs,
                                     const contract& promised) {
  const tensor_set shapes = make_outputs(p, inputs);
  const new_rows rows = new_rows_of(p, inputs);
  const std::vector<attention_unit> units = units_of(p, rows);
  const std::vector<block_place> places = places_of(p);
  return laws::attention_in_double("attended", shapes.at("attended").shape(), {}, units,
                                   attend(units, std::span(&promised, 1)),
                                   [&](std::size_t unit, std::int64_t row) {
                                     return laws::attention_place{out_row(p, places[unit], row), 0};
                                   });
}

// A weight errs by its exponent's roundings, carried by exp, and by exp's own; a sum of them by as much of
// itself and an addition each, and so does the sum that both are divided by.
std::vector<double_result> in_double(const accept_problem& p, const tensor_set& inputs, const contract&) {
  std::vector<double_result> all;
  if (p.greedy()) return all;
  const accept_truth truth = accept(p, inputs);
  const std::vector<double> logits = inputs.at("logits").values();
  const auto width = static_cast<std::size_t>(p.vocab_size);
  std::vector<double> below, through, slack;
  for (std::size_t row = 0; row < truth.posterior.size(); ++row) {
    const auto of_row = std::span(logits).subspan(row * width, width);
    const double largest = *std::max_element(of_row.begin(), of_row.end());
    double reach = 0;
    for (const double z : of_row)
      if (std::isfinite(z)) reach = std::max(reach, (largest - z) / p.temperature);
    const auto token = static_cast<std::size_t>(truth.posterior[row]);
    through.push_back(truth.cumulative[row * width + token]);
    below.push_back(token == 0 ? 0 : truth.cumulative[row * width + token - 1]);
    slack.push_back(4 * 0x1p-53 * (static_cast<double>(p.vocab_size) + 3 * std::min(reach, 745.0) + 4) *
                        through.back() +
                    0x1p-1000);
  }
  const std::int64_t shape[] = {p.b, p.block_size};
  all.push_back(double_of("companion_below", shape, below, slack));
  all.push_back(double_of("companion_through", shape, through, slack));
  return all;
}

}  // namespace plumbline::dflash
