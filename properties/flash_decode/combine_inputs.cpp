#include "properties/flash_decode/combine_inputs.hpp"

#include <cmath>
#include <limits>
#include <string>

#include "properties/flash_decode/attend_inputs.hpp"
#include "reference/core/random.hpp"

namespace plumbline::generate {

using flash_decode::combine_problem;

namespace {

double draw_lse(std::string_view regime, random_stream& s, std::int64_t split, std::int64_t strong,
                double base) {
  if (regime == "wide") return 50 * s.normal();
  if (regime == "close" || regime == "positive") return base + 0.001 * s.normal();
  if (regime == "dominant") return s.normal() + (split == strong ? 25 : 0);
  if (regime == "huge") return base + 2 * s.normal();
  return 2 * s.normal();
}

}  // namespace

void poison_empty(const combine_problem& p, poison kind, std::uint64_t seed, tensor_set& inputs) {
  tensor& out = inputs.at("out_partial");
  const tensor& lse = inputs.at("lse_partial");
  for (std::int64_t s = 0; s < p.num_splits; ++s)
    for (std::int64_t n = 0; n < p.b; ++n)
      for (std::int64_t i = 0; i < p.sq; ++i)
        for (std::int64_t h = 0; h < p.hq; ++h) {
          const std::int64_t place[] = {s, n, i, h}, first[] = {s, n, i, h, 0};
          if (lse.value(lse.offset(place)) == -std::numeric_limits<double>::infinity())
            poison_elements(out, out.offset(first), p.dv, kind, seed);
        }
}

tensor_set draw_inputs(const combine_problem& p, std::string_view regime, std::uint64_t seed) {
  tensor_set inputs;
  tensor& out =
      inputs.set("out_partial", rows_between_nan(dtype::f32, {p.num_splits, p.b, p.sq, p.hq, p.dv}, p.gap));
  tensor lse = flash_decode::lse_by_head({p.num_splits, p.b, p.sq, p.hq});
  const double empty = static_cast<double>(p.empty_percent) / 100;
  for (std::int64_t n = 0; n < p.b; ++n)
    for (std::int64_t i = 0; i < p.sq; ++i)
      for (std::int64_t h = 0; h < p.hq; ++h) {
        random_stream s(seed, "row " + std::to_string(n) + ' ' + std::to_string(i) + ' ' + std::to_string(h));
        const double base = regime == "huge" ? (s.chance(0.5) ? 60000 : -60000) : 4 * s.normal();
        const std::int64_t strong = s.integer(0, p.num_splits - 1);
        const bool first_row = n == 0 && i == 0 && h == 0;  // has at least one partial
        double earlier = 0;
        for (std::int64_t split = 0; split < p.num_splits; ++split) {
          const std::int64_t place[] = {split, n, i, h}, row[] = {split, n, i, h, 0},
                             before[] = {split - 1, n, i, h, 0};
          double l = draw_lse(regime, s, split, strong, base);
          const bool mirrored = regime == "cancel" && split % 2 == 1 && split + 1 < p.num_splits;
          if (mirrored) l = earlier;
          earlier = l;
          const bool hole = s.chance(empty) && !(first_row && split == strong);
          lse.set_value(lse.offset(place), hole ? -std::numeric_limits<double>::infinity() : l);
          const std::int64_t at = out.offset(row);
          for (std::int64_t c = 0; c < p.dv; ++c) {
            double x = regime == "positive" ? 1 + 0.3 * std::fabs(s.normal()) : s.normal();
            if (mirrored) x = -out.value(out.offset(before) + c);
            out.set_value(at + c, x);
          }
        }
      }
  inputs.set("lse_partial", std::move(lse));
  poison_empty(p, arrangement_of(seed).unused, seed, inputs);
  return inputs;
}

}  // namespace plumbline::generate
