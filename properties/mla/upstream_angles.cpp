// DeepSeek's tables of angles, cos and sin of some of their rows, and the softmax scales of the same options.
//
// Upstream computes in fp32 from end to end: the exponent 2i / dim is rounded once, which the power turns
// into ln(theta) roundings of a frequency, and eight more follow it: power, reciprocal, the ramp, two
// products, a sum, a quotient, and the product with the position.  An angle may be off by so many units of
// 2^-24 of itself; its cosine and sine move by no more than that, are functions of 2 ulps, and are rounded.
#include <algorithm>
#include <cmath>

#include "properties/external_case.hpp"
#include "properties/mla/upstream.hpp"
#include "reference/core/formats.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/mla_problem.hpp"
#include "reference/mla_rotary_table.hpp"

namespace plumbline::mla {

namespace {

// Of a model without a word for it: DeepSeek-V3's, with keys of 128 + 64 channels.
constexpr std::int64_t qk_head_dim = 192;
constexpr double mscales[] = {0.707, 1, 0};

rotary_table_options options_of(upstream_source& from) {
  rotary_table_options o;
  o.qk_rope_head_dim = from.integer("qk_rope_head_dim");
  o.max_seq_len = from.integer("max_seq_len"), o.original_seq_len = from.integer("original_seq_len");
  o.rope_theta = from.real("rope_theta"), o.rope_factor = from.real("rope_factor");
  o.beta_fast = from.real("beta_fast"), o.beta_slow = from.real("beta_slow");
  return o;
}

external_judgement held_angles(const recorded_case& c, upstream_source& from) {
  constexpr double steps = 8, function = 2 * 0x1p-23;
  const rotary_table_options o = options_of(from);
  const std::vector<double> turns = rotary_frequencies(o), rows = from.at("positions", 1).values();
  const tensor &cos = from.at("expected_cos", 2), &sin = from.at("expected_sin", 2);
  for (const tensor* table : {&cos, &sin})
    if (table->dim(0) != static_cast<std::int64_t>(rows.size()) ||
        table->dim(1) != static_cast<std::int64_t>(turns.size()))
      throw bad_argument(table == &cos ? "expected_cos" : "expected_sin",
                         "expected a row for each position, a column for each pair of qk_rope_head_dim");
  const std::vector<double> cosines = cos.values(), sines = sin.values();
  disagreement d;
  for (std::size_t row = 0; row < rows.size(); ++row)
    for (std::size_t pair = 0; pair < turns.size(); ++pair) {
      const std::size_t at = row * turns.size() + pair;
      const double angle = rows[row] * turns[pair];
      const double allowed = (std::log(o.rope_theta) + steps) * 0x1p-24 * std::fabs(angle) + function;
      const std::string where =
          "position " + std::to_string(std::llround(rows[row])) + ", pair " + std::to_string(pair);
      d.look(cosines[at], std::cos(angle), allowed, "cos of " + where);
      d.look(sines[at], std::sin(angle), allowed, "sin of " + where);
    }
  return d.conclude(c);
}

external_judgement held_scales(const recorded_case& c, upstream_source& from) {
  const std::vector<double> theirs = from.at("expected_softmax_scale_192", 1).values();
  if (theirs.size() != std::size(mscales))
    throw bad_argument("expected_softmax_scale_192", "expected the scales of mscale 0.707, 1 and 0");
  disagreement d;
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    const double ours =
        model_softmax_scale(qk_head_dim, from.integer("max_seq_len"), from.integer("original_seq_len"),
                            from.real("rope_factor"), mscales[i]);
    d.look(theirs[i], ours, 0x1p-50 * ours, "softmax_scale, mscale " + std::to_string(mscales[i]));
  }
  return d.conclude(c);
}

}  // namespace

external_judgement judge_upstream_angles(const recorded_case& c) {
  upstream_source from(c, "mla");
  external_judgement found = held_angles(c, from);
  if (from.has("expected_softmax_scale_192")) found = worst(found, held_scales(c, from));
  from.require_all_taken();
  return found;
}

}  // namespace plumbline::mla
