#include "properties/judge/quantized_judge.hpp"

#include <cmath>
#include <limits>

#include "properties/judge/bytes_judge.hpp"
#include "properties/judge/words.hpp"

namespace plumbline {

using namespace quantize;

namespace {

constexpr double infinitely = std::numeric_limits<double>::infinity();

double worth(dtype code_type, std::uint8_t code) {
  return code_type == dtype::i8 ? static_cast<std::int8_t>(code) : decode(code_type, code);
}

std::string hex(std::uint8_t code) {
  constexpr char digits[] = "0123456789abcdef";
  return std::string("0x") + digits[code >> 4] + digits[code & 15];
}

std::string in_words(const scale_set& set) {
  const auto words = [](double x) { return judging::in_words(x, 9); };
  if (set.low == set.high || std::isnan(set.nominal)) return words(set.nominal);
  return words(set.low) + " to " + words(set.high) + " (" + std::string(name_of(set.why)) + ")";
}

std::string in_words(dtype code_type, const code_set& set) {
  std::string text = judging::in_words(worth(code_type, set.nominal)) + " (" + hex(set.nominal) + ")";
  if (set.why != latitude::none) text += " or near it: " + std::string(name_of(set.why));
  return text;
}

// The findings of a byte comparison, put into a verdict.
void add_bytes(verdict& v, std::string_view output, const tensor& expected, const tensor& computed) {
  const verdict bytes = judge_bytes(output, expected, computed);
  v.elements += bytes.elements;
  v.findings.insert(v.findings.end(), bytes.findings.begin(), bytes.findings.end());
}

// Elements that are NaN on both sides and may differ in their bits take the computed bits.
void let_nan_be_alike(tensor& expected, const tensor& computed, std::int64_t columns) {
  for (std::int64_t row = 0; row < expected.dim(0); ++row)
    for (std::int64_t c = 0; c < columns; ++c) {
      const std::int64_t at = row * expected.strides()[0] + c, there = row * computed.strides()[0] + c;
      if (std::isnan(expected.value(at)) && std::isnan(computed.value(there)))
        expected.set_code(at, computed.code(there));
    }
}

// What a scale stood for that was stored as an e8m0 byte: zero and infinity have none of their own, so there
// the NaN byte means them, and codes follow the scale that could not be stored.
float meant_by(float stored, const policy& rule, dtype in, std::span<const double> x, double ceiling = 0) {
  if (!std::isnan(stored)) return stored;
  const float nominal = scale_of(rule, in, extent_of(x), ceiling).scale.nominal;
  return nominal == 0 || std::isinf(nominal) ? nominal : stored;
}

bool same_shape(const tensor& a, const tensor& b) {
  return a.type() == b.type() &&
         std::equal(a.shape().begin(), a.shape().end(), b.shape().begin(), b.shape().end());
}

verdict judge_values(std::string_view output, tensor expected, const tensor& computed, std::int64_t columns) {
  if (same_shape(expected, computed)) let_nan_be_alike(expected, computed, columns);
  return judge_bytes(output, expected, computed);
}

}  // namespace

void scaled_codes_judge::look_at_codes(std::span<const double> x, const group_scale& group, float scale,
                                       std::span<const std::uint8_t> codes,
                                       const std::function<std::string(std::int64_t i)>& where) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    ++codes_.compared;
    const std::uint8_t nominal = code_of(rule_, group, scale, x[i]);
    if (codes[i] == nominal) continue;
    const code_set set = codes_of(rule_, group, scale, x[i]);
    if (set.holds(rule_.code, codes[i])) {
      codes_.not_nominal += !is_nan(rule_.code, codes[i]);
      continue;
    }
    if (codes_.wrong++ > 0) continue;
    finding& one = codes_.first;
    one.where = where(static_cast<std::int64_t>(i));
    one.computed = worth(rule_.code, codes[i]);
    one.truth = worth(rule_.code, nominal);
    one.message = "codes at " + one.where + ": computed " + judging::in_words(one.computed) + " (" +
                  hex(codes[i]) + ") of " + judging::in_words(x[i], 9) + " under scale " +
                  judging::in_words(scale, 9) + ", expected " + in_words(rule_.code, set);
  }
}

void scaled_codes_judge::add(std::span<const double> x, float scale, std::span<const std::uint8_t> codes,
                             const std::function<std::string(std::int64_t i)>& where, double ceiling) {
  const group_scale group = scale_of(rule_, in_, extent_of(x), ceiling);
  ++scales_.compared;
  if (!group.scale.holds(scale)) {
    if (scales_.wrong++ == 0) {
      finding& one = scales_.first;
      one.where = where(-1);
      one.computed = scale;
      one.truth = group.scale.nominal;
      one.message = "scale of " + one.where + ": computed " + judging::in_words(scale, 9) + ", expected " +
                    in_words(group.scale) + " by " + std::string(rule_.name);
    }
  } else {
    scales_.not_nominal += !std::isnan(scale) && scale != group.scale.nominal;
  }
  look_at_codes(x, group, scale, codes, where);
}

void scaled_codes_judge::add_given(std::span<const double> x, float scale,
                                   std::span<const std::uint8_t> codes,
                                   const std::function<std::string(std::int64_t i)>& where) {
  look_at_codes(x, {}, scale, codes, where);
}

