// The first two stages: scores against the inputs, and the maximum of a split's own scores.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "properties/judge/attention/stages.hpp"
#include "properties/judge/joined.hpp"
#include "properties/judge/product_judge.hpp"
#include "properties/judge/words.hpp"

namespace plumbline::judging {
namespace {

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();
constexpr double smallest_normal = std::numeric_limits<float>::min();
constexpr std::int64_t scalings = 3;  // softmax_scale, descales and their product are floats

/// Truth of the scores of a unit; keys that a row does not see are -inf.
product_truth truth_of(const attention_unit& u, const contract& promised) {
  const auto rows = static_cast<std::size_t>(u.rows), keys = static_cast<std::size_t>(u.keys),
             dk = static_cast<std::size_t>(u.dk);
  std::vector<double> q(rows * dk), k(keys * dk);
  if (rows > 0) u.load_q(0, u.rows, q.data());
  if (keys > 0) u.load_k(0, u.keys, k.data());
  product_truth t;
  t.rows = u.rows, t.columns = u.keys, t.terms = u.dk, t.scalings = scalings;
  t.out.assign(rows * keys, minus_infinity);
  t.S1.assign(rows * keys, 0), t.SB = t.S1, t.scaled = t.S1;
  const bool capped = u.softcap > 0;
  const double cap_error = promised.attention().e_tanh * u.softcap;
  if (capped)
    t.lost.assign(rows * keys, 3 * cap_error), t.lost2.assign(rows * keys, 3 * cap_error * cap_error);
  const double scale = std::fabs(u.score_scale);
  // A float below its smallest normal number is rounded as coarsely as that one.
  const double coarse = std::max(scale, smallest_normal * (capped ? std::max(1.0, u.softcap) : 1.0));
  for (std::size_t i = 0; i < rows; ++i)
    for (auto j = static_cast<std::size_t>(u.begin[i]); j < static_cast<std::size_t>(u.end[i]); ++j) {
      double sum = 0, sizes = 0, blocks = 0, block = 0;
      for (std::size_t c = 0; c < dk; ++c) {
        const double product = q[i * dk + c] * k[j * dk + c];
        sum += product, sizes += std::fabs(product), block += product;
        if (c % 128 == 127 || c + 1 == dk) blocks += std::fabs(block), block = 0;
      }
      const std::size_t at = i * keys + j;
      const double s = u.score_scale * sum;
      t.out[at] = capped ? u.softcap * std::tanh(s / u.softcap) : s;
      t.S1[at] = scale * sizes, t.SB[at] = scale * blocks, t.scaled[at] = coarse * blocks;
    }
  return t;
}

struct scored {
  std::vector<double> scores;  // as the truth: -inf where nothing was shown
  std::string wrong;           // a key that was scored by nobody, by two, or that does not exist
};

// A key whose score is -inf has no weight: a kernel may show it or not.
scored scores_of(const tapped_call& call, std::size_t unit, std::span<const split_of_row> splits,
                 std::span<const double> truth) {
  const attention_unit& u = call.units[unit];
  const auto keys = static_cast<std::size_t>(u.keys);
  scored all;
  all.scores.assign(static_cast<std::size_t>(u.rows) * keys, minus_infinity);
  std::vector<bool> shown(all.scores.size(), false);
  const auto wrong = [&](std::int64_t row, std::int64_t key, const char* what) {
    if (all.wrong.empty())
      all.wrong = "key " + std::to_string(key) + " of " + call.name(unit, row) + " " + what;
  };
  for (const split_of_row& one : splits) {
    if (one.unit != unit) continue;
    for (std::size_t i = 0; i < one.keys.size(); ++i) {
      const std::int64_t key = one.keys[i];
      if (key < u.begin[static_cast<std::size_t>(one.row)] ||
          key >= u.end[static_cast<std::size_t>(one.row)]) {
        wrong(one.row, key, "was scored, which the row does not see");
        continue;
      }
      const std::size_t at = static_cast<std::size_t>(one.row) * keys + static_cast<std::size_t>(key);
      if (shown[at]) wrong(one.row, key, "was scored twice");
      shown[at] = true, all.scores[at] = one.scores[i];
    }
  }
  for (std::int64_t row = 0; row < u.rows; ++row)
    for (std::int64_t key = u.begin[static_cast<std::size_t>(row)];
         key < u.end[static_cast<std::size_t>(row)]; ++key) {
      const std::size_t at = static_cast<std::size_t>(row) * keys + static_cast<std::size_t>(key);
      if (!shown[at] && truth[at] != minus_infinity) wrong(row, key, "was never scored");
    }
  return all;
}

}  // namespace

verdict judge_scores(const tapped_call& call, std::span<const split_of_row> splits) {
  const attention_promise& p = call.promised.attention();
  const contract product{call.promised.name, call.promised.in, dtype::f32, product_promise{p.acc_qk}};
  verdict all;
  std::string wrong;
  for (std::size_t u = 0; u < call.units.size(); ++u) {
    if (call.units[u].rows == 0 || call.units[u].keys == 0) continue;
    const product_truth truth = truth_of(call.units[u], call.promised);
    const scored computed = scores_of(call, u, splits, truth.out);
    if (wrong.empty()) wrong = computed.wrong;
    all = joined(std::move(all), judge_product(truth, product, computed.scores,
                                               [&](std::int64_t row) { return call.name(u, row); }));
  }
  for (finding& f : all.findings) f.output = "scores";
  if (wrong.empty()) return all;
  all.findings.insert(all.findings.begin(), exact_finding("scores", wrong));
  conclude(all, false, "");
  return all;
}

verdict judge_row_maxima(const tapped_call& call, std::span<const split_of_row> splits) {
  verdict v;
  std::string wrong;
  for (const split_of_row& one : splits) {
    if (one.scores.empty()) continue;
    double highest = minus_infinity;
    for (const double s : one.scores) highest = s > highest ? s : highest;
    ++v.elements;
    if (!wrong.empty() || (one.row_max.shown && one.row_max.value == highest)) continue;
    wrong =
        name_of(call, one) + (one.row_max.shown ? ": the row maximum is " + in_words(one.row_max.value, 9) +
                                                      ", the largest of its scores " + in_words(highest, 9)
                                                : ": no row maximum was shown");
  }
  v.findings.push_back(exact_finding("row_max", wrong));
  conclude(v, false, "");
  return v;
}

}  // namespace plumbline::judging
