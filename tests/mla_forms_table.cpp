// Prints how the forms of mla's attention agree: each with its own truth, and every pair with each other.
//
// A form is judged as any call of its kernel.  A pair is compared in the space of v_head_dim: what a latent
// form returns goes through W_UV in double, and so does its truth; its budget goes through |W_UV|, the worst
// case of a sum.  The budget of one element is the smaller of the tests H and E, and what the contract
// predicts for coherent rounding counts as allowed.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <memory>
#include <string>

#include "kernels/core/variants_of.hpp"
#include "properties/judge/attention/hard.hpp"
#include "properties/judge/attention/judge.hpp"
#include "properties/judge/attention/noise.hpp"
#include "properties/judge/element.hpp"
#include "reference/mla.hpp"
#include "tests/mla_forms_feed.hpp"

using namespace plumbline;
using namespace plumbline::mla;
using namespace plumbline::mla::forms;

namespace {

using integer = std::int64_t;
constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

// What one form did: in units of its budget, and element by element where forms meet, (queries, heads, 128).
struct outcome_of_form {
  double used = nothing;
  std::vector<double> out, truth, budget;
};

std::vector<attention_truth> truth_of(const prefill_problem& p, const tensor_set& in, const contract& c) {
  return prefill(p, in, std::span(&c, 1));
}
std::vector<attention_truth> truth_of(const decode_problem& p, const tensor_set& in, const contract& c) {
  return decode(p, in, std::span(&c, 1));
}
std::vector<attention_truth> truth_of(const decode_indices_problem& p, const tensor_set& in,
                                      const contract& c) {
  return decode_indices(p, in, std::span(&c, 1));
}

// Budgets of one row in column order; infinite where the judge has none.
std::vector<double> budgets_of(const attention_truth& t, const contract& promised, integer row,
                               std::span<const double> computed, double elements) {
  judging::judged_row facts;
  judging::judge_row(t, 0, promised, row, computed, true, facts);
  std::vector<double> budget(static_cast<std::size_t>(t.dv), std::numeric_limits<double>::infinity());
  const double K = judging::element_threshold.at(elements);
  for (const judging::judged_element& one : facts.elements) {
    const double hard = judging::sum_of(
        judging::hard_budget(facts, one, promised.attention(), static_cast<double>(t.dk), t.softcap));
    const double predicted = std::fabs(facts.noise.c0 * one.r) + std::fabs(facts.noise.c1 * one.C);
    budget[static_cast<std::size_t>(one.column)] =
        std::min(hard, predicted + judging::sum_of(judging::element_budget(facts, one, K)));
  }
  return budget;
}

template <class Problem>
outcome_of_form run_form(std::string_view name, const Problem& p, tensor_set& inputs, executor& on) {
  check(p, inputs);
  const auto table = variants_of<Problem>(on.kernels());
  const auto row = std::find_if(table.begin(), table.end(), [&](const auto& v) { return v.name == name; });
  const contract& promised = *row->contract_for(p.type);
  tensor_set outputs = make_outputs(p);
  for (auto& output : outputs) output.value.poison(0xff);
  const auto fault =
      on.run([&](const auto& args, auto& launcher) { row->run(p, args, launcher); }, inputs, outputs, {});
  outcome_of_form result;
  if (fault) {
    fmt::print(stderr, "{}: {}\n", name, fault->message);
    return result;
  }

  const std::vector<attention_truth> truth = truth_of(p, inputs, promised);
  const std::vector<double> out = outputs.at("out").values(), lse = outputs.at("lse").values();
  const auto elements = static_cast<double>(out.size());
  result.out = out;
  result.truth.resize(out.size());
  result.budget.resize(out.size());
  std::vector<attention_output> computed(truth.size());
  for (std::size_t u = 0; u < truth.size(); ++u)
    for (integer r = 0; r < truth[u].rows; ++r) {
      const row_place at = place_of(p, u, r);
      const std::span<const double> own =
          std::span(out).subspan(static_cast<std::size_t>(at.out_row * p.dv), static_cast<std::size_t>(p.dv));
      computed[u].out.insert(computed[u].out.end(), own.begin(), own.end());
      computed[u].lse.push_back(lse[static_cast<std::size_t>(at.lse)]);
      const std::vector<double> budget = budgets_of(truth[u], promised, r, own, elements);
      std::copy_n(truth[u].out.begin() + r * p.dv, p.dv, result.truth.begin() + at.out_row * p.dv);
      std::copy_n(budget.begin(), p.dv, result.budget.begin() + at.out_row * p.dv);
    }
  const verdict v = judge_attention(truth, 0, promised, computed, [&](std::size_t unit, integer r) {
    return name_of(place_of(p, unit, r));
  });
  result.used = v.budget_used();
  return result;
}

// (rows, rank) to (rows, v_head_dim) through W_UV of each row's head, or through |W_UV|.
std::vector<double> brought_up(const std::vector<double>& z, const std::vector<double>& w_uv, integer heads,
                               bool sizes) {
  constexpr integer rank = 512, dv = 128;
  const auto rows = static_cast<integer>(z.size()) / rank;
  std::vector<double> up(static_cast<std::size_t>(rows * dv), 0.0);
  for (integer r = 0; r < rows; ++r)
    for (integer d = 0; d < dv; ++d) {
      const double* w = w_uv.data() + (r % heads * dv + d) * rank;
      double& sum = up[static_cast<std::size_t>(r * dv + d)];
      for (integer c = 0; c < rank; ++c) {
        const double weight = sizes ? std::fabs(w[c]) : w[c];
        if (weight != 0) sum += weight * z[static_cast<std::size_t>(r * rank + c)];
      }
    }
  return up;
}

outcome_of_form brought_up(outcome_of_form form, const feed& f) {
  for (auto* x : {&form.out, &form.truth}) *x = brought_up(*x, f.w_uv, f.paged.hq, false);
  form.budget = brought_up(form.budget, f.w_uv, f.paged.hq, true);
  return form;
}

// The largest difference in units of both budgets; NaN where there is one.
double difference(const outcome_of_form& a, const outcome_of_form& b,
                  std::vector<double> outcome_of_form::*what) {
  double worst = 0;
  for (std::size_t i = 0; i < a.out.size(); ++i) {
    const double apart = std::fabs((a.*what)[i] - (b.*what)[i]);
    const double used = apart == 0 ? 0 : apart / (a.budget[i] + b.budget[i]);
    if (!(used <= worst)) worst = used;
    if (std::isnan(worst)) break;
  }
  return worst;
}

constexpr model models[] = {{"16B", 16, 0.707}, {"671B", 128, 1.0}};
constexpr condition conditions[] = {{256, 4, false}, {257, 4, false}, {257, 4, true}};
constexpr struct {
  weights kind;
  std::string_view name;
} kinds[] = {{weights::exact, "exact"}, {weights::dense, "dense"}};

// Column "short": what `dispatch` runs, marked where that is naive.
bool print_line(const feed& f, executor& on, std::string_view title) {
  feed g = f;
  const auto table = variants_of<prefill_problem>(on.kernels());
  const auto row = std::find_if(table.begin(), table.end(), [](const auto& v) { return v.name == "short"; });
  const bool taken = row->domain(f.by_head).empty();
  const std::array<outcome_of_form, 4> all = {
      run_form("naive", g.by_head, g.by_head_inputs, on),
      run_form("dispatch", g.by_head, g.by_head_inputs, on),
      brought_up(run_form("absorb", g.paged, g.paged_inputs, on), g),
      brought_up(run_form("absorb_fp8", g.listed, g.listed_inputs, on), g)};

  std::string line = fmt::format("{:<32}", title);
  double worst = 0;
  const auto take = [&](double used, std::string_view mark) {
    worst = used <= worst ? worst : used;
    line += fmt::format(" {:>5.2f}{}", used, mark);
  };
  for (std::size_t n = 0; n < all.size(); ++n) take(all[n].used, n == 1 && !taken ? "*" : " ");
  line += "  |";
  for (const auto& [a, b] : {std::pair{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}})
    take(
        difference(all[static_cast<std::size_t>(a)], all[static_cast<std::size_t>(b)], &outcome_of_form::out),
        "");
  const bool agree = worst <= 1;
  line += fmt::format("  | {:>5.2f} {:>5}", difference(all[0], all[2], &outcome_of_form::truth),
                      agree ? "yes" : "NO");
  fmt::print("{}\n", line);
  std::fflush(stdout);
  return agree;
}

}  // namespace

int main() {
  std::string why_not;
  const auto on = make_executor("host", why_not);
  fmt::print(
      "error of each form, in units of its budget; difference of each pair, in units of both budgets "
      "together\n"
      "(n naive, s short, a absorb, f absorb_fp8); truths: those of naive and absorb, in the same units\n"
      "* not taken by `short`: the dispatch runs naive\n\n");
  fmt::print("{:<32} {:<6}{:<6}{:<6}{:<6}|{:>5}{:>6}{:>6}{:>6}{:>6}{:>6}  | truths agree\n",
             "weights, model, condition", "naive", "short", "absorb", " _fp8", "n-s", "n-a", "n-f", "s-a",
             "s-f", "a-f");
  bool agree = true;
  for (const auto& kind : kinds)
    for (const model& m : models)
      for (const condition& c : conditions)
        agree &= print_line(
            make_feed(m, c, kind.kind), *on,
            fmt::format("{}, {}, {}, S = {}", kind.name, m.name, c.causal ? "causal" : "no mask", c.keys));
  return agree ? 0 : 1;
}
