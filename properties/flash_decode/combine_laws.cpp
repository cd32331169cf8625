// Combine is a weighted sum over splits: rows do not see each other, empty partials do not count, order does
// not matter beyond rounding, and a power of two on the partials moves through to the output bit for bit.
#include "properties/flash_decode/combine_laws.hpp"

#include <cmath>
#include <numeric>

#include "properties/flash_decode/attend_inputs.hpp"
#include "properties/flash_decode/combine_agreement.hpp"
#include "properties/flash_decode/combine_inputs.hpp"
#include "properties/judge/bytes_judge.hpp"
#include "properties/laws/refusal.hpp"

namespace plumbline::laws {

using flash_decode::combine_problem;

namespace {

using call = refused_call<combine_problem>;

constexpr refusal<combine_problem> bad_rows[] = {
    {"num_splits", [](call& c) { c.problem.num_splits = 0; }},
    {"num_splits", [](call& c) { c.problem.num_splits = 257; }},
    {"out_type", [](call& c) { c.problem.out_type = dtype::e4m3; }},
    {"dv", [](call& c) { c.problem.dv = 0; }},
    {"out_partial", [](call& c) { c.inputs.erase("out_partial"); }},
    {"out_partial",
     [](call& c) {
       c.inputs.set("out_partial", tensor(dtype::bf16, {3, 2, 2, 2, 8}));
     }},
    {"out_partial",
     [](call& c) {
       c.inputs.set("out_partial", tensor(dtype::f32, {3, 2, 2, 2, 4}));
     }},
    {"lse_partial", [](call& c) { c.inputs.erase("lse_partial"); }},
    {"lse_partial",
     [](call& c) {
       c.inputs.set("lse_partial", tensor(dtype::f32, {3, 2, 2, 2}));
     }},
    {"lse_partial",
     [](call& c) {
       c.inputs.set("lse_partial", flash_decode::lse_by_head({2, 2, 2, 2}));
     }},
};

std::string broken_refusals(const combine_subject&) {
  combine_problem p;
  p.num_splits = 3;
  p.b = p.sq = p.hq = 2;
  p.dv = 8;
  return first_accepted<combine_problem>({p, generate::draw_inputs(p, "normal", 2)}, bad_rows);
}

// The inputs with splits (axis 0) or sequences (axis 1) in another order; order[to] = from.
tensor_set reordered(const combine_problem& p, const tensor_set& inputs, int axis,
                     const std::vector<std::int64_t>& order) {
  tensor_set moved = inputs;
  for (const char* name : {"out_partial", "lse_partial"}) {
    const tensor& from = inputs.at(name);
    tensor& to = moved.at(name);
    for (std::int64_t s = 0; s < p.num_splits; ++s)
      for (std::int64_t n = 0; n < p.b; ++n)
        for (std::int64_t i = 0; i < p.sq; ++i)
          for (std::int64_t h = 0; h < p.hq; ++h)
            for (std::int64_t c = 0; c < (from.rank() == 5 ? p.dv : 1); ++c) {
              std::int64_t index[] = {s, n, i, h, c};
              const std::size_t rank = static_cast<std::size_t>(from.rank());
              const std::int64_t target = to.offset(std::span(index, rank));
              index[axis] = order[static_cast<std::size_t>(index[axis])];
              to.set_code(target, from.code(from.offset(std::span(index, rank))));
            }
  }
  return moved;
}

std::vector<std::int64_t> turned(std::int64_t count, random_stream& choice) {
  std::vector<std::int64_t> order;
  const std::int64_t turn = count > 1 ? choice.integer(1, count - 1) : 0;
  for (std::int64_t i = 0; i < count; ++i) order.push_back((i + turn) % count);
  return order;
}

std::string concerns_several_sequences(const combine_subject& s) {
  return s.problem.b > 1 ? "" : "one sequence has one position";
}

std::string broken_batch(const combine_subject& s) {
  random_stream choice(s.seed, "batch order");
  const auto order = turned(s.problem.b, choice);
  const attempt moved = s.run(s.problem, reordered(s.problem, s.inputs, 1, order));
  if (moved.why_not) return describe(*moved.why_not, "the batch in another order");
  for (const auto& [name, before] : s.outputs) {
    const auto was = before.values(), is = moved.outputs.at(name).values();
    const std::size_t part = was.size() / static_cast<std::size_t>(s.problem.b);
    for (std::size_t to = 0; to < order.size(); ++to)
      for (std::size_t i = 0; i < part; ++i) {
        const double a = was[static_cast<std::size_t>(order[to]) * part + i], b = is[to * part + i];
        if (!(a == b && std::signbit(a) == std::signbit(b)) && !(std::isnan(a) && std::isnan(b)))
          return "sequence " + std::to_string(order[to]) + " gives other bits of " + name + " at position " +
                 std::to_string(to);
      }
  }
  return "";
}

std::string concerns_several_splits(const combine_subject& s) {
  return s.problem.num_splits > 1 ? "" : "one split has one order";
}

std::string broken_split_order(const combine_subject& s) {
  random_stream choice(s.seed, "split order");
  const tensor_set inputs = reordered(s.problem, s.inputs, 0, turned(s.problem.num_splits, choice));
  const attempt moved = s.run(s.problem, inputs);
  if (moved.why_not) return describe(*moved.why_not, "splits in another order");
  const verdict v = judge_combined(s.problem, combine_truth_of(s.problem, inputs), s.promised, moved.outputs);
  return v.result == outcome::fail ? "splits in another order: " + v.message : "";
}

std::string concerns_empty(const combine_subject& s) {
  return s.problem.empty_percent > 0 && s.problem.num_splits > 1 ? "" : "no partial is empty";
}

std::string broken_empty(const combine_subject& s) {
  const bool was_nan = generate::arrangement_of(s.seed).unused == generate::poison::nan;
  tensor_set inputs = s.inputs;
  generate::poison_empty(s.problem, was_nan ? generate::poison::stale : generate::poison::nan, s.seed + 1,
                         inputs);
  const std::string what = was_nan ? "stale values in empty partials" : "NaN in empty partials";
  const attempt other = s.run(s.problem, inputs);
  if (other.why_not) return describe(*other.why_not, what);
  return difference(s.outputs, other.outputs, what);
}

std::string broken_scale(const combine_subject& s) {
  const int power = static_cast<int>(random_stream(s.seed, "scale").integer(1, 6)) * (s.seed & 2 ? 1 : -1);
  const double factor = std::ldexp(1.0, power);
  tensor_set inputs = s.inputs;
  tensor& out = inputs.at("out_partial");
  for (std::int64_t row = 0; row < out.size() / s.problem.dv; ++row)
    for (std::int64_t c = 0; c < s.problem.dv; ++c) {
      const std::int64_t at = row * (s.problem.dv + s.problem.gap) + c;
      const double x = out.value(at);
      if (std::isfinite(x)) out.set_value(at, x * factor);
    }
  const std::string what = "partials times 2^" + std::to_string(power);
  const attempt other = s.run(s.problem, inputs);
  if (other.why_not) return describe(*other.why_not, what);
  const auto before = s.outputs.at("out").values(), after = other.outputs.at("out").values();
  const format f = format_of(s.problem.out_type);
  const double least = std::ldexp(1.0, 1 - f.bias), most = decode(s.problem.out_type, f.max_code);
  const auto normal = [&](double x) { return std::fabs(x) > least && std::fabs(x) <= most; };
  for (std::size_t i = 0; i < before.size(); ++i)
    if (normal(before[i]) && normal(before[i] * factor) && !(after[i] == before[i] * factor))
      return what + ": element " + std::to_string(i) + " of out is " + shown(after[i]) + ", expected " +
             shown(before[i] * factor);
  return "";
}

constexpr law<combine_problem> all[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<combine_problem>,
     broken_run_to_run<combine_problem>},
    {"same_bits_any_batch_position", claim::same_bits_any_batch_position, concerns_several_sequences,
     broken_batch},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<combine_problem>,
     broken_schedule<combine_problem>, failing_schedule<combine_problem>},
    {"unused_memory_changes_nothing", claim::none, concerns_empty, broken_empty},
    {"permuted_splits_agree", claim::none, concerns_several_splits, broken_split_order},
    {"scaled_partials_scale_the_output", claim::none, concerns_all<combine_problem>, broken_scale},
    {"bad_arguments_refused", claim::none, concerns_all<combine_problem>, broken_refusals},
};

}  // namespace

std::span<const law<combine_problem>> combine_laws() { return all; }

}  // namespace plumbline::laws
