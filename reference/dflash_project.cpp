// project: three products of the same rows, a norm a head, a rotation by position.
#include <cmath>

#include "reference/dflash.hpp"
#include "reference/mla_module.hpp"

namespace plumbline::dflash {

namespace {

struct step_of {
  const char *weight, *bias, *norm;
};
constexpr step_of steps_by[] = {{"wq", "bq", "q_norm"}, {"wk", "bk", "k_norm"}, {"wv", "bv", nullptr}};
const step_of& of(projected which) { return steps_by[static_cast<std::size_t>(which)]; }

// Rows of the context, then of the block, sequence after sequence.
std::vector<double> all_rows(const project_problem& p, const tensor_set& inputs) {
  const std::vector<double> context = inputs.at("context").values(), hidden = inputs.at("hidden").values();
  std::vector<double> rows;
  rows.reserve(context.size() + hidden.size());
  const std::int64_t c = p.context_len * p.hidden_size, h = p.block_size * p.hidden_size;
  for (std::int64_t s = 0; s < p.b; ++s) {
    rows.insert(rows.end(), context.begin() + s * c, context.begin() + (s + 1) * c);
    rows.insert(rows.end(), hidden.begin() + s * h, hidden.begin() + (s + 1) * h);
  }
  return rows;
}

}  // namespace

linear_truth linear(const tensor_set& inputs, const char* weight, const char* bias,
                    std::span<const double> rows) {
  const weight_matrix w(inputs, weight, inputs.at(weight).type());
  linear_truth truth;
  truth.out = product(rows, w.columns(), w.rows(), rows_as_columns(w, 0), &truth);
  const tensor* added = inputs.find(bias);
  if (added == nullptr) return truth;
  const std::vector<double> values = added->values();
  for (std::size_t i = 0; i < truth.out.size(); ++i) {
    const double x = values[i % values.size()];
    truth.out[i] += x;
    truth.S1[i] += std::fabs(x);
    truth.SB[i] += std::fabs(x);
  }
  return truth;
}

void rotate_halves(std::span<double> row, std::span<const double> cos, std::span<const double> sin) {
  const std::size_t half = row.size() / 2;
  for (std::size_t e = 0; e < half; ++e) {
    const double x = row[e], y = row[e + half];
    row[e] = x * cos[e] - y * sin[e];
    row[e + half] = x * sin[e] + y * cos[e];
  }
}

linear_truth project_step(const project_problem& p, const tensor_set& inputs, projected which) {
  if (which == projected::q)
    return linear(inputs, of(which).weight, of(which).bias, inputs.at("hidden").values());
  return linear(inputs, of(which).weight, of(which).bias, all_rows(p, inputs));
}

std::vector<double> norm_step(const project_problem& p, const tensor_set& inputs, projected which,
                              std::span<const double> rows) {
  std::vector<double> out(rows.begin(), rows.end());
  const std::vector<double> weight = inputs.at(of(which).norm).values();
  for (std::size_t at = 0; at < out.size(); at += weight.size())
    mla::rms_norm(std::span(out).subspan(at, weight.size()), weight, p.eps);
  return out;
}

rotated_truth rotate_step(const project_problem& p, const tensor_set& inputs, projected which,
                          std::span<const double> rows) {
  const std::vector<double> cos = inputs.at("cos").values(), sin = inputs.at("sin").values();
  const bool query = which == projected::q;
  const auto d = static_cast<std::size_t>(p.d), half = d / 2;
  const auto heads = static_cast<std::size_t>(query ? p.hq : p.hk);
  const auto tokens = static_cast<std::size_t>(query ? p.block_size : p.new_rows());
  const auto places = static_cast<std::size_t>(p.new_rows()), skipped = places - tokens;
  rotated_truth truth{{rows.begin(), rows.end()}, std::vector<double>(rows.size())};
  for (std::size_t at = 0, row = 0; at < rows.size(); at += d, ++row) {
    const std::size_t s = row / heads / tokens, t = row / heads % tokens;
    const std::size_t place = (s * places + skipped + t) * half;
    for (std::size_t e = 0; e < half; ++e)
      truth.size[at + e] = truth.size[at + half + e] =
          std::fabs(rows[at + e]) + std::fabs(rows[at + half + e]);
    rotate_halves(std::span(truth.out).subspan(at, d), std::span(cos).subspan(place, half),
                  std::span(sin).subspan(place, half));
  }
  return truth;
}

project_truth project(const project_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  const auto rotated = [&](projected which) {
    return rotate_step(p, inputs, which, norm_step(p, inputs, which, project_step(p, inputs, which).out)).out;
  };
  return {rotated(projected::q), rotated(projected::k), project_step(p, inputs, projected::v).out};
}

}  // namespace plumbline::dflash
