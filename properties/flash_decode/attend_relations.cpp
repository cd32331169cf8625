// Related inputs, related outputs: laws that follow from the mathematics of softmax attention.
//
// split count   it is an implementation choice, so every count must agree with the one truth
// key order     without a mask that knows positions, attention is a sum: any order of the keys agrees with
// the
//               truth of that order
// value scale   out is linear in V, and a power of two moves through every product, sum and rounding without
//               changing a significand, as long as nothing overflows or becomes subnormal: equal bits
// halves        attention over all keys is the merge, by log-sum-exp, of attention over two parts; each half
//               must agree with its truth, and the truths must merge to the truth of the whole within what
//               double precision allows (so a mistake in the reference shows here as well)
#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "properties/flash_decode/attend_agreement.hpp"
#include "properties/flash_decode/attend_inputs.hpp"
#include "properties/flash_decode/attend_laws.hpp"
#include "properties/laws/double_precision.hpp"
#include "reference/core/random.hpp"
#include "reference/flash_decode.hpp"

namespace plumbline::laws {

using flash_decode::attend_problem;
using generate::attend_content;

namespace {

bool has_mask(const attend_problem& p) {
  return p.causal || p.window_left >= 0 || p.window_right >= 0 || p.attention_chunk > 0;
}

generate::arrangement elsewhere(const attend_subject& s, std::uint64_t step) {
  return {s.seed + step, generate::arrangement_of(s.seed).unused, false};
}

// Runs a related problem and judges it against its own truth.
std::string disagreement(const attend_subject& s, const attend_problem& p, const tensor_set& inputs,
                         std::span<const attention_truth> truth, const std::string& what) {
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, what);
  const verdict v = judge_attend(p, truth, s.promised, other.outputs);
  return v.result == outcome::fail ? what + ": " + v.message : "";
}

// Keys [first, last) of each sequence, without padding or shared pages.
struct part {
  attend_problem problem;
  tensor_set inputs;
};
part keys_between(const attend_subject& s, const attend_content& all, const std::vector<std::int64_t>& first,
                  const std::vector<std::int64_t>& last, std::uint64_t step) {
  part result{s.problem, {}};
  attend_problem& p = result.problem;
  p.cache_leftpad.clear();
  p.shared_pages = false;
  if (p.page_size > 0) p.num_pages = p.b * p.max_pages;
  const std::int64_t bytes = static_cast<std::int64_t>(size_of(p.type)) * p.hk;
  attend_content content = all;
  for (std::int64_t n = 0; n < p.b; ++n) {
    auto& keys = content.sequences[at(n)].keys;
    const auto cut = [&](std::vector<std::byte>& rows, std::int64_t width) {
      rows = std::vector<std::byte>(rows.begin() + first[at(n)] * width, rows.begin() + last[at(n)] * width);
    };
    cut(keys.k, bytes * p.d);
    cut(keys.v, bytes * p.dv);
    p.cache_seqlens[at(n)] = last[at(n)] - first[at(n)];
  }
  result.inputs = generate::arrange(p, content, elsewhere(s, step));
  return result;
}

// Equal, both no number, or closer than this.
bool agree(double x, double y, double slack) {
  return x == y || (std::isnan(x) && std::isnan(y)) || std::fabs(x - y) <= slack;
}

// Empty, or where the truths of two halves do not merge to the truth of the whole.
std::string unmerged(const attention_unit& unit, const attention_truth& whole, const attention_truth& a,
                     const attention_truth& b) {
  const evaluation_slack slack = slack_of(unit, 0x1p-53);
  for (std::int64_t row = 0; row < whole.rows; ++row) {
    const double la = a.lse[at(row)], lb = b.lse[at(row)], l = whole.lse[at(row)];
    const double most = std::max(la, lb);
    if (most == -INFINITY && l == -INFINITY) continue;
    const double merged = most + std::log(std::exp(la - most) + std::exp(lb - most));
    if (!agree(merged, l, slack.lse(l)))
      return "lse of the halves merges to " + shown(merged) + ", the whole has " + shown(l);
    if (std::isnan(l)) continue;
    const double wa = std::exp(la - merged), wb = std::exp(lb - merged);
    for (std::int64_t c = 0; c < whole.dv; ++c) {
      const std::size_t e = at(row * whole.dv + c);
      const double sum = (wa > 0 ? wa * a.out[e] : 0) + (wb > 0 ? wb * b.out[e] : 0);
      if (!agree(sum, whole.out[e], slack.out(whole.S1[e], whole.out[e])))
        return "out of the halves merges to " + shown(sum) + ", the whole has " + shown(whole.out[e]);
    }
  }
  return "";
}

// Above the smallest normal number: below it, and when rounded up to it, spacing no longer follows the
// exponent.
bool freely_rounded(dtype t, double x) {
  const format f = format_of(t);
  return std::fabs(x) > std::ldexp(1.0, 1 - f.bias) && std::fabs(x) <= decode(t, f.max_code);
}

bool plain(dtype t, double x) {  // zero, or a normal number
  const format f = format_of(t);
  const double least = std::ldexp(1.0, 1 - f.bias);
  return x == 0 || (std::fabs(x) >= least && std::fabs(x) <= decode(t, f.max_code));
}

int value_power(const attend_subject& s) {
  const std::int64_t k = random_stream(s.seed, "value scale").integer(1, 4);
  return static_cast<int>(s.seed & 2 ? k : -k);
}

}  // namespace

