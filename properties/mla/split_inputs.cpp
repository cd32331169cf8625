#include "properties/mla/split_inputs.hpp"

#include <cmath>
#include <limits>
#include <string>

#include "properties/generate/draws.hpp"
#include "properties/generate/presentation.hpp"
#include "properties/mla/row_inputs.hpp"
#include "reference/core/random.hpp"

namespace plumbline::generate {

using mla::combine_problem;
using mla::schedule_problem;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

double draw_lse(std::string_view regime, random_stream& s, bool strong, double base) {
  if (regime == "wide") return 70 * s.normal();
  if (regime == "close" || regime == "positive") return base + 0.001 * s.normal();
  if (regime == "dominant") return s.normal() + (strong ? 36 : 0);
  if (regime == "huge" || regime == "near_sink") return base + 2 * s.normal();
  return 3 * s.normal();
}

// Base of all log-sum-exps of a head, in log2 units.
double base_of(std::string_view regime, std::uint64_t seed, std::int64_t head) {
  random_stream s(seed, "head " + std::to_string(head));
  if (regime == "huge") return s.chance(0.5) ? 90000 : -90000;
  if (regime == "near_sink") return 40 * s.normal();
  return 6 * s.normal();
}

void draw_sink(const combine_problem& p, std::string_view regime, std::uint64_t seed, tensor& sink) {
  for (std::int64_t h = 0; h < p.hq; ++h) {
    random_stream s(seed, "sink " + std::to_string(h));
    const double kind = s.uniform(), near = s.normal();
    double x = h == 0 || kind < 0.33 ? -infinity : kind < 0.66 ? infinity : near;  // one head says something
    // A finite sink beside the head's own base; 0.69 is about ln 2.
    if (regime == "near_sink" && kind >= 0.2) x = base_of(regime, seed, h) * 0.6931 + 1 + near;
    sink.set_value(h, x);
  }
}

}  // namespace

bool empty_holds_nan(std::uint64_t seed) { return random_stream(seed, "empty partials").chance(0.5); }

void fill_empty(const combine_problem& p, bool with_nan, std::uint64_t seed, tensor_set& inputs) {
  tensor& out = inputs.at("out_partial");
  const tensor& lse = inputs.at("lse_partial");
  for (std::int64_t s = 0; s < lse.dim(0); ++s)
    for (std::int64_t i = 0; i < p.sq; ++i)
      for (std::int64_t h = 0; h < p.hq; ++h) {
        const std::int64_t place[] = {s, i, h}, row[] = {s, i, h, 0};
        if (lse.value(lse.offset(place)) != -infinity) continue;
        random_stream stale(seed, "stale " + std::to_string(s) + ' ' + std::to_string(i * p.hq + h));
        for (std::int64_t c = 0; c < p.dv; ++c)
          out.set_value(out.offset(row) + c, with_nan ? std::nan("") : 1e4 * stale.normal());
      }
}

std::string_view draw_mla_combine_regime(std::uint64_t seed, std::uint64_t index) {
  constexpr auto last = static_cast<std::int64_t>(mla_combine_regimes.size()) - 1;
  return mla_combine_regimes[static_cast<std::size_t>(
      draws(seed, index, "mla combine regime").between(0, last))];
}

tensor_set draw_inputs(const schedule_problem& p, std::string_view, std::uint64_t) {
  tensor_set inputs = empty_inputs(p);
  for (auto& [name, lengths] : inputs) lengths = relaid(lengths, lengths, std::byte{0xff});
  return inputs;
}

tensor_set draw_inputs(const combine_problem& p, std::string_view regime, std::uint64_t seed) {
  tensor_set inputs = empty_inputs(p);
  for (auto& [name, t] : inputs) t = relaid(t, t, std::byte{0xff});  // num_splits holds the running sum
  tensor &out = inputs.at("out_partial"), &lse = inputs.at("lse_partial");
  const double empty = static_cast<double>(p.empty_percent) / 100;
  std::int64_t first = 0;
  for (std::int64_t r = 0; r < p.b; ++r) {
    const std::int64_t splits = p.splits[static_cast<std::size_t>(r)];
    for (std::int64_t i = 0; i < p.sq; ++i)
      for (std::int64_t h = 0; h < p.hq; ++h) {
        random_stream s(seed, "row " + std::to_string(r) + ' ' + std::to_string(i) + ' ' + std::to_string(h));
        const double base = base_of(regime, seed, h);
        const std::int64_t strong = s.integer(0, splits - 1);
        const bool first_row = r == 0 && i == 0 && h == 0;
        // The first row has at least this partial: where pairs cancel, the one that has no mirror image.
        const std::int64_t kept = !first_row ? -1 : regime == "cancel" ? splits - 1 : strong;
        double earlier = 0;
        for (std::int64_t split = 0; split < splits; ++split) {
          const std::int64_t place[] = {first + split, i, h}, row[] = {first + split, i, h, 0},
                             before[] = {first + split - 1, i, h, 0};
          const bool mirrored = regime == "cancel" && split % 2 == 1 && split + 1 < splits;
          double l = draw_lse(regime, s, split == strong, base);
          if (mirrored) l = earlier;
          earlier = l;
          const bool hole = s.chance(empty) && split != kept;
          lse.set_value(lse.offset(place), hole ? -infinity : l);
          for (std::int64_t c = 0; c < p.dv; ++c) {
            double x = s.normal();
            if (regime == "positive") x = 1 + 0.3 * std::fabs(x);
            if (mirrored) x = -out.value(out.offset(before) + c);
            out.set_value(out.offset(row) + c, x);
          }
        }
      }
    first += splits;
  }
  if (p.has_sink) draw_sink(p, regime, seed, inputs.at("attn_sink"));
  fill_empty(p, empty_holds_nan(seed), seed, inputs);
  return inputs;
}

}  // namespace plumbline::generate
