// A row of these steps depends on nothing but itself, and each has a symmetry that costs no rounding.
//
// Rows may come in any order, with any gap behind them.  Powers of two go through: a row and the root of eps
// times 2^k are normed to the same bits.  Only the row of the table counts, not its number.  Angles turned by
// half a turn negate every bit of sign.  A cache is a list of rows, however many of them a page holds.
#include "properties/mla/row_laws.hpp"

#include <algorithm>
#include <cmath>

#include "properties/laws/presented.hpp"
#include "properties/mla/row_inputs.hpp"
#include "reference/core/counted.hpp"

namespace plumbline::laws {

using mla::rms_norm_problem;
using mla::rotary_problem;
using mla::write_cache_problem;

namespace {

constexpr std::int64_t longest_gap = 100;  // behind a page, in a related problem
constexpr const char* one_position = "one row has one position";

std::string concerns_norm_order(const rms_norm_subject& s) {
  return s.problem.tokens > 1 ? "" : one_position;
}
std::string broken_norm_order(const rms_norm_subject& s) {
  return broken_row_order(s, s.problem.tokens, {"x"}, true);
}

template <class Problem>
Problem with_other_gap(const subject<Problem>& s) {
  random_stream choice(s.seed, "unused memory");
  Problem p = s.problem;
  p.gap += choice.integer(0, 9);
  return p;
}
template <class Problem>
std::string broken_other_gap(const subject<Problem>& s) {
  return broken_unused(s, with_other_gap(s));
}

// Only where no element leaves the range in which the type has all its bits, nor its square that of fp32.
std::string concerns_scale(const rms_norm_subject& s) {
  const bool half = s.problem.type == dtype::f16;
  const double least = half ? 0x1p-12 : 0x1p-40, most = half ? 0x1p13 : 0x1p40;
  for (const double x : s.inputs.at("x").values())
    if (x != 0 && !(std::fabs(x) >= least && std::fabs(x) <= most))
      return "an element is too large or too small for a power of two";
  return "";
}
std::string broken_scale(const rms_norm_subject& s) {
  const int power = s.seed % 2 == 0 ? 2 : -2;
  rms_norm_problem p = s.problem;
  p.eps = std::ldexp(static_cast<double>(static_cast<float>(p.eps)), 2 * power);
  tensor_set inputs = s.inputs;
  tensor& x = inputs.at("x");
  for (std::int64_t token = 0; token < p.tokens; ++token)
    for (std::int64_t c = 0; c < p.dim; ++c) {
      const std::int64_t at = token * x.strides()[0] + c;
      x.set_value(at, std::ldexp(x.value(at), power));
    }
  const std::string what = "rows times 2^" + std::to_string(power) + " and eps times its square";
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, what);
  return difference(s.outputs, other.outputs, what);
}

std::string concerns_sequences(const rotary_subject& s) {
  return s.problem.b > 1 ? "" : "one sequence has one position";
}
std::string broken_sequences(const rotary_subject& s) {
  return broken_row_order(s, s.problem.b, {"x"}, true);
}

// The same rows of the table, further down, NaN above them.
std::string broken_start(const rotary_subject& s) {
  random_stream choice(s.seed, "start");
  rotary_problem p = s.problem;
  const std::int64_t shift = choice.integer(1, 9) - std::min<std::int64_t>(p.start_pos, 5), pairs = p.d / 2;
  p.start_pos += shift;
  p.rotary_rows = p.start_pos + p.sq;
  tensor_set inputs = s.inputs;
  for (const char* name : {"cos", "sin"}) {
    tensor table(dtype::f32, {p.rotary_rows, pairs});
    table.poison(output_poison);
    for (std::int64_t row = p.start_pos; row < p.rotary_rows; ++row)
      for (std::int64_t i = 0; i < pairs; ++i)
        table.set_code(row * pairs + i, s.inputs.at(name).code((row - shift) * pairs + i));
    inputs.set(name, std::move(table));
  }
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, "another start");
  return difference(s.outputs, other.outputs, "another start with the same angles");
}

std::string broken_half_turn(const rotary_subject& s) {
  tensor_set inputs = s.inputs;
  for (const char* name : {"cos", "sin"}) {
    tensor& t = inputs.at(name);
    for (std::int64_t i = 0; i < t.size(); ++i) t.set_code(i, t.code(i) ^ 0x80000000u);
  }
  const attempt other = s.run(s.problem, inputs);
  if (other.why_not) return describe(*other.why_not, "angles half a turn further");
  const std::vector<double> before = s.outputs.at("out").values(), after = other.outputs.at("out").values();
  for (std::size_t i = 0; i < before.size(); ++i)
    if (!(after[i] == -before[i]) && !(std::isnan(after[i]) && std::isnan(before[i])))
      return "angles half a turn further: element " + std::to_string(i) + " of out is " + shown(after[i]) +
             ", expected " + shown(-before[i]);
  return "";
}

std::string concerns_token_order(const write_cache_subject& s) {
  return s.problem.tokens > 1 ? "" : "one token has one position";
}
std::string broken_token_order(const write_cache_subject& s) {
  return broken_row_order(s, s.problem.tokens, {"kv_c", "k_pe", "slot_mapping"}, false);
}

