#include "properties/judge/attention/vacuity.hpp"

#include <algorithm>
#include <cmath>

#include "properties/judge/attention/tests.hpp"
#include "reference/core/formats.hpp"

namespace plumbline {
namespace {

using outputs = std::vector<attention_output>;

/// Rounds what `change` makes of the true element.
template <class Change>
outputs changed(std::span<const attention_truth> truth, const contract& promised, Change&& change) {
  outputs out = judging::rounded_truth(truth, promised);
  for (std::size_t u = 0; u < truth.size(); ++u)
    for (std::size_t at = 0; at < truth[u].out.size(); ++at)
      out[u].out[at] = round_to(promised.out_type, change(u, at, truth[u].out[at]));
  return out;
}

/// The middle one of the rows that are not all zero; unit and row.
std::pair<std::size_t, std::size_t> middle_row(std::span<const attention_truth> truth) {
  std::vector<std::pair<std::size_t, std::size_t>> rows;
  for (std::size_t u = 0; u < truth.size(); ++u)
    for (std::size_t i = 0; i < static_cast<std::size_t>(truth[u].rows); ++i) {
      const auto dv = static_cast<std::ptrdiff_t>(truth[u].dv);
      const auto begin = truth[u].out.begin() + static_cast<std::ptrdiff_t>(i) * dv;
      if (std::any_of(begin, begin + dv, [](double r) { return r != 0; })) rows.emplace_back(u, i);
    }
  return rows.empty() ? std::pair<std::size_t, std::size_t>{0, 0} : rows[rows.size() / 2];
}

/// Without the last key the other weights grow by 1 / (1 - w).  Rows with nothing but that key become empty.
outputs without_last_key(std::span<const attention_truth> truth, const contract& promised,
                         std::span<const last_key> last) {
  outputs out = changed(truth, promised, [&](std::size_t u, std::size_t at, double r) {
    const auto dv = static_cast<std::size_t>(truth[u].dv);
    const double w = last[u].w[at / dv];
    return w < 1 ? r - w / (1 - w) * (last[u].v[at] - r) : 0.0;
  });
  for (std::size_t u = 0; u < truth.size(); ++u)
    for (std::size_t i = 0; i < out[u].lse.size(); ++i)
      out[u].lse[i] = round_to(dtype::f32, truth[u].lse[i] + std::log1p(-last[u].w[i]));
  return out;
}

}  // namespace

std::vector<probe> probe_vacuity(std::span<const attention_truth> truth, std::size_t which,
                                 const contract& promised, std::span<const last_key> last) {
  std::vector<probe> probes;
  const auto judged = [&](const outputs& made) {
    return judging::apply_attention_tests(truth, which, promised, made, {}).result;
  };
  const auto must_fail = [&](std::string name, const outputs& made) {
    probes.push_back({std::move(name), false, judged(made) == outcome::fail});
  };
  probes.push_back({"rounded truth", true, judged(judging::rounded_truth(truth, promised)) != outcome::fail});
  must_fail("all zero", changed(truth, promised, [](std::size_t, std::size_t, double) { return 0.0; }));
  must_fail("output +1 %",
            changed(truth, promised, [](std::size_t, std::size_t, double r) { return 1.01 * r; }));
  const std::pair<std::size_t, std::size_t> middle = middle_row(truth);
  must_fail("one row zero", changed(truth, promised, [&](std::size_t u, std::size_t at, double r) {
              return u == middle.first && at / static_cast<std::size_t>(truth[u].dv) == middle.second ? 0.0
                                                                                                      : r;
            }));
  if (!last.empty()) must_fail("last key dropped", without_last_key(truth, promised, last));
  return probes;
}

void add_vacuity(verdict& v, std::span<const probe> probes) {
  for (const probe& one : probes) {
    if (one.seen) continue;
    if (one.must_pass) {
      v.warnings.push_back("the rounded truth itself fails: the judge is broken here");
      if (v.result == outcome::pass) conclude(v, true, v.warnings.back());
      continue;
    }
    v.warnings.push_back("blind to \"" + one.name + "\"");
    if (one.name == "all zero" && v.result == outcome::pass)
      conclude(v, true, "an output of zeros would have passed too: the budget is wider than the data");
  }
}

}  // namespace plumbline
