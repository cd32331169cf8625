#include <string>
#include <vector>

#include "properties/dflash/agreement.hpp"
#include "properties/judge/attention/judge.hpp"
#include "properties/judge/attention/vacuity.hpp"
#include "properties/judge/bytes_judge.hpp"
#include "properties/judge/joined.hpp"
#include "reference/dflash.hpp"

namespace plumbline::dflash {

std::vector<block_place> places_of(const steps_problem& p) {
  std::vector<block_place> all;
  const std::vector<step_call> calls = calls_of(p);
  for (std::size_t n = 0; n < calls.size(); ++n)
    for (std::size_t i = 0; i < calls[n].parts.size() && calls[n].kind != 'c'; ++i)
      for (std::int64_t h = 0; h < p.hk; ++h)
        all.push_back({n, calls[n].parts[i].slot,
                       calls[n].first_query + static_cast<std::int64_t>(i) * p.block_size, h});
  return all;
}

std::int64_t out_row(const steps_problem& p, const block_place& at, std::int64_t row) {
  const std::int64_t group = p.hq / p.hk;
  return (at.first_query + row / group) * p.hq + at.kv_head * group + row % group;
}

verdict judge_outputs(const steps_problem& p, const contract& promised, const tensor_set& inputs,
                      const tensor_set& outputs) {
  const steps_truth truth = steps(p, inputs, std::span(&promised, 1));
  verdict v;
  for (const auto& [name, value] : truth.exact)
    v = joined(std::move(v),
               judge_bytes(name, value, outputs.at(name), {}, [](std::span<const std::int64_t> at) {
                 std::string where = "slot " + std::to_string(at[0]);
                 if (at.size() > 1)
                   where += ", row " + std::to_string(at[1]) + ", head " + std::to_string(at[2]) +
                            ", element " + std::to_string(at[3]);
                 return where;
               }));
  if (truth.units.empty()) return v;
  const std::vector<block_place> places = places_of(p);
  const std::vector<double> attended = outputs.at("attended").values();
  const std::int64_t group = p.hq / p.hk;
  std::vector<attention_output> computed(truth.units.size());
  for (std::size_t unit = 0; unit < computed.size(); ++unit)
    for (std::int64_t row = 0; row < truth.units[unit].rows; ++row) {
      const auto first = attended.begin() + out_row(p, places[unit], row) * p.d;
      computed[unit].out.insert(computed[unit].out.end(), first, first + p.d);
    }
  verdict of_rows =
      judge_attention(truth.units, 0, promised, computed, [&](std::size_t unit, std::int64_t row) {
        const block_place& at = places[unit];
        return "step " + std::to_string(at.step) + ", slot " + std::to_string(at.slot) + ", position " +
               std::to_string(row / group) + ", head " + std::to_string(at.kv_head * group + row % group);
      });
  if (of_rows.result == outcome::pass) add_vacuity(of_rows, probe_vacuity(truth.units, 0, promised));
  for (finding& one : of_rows.findings)
    if (one.output == "out") one.output = "attended";
  return joined(std::move(v), std::move(of_rows));
}

}  // namespace plumbline::dflash