void scaled_codes_judge::finish(verdict& v) const {
  const auto put = [&](const tally& one, const char* test, const char* output) {
    finding found = one.first;
    found.test = test, found.output = output;
    if (one.wrong > 0) found.used = infinitely;
    if (one.wrong > 1)
      found.message += "; " + std::to_string(one.wrong - 1) + " more of " + std::to_string(one.compared);
    v.findings.push_back(found);
    v.elements += one.compared;
    v.used_histogram[0] += one.compared - one.wrong;
    v.used_histogram[used_bins - 1] += one.wrong;
    v.metrics[std::string(output) + "_not_nominal"] = static_cast<double>(one.not_nominal);
  };
  if (scales_.compared > 0) put(scales_, "scale", "scales");
  put(codes_, "set", "codes");
}

verdict judge_store(const store_problem& p, const tensor_set& inputs, const tensor_set& outputs) {
  const store_truth truth = store(p, inputs);
  tensor_set expected = outputs_of(p, inputs, truth);
  verdict v;
  for (const auto& one : expected)
    if (!same_shape(one.value, outputs.at(one.name))) {
      add_bytes(v, one.name, one.value, outputs.at(one.name));
      conclude(v, false, "");
      return v;
    }
  scaled_codes_judge judge(p.rule, p.type);
  const char* const name = p.layout == cache_layout::split ? "nope_part" : "cache";
  const std::byte* const computed = outputs.at(name).data();
  std::byte* const others = expected.at(name).data();
  for (std::int64_t token = 0; token < p.tokens; ++token) {
    const std::int64_t slot = truth.slot[static_cast<std::size_t>(token)];
    if (slot < 0) continue;
    const std::vector<double> x = elements_of(p, inputs, token);
    const slot_place at = place_of(p, slot);
    const slot_bytes_view written = slot_of(p, slot, computed, computed);
    for (std::int64_t t = 0; t < tiles(p); ++t) {
      const auto where = [&](std::int64_t i) {
        return "token " + std::to_string(token) + ", slot " + std::to_string(slot) + ", tile " +
               std::to_string(t) + (i < 0 ? "" : ", dim " + std::to_string(t * p.tile + i));
      };
      const auto first = static_cast<std::size_t>(t * p.tile), count = static_cast<std::size_t>(p.tile);
      const auto tile = std::span(x).subspan(first, count);
      float scale = scale_at(p, written.scales, t);
      if (p.scale_type == dtype::e8m0) scale = meant_by(scale, p.rule, p.type, tile);
      judge.add(tile, scale, std::span(written.codes + first, count), where);
    }
    const std::int64_t stored = tiles(p) * static_cast<std::int64_t>(size_of(p.scale_type));
    std::copy(computed + at.codes, computed + at.codes + p.dv, others + at.codes);
    std::copy(computed + at.scales, computed + at.scales + stored, others + at.scales);
  }
  judge.finish(v);
  for (const auto& one : expected) add_bytes(v, one.name, one.value, outputs.at(one.name));
  conclude(v, false, "");
  return v;
}

verdict judge_groups(const groups_problem& p, const tensor_set& inputs, const tensor_set& outputs) {
  check(p, inputs);
  verdict v;
  for (const auto& one : make_outputs(p))
    if (!same_shape(one.value, outputs.at(one.name))) add_bytes(v, one.name, one.value, outputs.at(one.name));
  if (!v.findings.empty()) {
    conclude(v, false, "");
    return v;
  }
  const tensor& codes = outputs.at("codes");
  const tensor* scales = p.has_static ? nullptr : &outputs.at("scales");
  scaled_codes_judge judge(p.rule, p.type);
  for (std::int64_t r = 0; r < row_groups(p); ++r)
    for (std::int64_t c = 0; c < column_groups(p); ++c) {
      const group_elements one = elements_of(p, inputs, r, c);
      std::vector<std::uint8_t> written;
      for (const std::int64_t place : one.place)
        written.push_back(static_cast<std::uint8_t>(
            codes.code(place / p.k * codes.strides()[0] + place % p.k * codes.strides()[1])));
      const auto where = [&](std::int64_t i) {
        if (i < 0) return "row group " + std::to_string(r) + ", column group " + std::to_string(c);
        const std::int64_t place = one.place[static_cast<std::size_t>(i)];
        return "row " + std::to_string(place / p.k) + ", column " + std::to_string(place % p.k);
      };
      if (scales) {
        float scale = scale_at(p, *scales, r, c);
        if (p.layout == scale_layout::packed) scale = meant_by(scale, p.rule, p.type, one.x, p.scale_ub);
        judge.add(one.x, scale, written, where, p.scale_ub);
      } else {
        judge.add_given(one.x, static_cast<float>(inputs.at("static_scale").value(0)), written, where);
      }
    }
  judge.finish(v);
  if (scales && !unused_scales_are_zero(p, *scales)) {
    finding padding = judging::finding_of("bytes", "scales");
    padding.used = infinitely;
    padding.message = "scales: expected zero in the bytes of the last word that hold no scale";
    v.findings.push_back(padding);
  }
  conclude(v, false, "");
  return v;
}

verdict judge_dequantize(const dequantize_problem& p, const tensor_set& inputs, const tensor_set& outputs) {
  return judge_values("out", dequantize(p, inputs), outputs.at("out"), p.out_type == p.type ? p.dv : p.d);
}

verdict judge_weight_dequant(const weight_dequant_problem& p, const tensor_set& inputs,
                             const tensor_set& outputs) {
  return judge_values("out", weight_dequant(p, inputs), outputs.at("out"), p.n);
}

verdict judge_scatter(const scatter_problem& p, const tensor_set& inputs, const tensor_set& outputs) {
  return judge_values("buffer", scatter(p, inputs), outputs.at("buffer"),
                      p.stored == p.type ? 0 : p.nope_width + p.rope_width);
}

}  // namespace plumbline
