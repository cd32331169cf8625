#include "properties/laws/attention_in_double.hpp"

#include <cmath>

#include "properties/laws/double_precision.hpp"

namespace plumbline::laws {

namespace {

/// One result while it is filled.
struct column {
  explicit column(std::int64_t size)
      : value(static_cast<std::size_t>(size)), slack(static_cast<std::size_t>(size)) {}
  void set(std::int64_t at, double x, double error) {
    value[static_cast<std::size_t>(at)] = x, slack[static_cast<std::size_t>(at)] = error + 0x1p-1000;
  }
  std::vector<double> value, slack;
};

std::int64_t size_of_shape(std::span<const std::int64_t> shape) {
  std::int64_t size = shape.empty() ? 0 : 1;
  for (const std::int64_t extent : shape) size *= extent;
  return size;
}

}  // namespace

std::vector<double_result> attention_in_double(
    const std::string& name, std::span<const std::int64_t> out_shape, std::span<const std::int64_t> lse_shape,
    std::span<const attention_unit> units, std::span<const attention_truth> truth,
    const std::function<attention_place(std::size_t unit, std::int64_t row)>& place_of) {
  const std::int64_t elements = size_of_shape(out_shape), rows = size_of_shape(lse_shape);
  column out(elements), S1(elements), SB(elements), C(elements), A2(elements), lse(rows), V0(rows), Vs(rows);
  for (std::size_t unit = 0; unit < truth.size(); ++unit) {
    const attention_truth& t = truth[unit];
    const contract_companions& its = t.contracts.front();
    const evaluation_slack slack = slack_of(units[unit], unit_roundoff(dtype::f64));
    for (std::int64_t row = 0; row < t.rows; ++row) {
      const auto at_row = static_cast<std::size_t>(row);
      const attention_place place = place_of(unit, row);
      const contract_companions::row& fact = its.rows[at_row];
      const double spread = std::sqrt(fact.Vs);
      if (rows > 0) {
        lse.set(place.lse, t.lse[at_row], slack.lse(t.lse[at_row]));
        V0.set(place.lse, fact.V0, slack.out(fact.V0, std::sqrt(fact.V0)));
        Vs.set(place.lse, fact.Vs, slack.out(fact.Vs, 2 * spread + slack.relative));
      }
      for (std::int64_t c = 0; c < t.dv; ++c) {
        const auto from = static_cast<std::size_t>(row * t.dv + c);
        const std::int64_t to = place.out_row * t.dv + c;
        const double r = t.out[from], s1 = t.S1[from], largest = t.max_abs_v[from];
        out.set(to, r, slack.out(s1, r));
        S1.set(to, s1, slack.out(s1, s1));
        SB.set(to, t.SB[from], slack.out(s1, t.SB[from]));
        C.set(to, t.C[from], slack.out((1 + spread) * largest, t.C[from]));
        A2.set(to, its.A2[from], slack.out(its.A2[from], std::sqrt(its.A2[from]) * (largest + std::fabs(r))));
      }
    }
  }
  std::vector<double_result> all;
  const auto add = [&all](std::string its_name, std::span<const std::int64_t> shape, column& from) {
    all.push_back(double_of(std::move(its_name), shape, from.value, std::move(from.slack)));
  };
  add("truth_" + name, out_shape, out);
  if (rows > 0) add("truth_lse", lse_shape, lse);
  add("companion_S1", out_shape, S1), add("companion_SB", out_shape, SB);
  add("companion_C", out_shape, C), add("companion_A2", out_shape, A2);
  if (rows > 0) add("companion_V0", lse_shape, V0), add("companion_Vs", lse_shape, Vs);
  return all;
}

}  // namespace plumbline::laws