std::string broken_write_unused(const write_cache_subject& s) {
  if (s.problem.page_gap > longest_gap) return broken_unused(s, s.problem);
  write_cache_problem p = with_other_gap(s);
  p.page_gap += s.seed % 3 == 0 ? 1 : 0;
  return broken_unused(s, p);
}

// Rows of a cache of other pages in the order of slots.
tensor repaged(const tensor& from, tensor like) {
  std::int64_t slot = 0;
  for (std::int64_t page = 0; page < from.dim(0); ++page)
    for (std::int64_t row = 0; row < from.dim(1); ++row, ++slot)
      for (std::int64_t c = 0; c < from.dim(3); ++c) {
        const std::int64_t source[] = {page, row, 0, c},
                           target[] = {slot / like.dim(1), slot % like.dim(1), 0, c};
        like.set_code(like.offset(target), from.code(from.offset(source)));
      }
  return like;
}

std::string concerns_pages(const write_cache_subject& s) {
  return s.problem.num_pages * s.problem.page_size > 1 ? "" : "one row fills one page";
}
std::string broken_pages(const write_cache_subject& s) {
  write_cache_problem p = s.problem;
  const std::int64_t slots = p.num_pages * p.page_size;
  p.page_size = p.page_size == 1 ? slots : 1;
  p.num_pages = slots / p.page_size;
  p.page_gap = std::min(p.page_gap, longest_gap);
  tensor_set inputs = s.inputs;
  inputs.set("k_cache", repaged(s.inputs.at("k_cache"), std::move(empty_inputs(p).at("k_cache"))));
  const std::string what = "pages of " + counted(p.page_size, "row");
  attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, what);
  tensor_set back;
  back.set("k_cache", repaged(other.outputs.at("k_cache"), s.outputs.at("k_cache")));
  return difference(s.outputs, back, what);
}

std::string broken_rows_outside(const write_cache_subject& s) {
  const tensor &slots = s.inputs.at("slot_mapping"), &after = s.outputs.at("k_cache");
  tensor_set expected;
  tensor cache = s.inputs.at("k_cache");
  for (std::int64_t token = 0; token < s.problem.tokens; ++token) {
    const auto slot = static_cast<std::int64_t>(slots.value(token));
    if (slot < 0) continue;
    for (std::int64_t c = 0; c < cache.dim(3); ++c) {
      const std::int64_t at[] = {slot / s.problem.page_size, slot % s.problem.page_size, 0, c};
      cache.set_code(cache.offset(at), after.code(after.offset(at)));
    }
  }
  expected.set("k_cache", std::move(cache));
  return difference(expected, s.outputs, "a cache in which the tokens' rows alone changed");
}

constexpr law<rms_norm_problem> rms_norm_rows[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<rms_norm_problem>,
     broken_run_to_run<rms_norm_problem>},
    {"same_bits_any_batch_position", claim::same_bits_any_batch_position, concerns_norm_order,
     broken_norm_order},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<rms_norm_problem>,
     broken_schedule<rms_norm_problem>, failing_schedule<rms_norm_problem>},
    {"unused_memory_changes_nothing", claim::none, concerns_all<rms_norm_problem>,
     broken_other_gap<rms_norm_problem>},
    {"power_of_two_goes_through", claim::none, concerns_scale, broken_scale},
    {"bad_arguments_refused", claim::none, concerns_all<rms_norm_problem>, broken_norm_refusals},
};

constexpr law<rotary_problem> rotary_rows[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<rotary_problem>,
     broken_run_to_run<rotary_problem>},
    {"same_bits_any_batch_position", claim::same_bits_any_batch_position, concerns_sequences,
     broken_sequences},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<rotary_problem>,
     broken_schedule<rotary_problem>, failing_schedule<rotary_problem>},
    {"unused_memory_changes_nothing", claim::none, concerns_all<rotary_problem>,
     broken_other_gap<rotary_problem>},
    {"position_is_a_row_of_the_table", claim::none, concerns_all<rotary_problem>, broken_start},
    {"half_turn_negates", claim::none, concerns_all<rotary_problem>, broken_half_turn},
    {"bad_arguments_refused", claim::none, concerns_all<rotary_problem>, broken_rotary_refusals},
};

constexpr law<write_cache_problem> write_cache_rows[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<write_cache_problem>,
     broken_run_to_run<write_cache_problem>},
    {"same_bits_any_batch_position", claim::same_bits_any_batch_position, concerns_token_order,
     broken_token_order},
    {"same_bits_any_page_layout", claim::same_bits_any_page_layout, concerns_pages, broken_pages},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<write_cache_problem>,
     broken_schedule<write_cache_problem>, failing_schedule<write_cache_problem>},
    {"unused_memory_changes_nothing", claim::none, concerns_all<write_cache_problem>, broken_write_unused},
    {"rows_outside_keep_their_bytes", claim::none, concerns_all<write_cache_problem>, broken_rows_outside},
    {"bad_arguments_refused", claim::none, concerns_all<write_cache_problem>, broken_write_refusals},
};

}  // namespace

std::span<const law<rms_norm_problem>> rms_norm_laws() { return rms_norm_rows; }
std::span<const law<rotary_problem>> rotary_laws() { return rotary_rows; }
std::span<const law<write_cache_problem>> write_cache_laws() { return write_cache_rows; }

}  // namespace plumbline::laws
