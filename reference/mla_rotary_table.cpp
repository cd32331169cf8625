#include "reference/mla_rotary_table.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "reference/core/keyed_text.hpp"

namespace plumbline::mla {

namespace {

// The pair, as a real number, that turns so many times within original_seq_len.
double pair_of_turns(const rotary_table_options& o, double turns) {
  const double wavelength = static_cast<double>(o.original_seq_len) / (turns * 2 * std::numbers::pi);
  return static_cast<double>(o.qk_rope_head_dim) * std::log(wavelength) / (2 * std::log(o.rope_theta));
}

}  // namespace

void check(const rotary_table_options& o) {
  if (o.qk_rope_head_dim < 2 || o.qk_rope_head_dim % 2 != 0)
    throw bad_argument("qk_rope_head_dim", "expected an even number from 2 on");
  if (o.max_seq_len < 1) throw bad_argument("max_seq_len", "expected at least 1");
  if (o.original_seq_len < 1) throw bad_argument("original_seq_len", "expected at least 1");
  if (!(o.rope_theta > 1)) throw bad_argument("rope_theta", "expected more than 1");
  if (!(o.rope_factor > 0)) throw bad_argument("rope_factor", "expected more than 0");
  if (!(o.beta_fast > 0)) throw bad_argument("beta_fast", "expected more than 0");
  if (!(o.beta_slow > 0)) throw bad_argument("beta_slow", "expected more than 0");
}

std::vector<double> rotary_frequencies(const rotary_table_options& o) {
  check(o);
  const auto dim = static_cast<double>(o.qk_rope_head_dim);
  // The last bound is a head dim, not a number of pairs, as the models have it.
  const double first = std::max(std::floor(pair_of_turns(o, o.beta_fast)), 0.0);
  double last = std::min(std::ceil(pair_of_turns(o, o.beta_slow)), dim - 1);
  if (first == last) last += 0.001;
  std::vector<double> all;
  for (std::int64_t i = 0; i < o.qk_rope_head_dim / 2; ++i) {
    const auto pair = static_cast<double>(i);
    double turn = std::pow(o.rope_theta, -2 * pair / dim);
    if (o.max_seq_len > o.original_seq_len) {
      const double slow = std::clamp((pair - first) / (last - first), 0.0, 1.0);
      turn = turn / o.rope_factor * slow + turn * (1 - slow);
    }
    all.push_back(turn);
  }
  return all;
}

}  // namespace plumbline::mla
