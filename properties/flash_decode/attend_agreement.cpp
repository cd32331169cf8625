#include "properties/flash_decode/attend_agreement.hpp"

#include "properties/judge/attention/outputs.hpp"
#include "reference/flash_decode.hpp"

namespace plumbline::laws {

using flash_decode::attend_problem;

namespace {

auto places_of(const attend_problem& p) {
  return [&p](std::size_t unit, std::int64_t row) { return flash_decode::place_of(p, unit, row); };
}

}  // namespace

row_name attend_row_name(const attend_problem& p) {
  return [p](std::size_t unit, std::int64_t row) {
    return flash_decode::name_of(flash_decode::place_of(p, unit, row));
  };
}

verdict judge_attend(const attend_problem& p, std::span<const attention_truth> truth,
                     const contract& promised, const tensor_set& outputs) {
  const auto computed = outputs_by_unit(truth, p.dv, outputs.at("out"), outputs.find("lse"), places_of(p));
  return judge_attention(truth, 0, promised, computed, attend_row_name(p));
}

std::vector<attention_truth> attend_truth(const attend_problem& p, const tensor_set& inputs,
                                          const contract& promised) {
  return flash_decode::attend(p, inputs, std::span(&promised, 1));
}

std::vector<stage_verdict> attend_stages(const attend_problem& p, const tensor_set& inputs,
                                         const contract& promised, const tap_record& taps,
                                         const tensor_set& outputs) {
  const std::vector<attention_unit> units = flash_decode::attend_units(p, inputs);
  return stages_by_unit(units, p.dv, promised, taps, outputs.at("out"), outputs.find("lse"), places_of(p));
}

}  // namespace plumbline::laws