std::string broken_split_agreement(const attend_subject& s) {
  random_stream choice(s.seed, "split agreement");
  const attend_problem p = with_other_splits(s, choice);
  const auto truth = attend_truth(p, s.inputs, s.promised);
  return disagreement(s, p, s.inputs, truth, "num_splits " + std::to_string(p.num_splits));
}

std::string concerns_key_order(const attend_subject& s) {
  if (has_mask(s.problem)) return "a mask knows key positions";
  for (std::int64_t n = 0; n < s.problem.b; ++n)
    if (flash_decode::cached_keys(s.problem, n) > 1) return "";
  return "no sequence has two keys";
}

std::string broken_key_order(const attend_subject& s) {
  random_stream choice(s.seed, "key order");
  attend_content content = generate::gather(s.problem, s.inputs);
  attend_problem p = s.problem;
  p.shared_pages = false;
  if (p.page_size > 0) p.num_pages = p.b * p.max_pages;
  const std::int64_t bytes = static_cast<std::int64_t>(size_of(p.type)) * p.hk;
  for (std::int64_t n = 0; n < p.b; ++n) {
    auto& keys = content.sequences[at(n)].keys;
    const auto exchange = [&](std::vector<std::byte>& rows, std::int64_t width, std::int64_t i,
                              std::int64_t j) {
      std::swap_ranges(rows.begin() + i * width, rows.begin() + (i + 1) * width, rows.begin() + j * width);
    };
    for (std::int64_t i = flash_decode::cached_keys(p, n); i > 1; --i) {
      const std::int64_t j = choice.integer(0, i - 1);
      if (j == i - 1) continue;
      exchange(keys.k, bytes * p.d, i - 1, j);
      exchange(keys.v, bytes * p.dv, i - 1, j);
    }
  }
  const tensor_set inputs = generate::arrange(p, content, elsewhere(s, 4));
  return disagreement(s, p, inputs, attend_truth(p, inputs, s.promised), "keys in another order");
}

std::string concerns_value_scale(const attend_subject& s) {
  if (s.problem.has_qv) return "V takes part in the scores";
  const tensor& v = s.inputs.at("v_cache");
  const double factor = std::ldexp(1.0, value_power(s));
  if (s.inputs.has("v_descale")) return "";
  const auto keys = generate::gather_keys(s.problem, s.inputs);
  const std::size_t bytes = size_of(v.type());
  for (const auto& sequence : keys)
    for (std::size_t i = 0; i < sequence.v.size(); i += bytes) {
      std::uint32_t code = 0;
      std::memcpy(&code, sequence.v.data() + i, bytes);
      const double x = decode(v.type(), code);
      if (!plain(v.type(), x) || !plain(v.type(), x * factor))
        return "a scaled value leaves the normal numbers";
    }
  return "";
}

