// How far the two forms of the core may differ, and how far they do.
//
// u = 2^-53.  For a row let A be the largest over its visible keys of scale (sum_d sum_c |q_d| |W_UK dc|
// |c_c|
// + sum |q_pe| |k_pe|).  A sum of n products errs by n u of its absolute terms, and products of such sums
// carry the errors of both, so a score is off by at most (C + Dq + 3) u A in the naive form (keys, dot
// product, scale) and (Dn + C + Dr + 3) u A in the absorbed one (query, dot product, scale).  Scores lie
// within A of 0: the exponent adds 2 u A, exp 2 u, sums 64 u a page and 4 u for each of the pages that are
// added, as for any attention.  That is the relative error e of a weight; numerator and row sum carry it
// both.  With S1 = sum w |c| from the companions of the absorbed form, S = |W_UV| S1 bounds every value that
// is summed:
//
//   |out_naive - out_absorb| <= (2 e_naive + 2 e_absorb + 2 (C + 2) u) S
//   |lse_naive - lse_absorb| <= e_naive + e_absorb + 2 u (|lse| + 1)
//
// First order in u; the terms of second order are 2^-40 of it.
#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/mla_core.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::mla {

namespace {

constexpr double u = 0x1p-53;

// Worst |a - b| / bound so far; NaN and a bound of zero that is broken count as infinite.
void take(double& worst, double a, double b, double bound) {
  if (a == b || (std::isnan(a) && std::isnan(b))) return;
  const double used = std::fabs(a - b) / bound;
  worst = used <= worst ? worst : used > worst ? used : std::numeric_limits<double>::infinity();
}

// A of every row: (b, sq, heads).
std::vector<double> score_sizes(const latent_core& c) {
  const std::int64_t rank = c.kv_lora_rank, width = rank + c.qk_rope_head_dim;
  const std::int64_t rows = c.sq * c.heads;
  std::vector<double> sizes;
  for (std::int64_t s = 0; s < c.b; ++s) {
    std::vector<double> q(static_cast<std::size_t>(rows * width), 0.0);
    for (std::int64_t r = 0; r < rows; ++r) {
      const double* from = c.q.data() + (s * rows + r) * (c.qk_nope_head_dim + c.qk_rope_head_dim);
      double* to = q.data() + r * width;
      const double* w = c.wkv_b.data() + r % c.heads * (c.qk_nope_head_dim + c.v_head_dim) * rank;
      for (std::int64_t d = 0; d < c.qk_nope_head_dim; ++d, w += rank)
        for (std::int64_t n = 0; n < rank; ++n) to[n] += std::fabs(from[d]) * std::fabs(w[n]);
      for (std::int64_t n = 0; n < c.qk_rope_head_dim; ++n)
        to[rank + n] = std::fabs(from[c.qk_nope_head_dim + n]);
    }
    const std::int64_t length = c.lengths[static_cast<std::size_t>(s)];
    std::vector<double> most(static_cast<std::size_t>(rows), 0.0), key(static_cast<std::size_t>(width));
    for (std::int64_t j = 0; j < length; ++j) {
      c.latents[static_cast<std::size_t>(s)](j, 1, key.data());
      for (std::int64_t r = 0; r < rows; ++r) {
        if (j >= visible_keys(c.causal, r / c.heads, c.sq, length)) continue;
        double size = 0;
        for (std::int64_t n = 0; n < width; ++n)
          size += q[static_cast<std::size_t>(r * width + n)] * std::fabs(key[static_cast<std::size_t>(n)]);
        double& largest = most[static_cast<std::size_t>(r)];
        largest = size > largest || std::isnan(size) ? size : largest;
      }
    }
    for (const double size : most) sizes.push_back(size * std::fabs(c.softmax_scale));
  }
  return sizes;
}

}  // namespace

double disagreement_of_forms(const latent_core& c, const attention_options& options) {
  attention_options alone = options, with_companions = options;
  alone.companions = false;
  with_companions.companions = true;
  return disagreement_of(c, attend_naive(c, {}, alone), attend_absorb(c, {}, with_companions));
}

double disagreement_of(const latent_core& c, const core_truth& naive, const core_truth& absorb) {
  const std::vector<double> sizes = score_sizes(c);
  const std::int64_t rank = c.kv_lora_rank;
  const auto steps = [&](std::int64_t sums) { return static_cast<double>(sums + 3); };
  const double naive_steps = steps(rank + c.qk_nope_head_dim + c.qk_rope_head_dim);
  const double absorb_steps = steps(c.qk_nope_head_dim + rank + c.qk_rope_head_dim);

  double worst = 0;
  for (std::int64_t s = 0; s < c.b; ++s) {
    const double pages = static_cast<double>(c.lengths[static_cast<std::size_t>(s)] / companion_page + 2);
    const attention_truth& unit = absorb.units[static_cast<std::size_t>(s)];
    for (std::int64_t r = 0; r < c.sq * c.heads; ++r) {
      const std::int64_t i = r / c.heads, h = r % c.heads;
      const double size = sizes[static_cast<std::size_t>(s * c.sq * c.heads + r)];
      const double weight = u * ((naive_steps + absorb_steps + 4) * size + 2 * (66 + 4 * pages));
      const auto lse = static_cast<std::size_t>((s * c.heads + h) * c.sq + i);
      take(worst, naive.lse[lse], absorb.lse[lse], weight + 2 * u * (std::fabs(absorb.lse[lse]) + 1));
      for (std::int64_t d = 0; d < c.v_head_dim; ++d) {
        const double* w =
            c.wkv_b.data() + (h * (c.qk_nope_head_dim + c.v_head_dim) + c.qk_nope_head_dim + d) * rank;
        double S = 0;
        for (std::int64_t n = 0; n < rank; ++n)
          S += std::fabs(w[n]) * unit.S1[static_cast<std::size_t>(r * rank + n)];
        const auto at = static_cast<std::size_t>((s * c.sq * c.heads + r) * c.v_head_dim + d);
        take(worst, naive.out[at], absorb.out[at], (2 * weight + 2 * static_cast<double>(rank + 2) * u) * S);
      }
    }
  }
  return worst;
}

}  // namespace plumbline::mla
