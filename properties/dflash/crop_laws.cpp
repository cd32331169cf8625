// A crop keeps the first rows, so two crops are one, and a crop to what is held is none.
#include <algorithm>

#include "properties/dflash/laws.hpp"
#include "properties/laws/presented.hpp"
#include "reference/core/index.hpp"

namespace plumbline::laws {

using dflash::crop_problem;
using dflash::int_list;

namespace {

using call = dflash_crop_subject;

// Sequences order[0], order[1], ... of a cache.
tensor sequences(const tensor& from, const int_list& order) {
  tensor to = from;
  const std::int64_t rows = from.dim(2), heads = from.dim(3), d = from.dim(4);
  for (std::int64_t layer = 0; layer < from.dim(0); ++layer)
    for (std::int64_t n = 0; n < from.dim(1); ++n)
      for (std::int64_t i = 0; i < rows * heads * d; ++i) {
        const std::int64_t row = i / d / heads, head = i / d % heads;
        const std::int64_t into[] = {layer, n, row, head, i % d},
                           index[] = {layer, order[at(n)], row, head, i % d};
        to.set_code(to.offset(into), from.code(from.offset(index)));
      }
  return to;
}

std::string concerns_batch(const call& s) { return s.problem.b > 1 ? "" : "one sequence has one position"; }
std::string broken_batch(const call& s) {
  random_stream choice(s.seed, "batch order");
  const int_list order = generate::another_order(s.problem.b, choice);
  crop_problem p = s.problem;
  for (std::size_t n = 0; n < order.size(); ++n) {
    p.cache_seqlens[n] = s.problem.cache_seqlens[at(order[n])];
    p.keep[n] = s.problem.keep[at(order[n])];
  }
  tensor_set inputs = s.inputs, expected = s.outputs;
  inputs.set("keep", generate::places(p.keep));
  inputs.set("cache_seqlens", generate::places(p.cache_seqlens));
  expected.set("cache_seqlens", generate::reordered(s.outputs.at("cache_seqlens"), order));
  for (const char* name : {"k_cache", "v_cache"}) {
    inputs.set(name, sequences(s.inputs.at(name), order));
    expected.set(name, sequences(s.outputs.at(name), order));
  }
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, "the sequences in another order");
  return difference(expected, other.outputs, "the sequences in another order");
}

tensor_set call_behind(const call& s, const tensor_set& outputs, const crop_problem& p) {
  tensor_set inputs = s.inputs;
  for (const char* name : {"k_cache", "v_cache"}) inputs.set(name, outputs.at(name));
  inputs.set("cache_seqlens", generate::places(p.cache_seqlens));
  inputs.set("keep", generate::places(p.keep));
  return inputs;
}

// What a first call left, cropped as the case says.
attempt cropped_behind(const call& s, const tensor_set& outputs) {
  crop_problem p = s.problem;
  for (std::size_t n = 0; n < p.keep.size(); ++n) {
    const double left = outputs.at("cache_seqlens").value(static_cast<std::int64_t>(n));
    p.cache_seqlens[n] = std::clamp<std::int64_t>(static_cast<std::int64_t>(left), 0, p.capacity);
  }
  return s.run(p, call_behind(s, outputs, p));
}

// First to something between, then to the same.
std::string broken_twice(const call& s) {
  random_stream choice(s.seed, "two crops");
  crop_problem first = s.problem;
  for (std::size_t n = 0; n < first.keep.size(); ++n)
    first.keep[n] = std::min(s.problem.keep[n], s.problem.cache_seqlens[n]) + choice.integer(0, 3);
  const attempt between = s.run(first, call_behind(s, s.inputs, first));
  if (between.why_not) return describe(*between.why_not, "the first of two crops");
  const attempt both = cropped_behind(s, between.outputs);
  if (both.why_not) return describe(*both.why_not, "the second of two crops");
  return difference(s.outputs, both.outputs, "two crops");
}

std::string broken_again(const call& s) {
  const attempt again = cropped_behind(s, s.outputs);
  if (again.why_not) return describe(*again.why_not, "the same crop again");
  return difference(s.outputs, again.outputs, "the same crop again");
}

std::string broken_gap(const call& s) {
  crop_problem p = s.problem;
  if (p.gap < 1000) p.gap += random_stream(s.seed, "unused memory").integer(0, 9);
  return broken_unused(s, p);
}

constexpr law<crop_problem> rows[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<crop_problem>,
     broken_run_to_run<crop_problem>},
    {"same_bits_any_batch_position", claim::same_bits_any_batch_position, concerns_batch, broken_batch},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<crop_problem>,
     broken_schedule<crop_problem>, failing_schedule<crop_problem>},
    {"two_crops_are_one", claim::none, concerns_all<crop_problem>, broken_twice},
    {"cropped_again_is_the_same", claim::none, concerns_all<crop_problem>, broken_again},
    {"unused_memory_changes_nothing", claim::none, concerns_all<crop_problem>, broken_gap},
    {"bad_arguments_refused", claim::none, concerns_all<crop_problem>, broken_dflash_refusals},
};

}  // namespace

std::span<const law<crop_problem>> dflash_crop_laws() { return rows; }

}  // namespace plumbline::laws