std::string broken_value_scale(const attend_subject& s) {
  const int power = value_power(s);
  const double factor = std::ldexp(1.0, power);
  tensor_set inputs = s.inputs;
  const bool by_descale = inputs.has("v_descale");
  tensor& scaled = inputs.at(by_descale ? "v_descale" : "v_cache");
  const auto scale_at = [&](std::int64_t offset) { scaled.set_value(offset, scaled.value(offset) * factor); };
  if (by_descale) {
    for (std::int64_t i = 0; i < scaled.size(); ++i) scale_at(i);
  } else {
    const generate::cache_address address(s.problem, inputs);
    std::vector<bool> done(at(scaled.dim(0) * scaled.dim(1)));
    for (std::int64_t n = 0; n < s.problem.b; ++n)
      for (std::int64_t j = 0; j < flash_decode::cached_keys(s.problem, n); ++j) {
        const auto [row, slot] = address.place(n, flash_decode::left_padding(s.problem, n) + j);
        if (done[at(row * scaled.dim(1) + slot)]) continue;
        done[at(row * scaled.dim(1) + slot)] = true;
        for (std::int64_t h = 0; h < scaled.dim(2); ++h) {
          const std::int64_t index[] = {row, slot, h, 0};
          for (std::int64_t c = 0; c < scaled.dim(3); ++c) scale_at(scaled.offset(index) + c);
        }
      }
  }
  const std::string what = "V times 2^" + std::to_string(power);
  const attempt other = s.run(s.problem, inputs);
  if (other.why_not) return describe(*other.why_not, what);
  const auto before = s.outputs.at("out").values(), after = other.outputs.at("out").values();
  const dtype type = s.problem.out_type;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const double expected = before[i] * factor;
    const bool judged = freely_rounded(type, before[i]) && freely_rounded(type, expected);
    if (judged && !(after[i] == expected))
      return what + ": element " + std::to_string(i) + " of out is " + shown(after[i]) + ", expected " +
             shown(expected) + " (" + shown(before[i]) + " scaled)";
  }
  tensor_set lse_before, lse_after;
  lse_before.set("lse", s.outputs.at("lse"));
  lse_after.set("lse", other.outputs.at("lse"));
  return difference(lse_before, lse_after, what);
}

std::string concerns_halves(const attend_subject& s) {
  if (s.problem.has_sink) return "a sink joins both halves";
  if (has_mask(s.problem)) return "a mask knows key positions";
  for (std::int64_t n = 0; n < s.problem.b; ++n)
    if (flash_decode::cached_keys(s.problem, n) > 1) return "";
  return "no sequence has two keys";
}

std::string broken_halves(const attend_subject& s) {
  random_stream choice(s.seed, "halves");
  const attend_content all = generate::gather(s.problem, s.inputs);
  std::vector<std::int64_t> zero(at(s.problem.b)), middle, end;
  for (std::int64_t n = 0; n < s.problem.b; ++n) {
    end.push_back(flash_decode::cached_keys(s.problem, n));
    middle.push_back(choice.chance(0.5) ? end.back() / 2 : choice.integer(0, end.back()));
  }
  const part front = keys_between(s, all, zero, middle, 5), back = keys_between(s, all, middle, end, 6);
  const auto front_truth = attend_truth(front.problem, front.inputs, s.promised);
  const auto back_truth = attend_truth(back.problem, back.inputs, s.promised);
  std::string broken =
      disagreement(s, front.problem, front.inputs, front_truth, "the first half of the keys");
  if (broken.empty())
    broken = disagreement(s, back.problem, back.inputs, back_truth, "the second half of the keys");
  if (!broken.empty()) return broken;
  const auto units = flash_decode::attend_units(s.problem, s.inputs);
  const auto whole = attend_truth(s.problem, s.inputs, s.promised);
  for (std::size_t u = 0; u < units.size(); ++u)
    if (std::string why = unmerged(units[u], whole[u], front_truth[u], back_truth[u]); !why.empty())
      return "the reference contradicts itself: " + why;
  return "";
}

}  // namespace plumbline::laws
