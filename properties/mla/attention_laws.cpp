// Where rows lie, how a schedule shares them and in which order a list names them changes nothing.
//
// batch position  sequences in another order give the same bits in that order
// page layout     pages, or listed rows, elsewhere: the same bits
// parts           a schedule is an implementation's choice: any number of parts agrees with the one truth
// list order      attention is a sum: a list in another order agrees with the truth of that order
// unused memory   other bytes behind lengths, in gaps, in rows that nobody lists: the same bits
// NaN             in one key, or in one value, where infinities are tried too: a NaN, or that infinity, just
//                 where the truth is not finite, and all other bits stay.  Which of the two is the contract's
//                 choice: a weight may round to zero or vanish, in the kernel or in double, and zero times an
//                 infinity is NaN; a number it never is, nor the other infinity.  An infinity in a latent is
//                 key and value at once: who sees it may get anything, who does not keeps every bit
#include "properties/mla/attention_laws.hpp"

#include <algorithm>
#include <cmath>

#include "properties/generate/presentation.hpp"
#include "properties/laws/presented.hpp"
#include "properties/mla/attention_agreement.hpp"
#include "properties/mla/attention_inputs.hpp"
#include "properties/mla/latent_rows.hpp"
#include "reference/mla.hpp"
#include "reference/mla_cache_format.hpp"

namespace plumbline::laws {

using mla::decode_indices_problem;
using mla::decode_problem;
using mla::prefill_indices_problem;
using mla::prefill_problem;

namespace {

template <class Problem>
using of = subject<Problem>;

template <class Problem>
std::string concerns_batch(const of<Problem>& s) {
  return s.problem.b > 1 ? "" : "one sequence has one position";
}
std::string broken_batch(const of<prefill_problem>& s) {
  random_stream choice(s.seed, "batch order");
  const auto order = generate::another_order(s.problem.b, choice);
  prefill_problem p = s.problem;
  for (std::size_t n = 0; n < order.size(); ++n)
    p.cache_seqlens[n] = s.problem.cache_seqlens[static_cast<std::size_t>(order[n])];
  tensor_set inputs = s.inputs, expected = s.outputs;
  for (auto& [name, value] : inputs) value = generate::reordered(s.inputs.at(name), order);
  for (auto& [name, value] : expected) value = generate::reordered(s.outputs.at(name), order);
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, "the sequences in another order");
  return difference(expected, other.outputs, "the sequences in another order");
}

template <class Problem>
std::string broken_move(const of<Problem>& s, std::uint64_t layout, std::byte fill, const std::string& what) {
  const attempt other = s.run(s.problem, generate::moved(s.problem, s.inputs, layout, fill));
  if (other.why_not) return describe(*other.why_not, what);
  return difference(s.outputs, other.outputs, what);
}
template <class Problem>
std::string broken_layout(const of<Problem>& s) {
  return broken_move(s, s.seed | 1, std::byte{0xff}, "the rows in other places");
}
template <class Problem>
std::string broken_unused_memory(const of<Problem>& s) {
  return broken_move(s, 0, s.seed & 1 ? std::byte{0xff} : std::byte{0x3b}, "other bytes in unused memory");
}

template <class Problem>
std::string disagreement(const of<Problem>& s, const Problem& p, const tensor_set& inputs,
                         const std::string& what) {
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, what);
  const auto truth = mla::attention_truth_of(p, inputs, s.promised);
  const verdict v = mla::judge_against(p, truth, s.promised, inputs, other.outputs);
  return v.result == outcome::fail ? what + ": " + v.message : "";
}

template <class Problem>
std::string broken_parts(const of<Problem>& s) {
  random_stream choice(s.seed, "parts");
  Problem p = s.problem;
  do {
    p.num_sm_parts = choice.chance(0.3) ? 1 : choice.integer(0, 40);
  } while (p.num_sm_parts == s.problem.num_sm_parts);
  return disagreement(s, p, s.inputs, "num_sm_parts " + std::to_string(p.num_sm_parts));
}

// Swaps entries of each list at random.
void shuffle_lists(const decode_indices_problem& p, random_stream& choice, tensor_set& inputs) {
  for (const bool extra : {false, true}) {
    if (extra && p.extra_topk == 0) continue;
    tensor& entries = inputs.at(extra ? "extra_indices" : "indices");
    std::int64_t first = 0;
    generate::for_each_entry(p, extra, entries, [&](std::int64_t, std::int64_t j, std::int64_t offset) {
      if (j == 0) first = offset;
      const std::int64_t other = first + choice.integer(0, j);
      const double a = entries.value(offset), b = entries.value(other);
      entries.set_value(offset, b);
      entries.set_value(other, a);
    });
  }
}
void shuffle_lists(const prefill_indices_problem& p, random_stream& choice, tensor_set& inputs) {
  tensor& entries = inputs.at("indices");
  std::int64_t first = 0;
  generate::for_each_entry(p, entries, [&](std::int64_t, std::int64_t j, std::int64_t offset) {
    if (j == 0) first = offset;
    const std::int64_t other = first + choice.integer(0, j);
    const double a = entries.value(offset), b = entries.value(other);
    entries.set_value(offset, b);
    entries.set_value(other, a);
  });
}
template <class Problem>
std::string concerns_list_order(const of<Problem>& s) {
  return s.problem.topk > 1 ? "" : "one entry has one order";
}
template <class Problem>
std::string broken_list_order(const of<Problem>& s) {
  random_stream choice(s.seed, "list order");
  tensor_set inputs = s.inputs;
  shuffle_lists(s.problem, choice, inputs);
  return disagreement(s, s.problem, inputs, "lists in another order");
}

// An element of a key of some sequence and what it becomes; empty name: no sequence has a key.
struct poison {
  const char* tensor = "";
  std::int64_t offset = 0;
  double value = NAN;
  bool in_value = false;   // and in no key
  bool of_a_code = false;  // the element is a byte, which says NaN as e4m3 does
  bool infinite_key() const { return !in_value && std::isinf(value); }
  double stored() const { return of_a_code ? 0x7f : value; }
};
double not_finite(random_stream& choice) {
  constexpr double values[] = {NAN, INFINITY, -INFINITY};
  return values[choice.integer(0, 2)];
}
// Half the time one of the last keys, which a causal mask hides from some queries of the tile.
std::int64_t some_key(std::int64_t keys, std::int64_t queries, random_stream& choice) {
  return choice.chance(0.5) ? choice.integer(std::max<std::int64_t>(0, keys - queries), keys - 1)
                            : choice.integer(0, keys - 1);
}
poison poison_of(const prefill_problem& p, const tensor_set& inputs, random_stream& choice) {
  const std::int64_t start = choice.integer(0, p.b - 1);
  for (std::int64_t n = 0; n < p.b; ++n) {
    const std::int64_t s = (start + n) % p.b, keys = p.cache_seqlens[static_cast<std::size_t>(s)];
    if (keys == 0) continue;
    const bool in_value = choice.chance(0.5);
    const char* const tensor = in_value ? "v" : "k";
    const std::int64_t at[] = {s, some_key(keys, p.sq, choice), choice.integer(0, p.hk - 1),
                               choice.integer(0, (in_value ? p.dv : p.d) - 1)};
    return {tensor, inputs.at(tensor).offset(at), in_value ? not_finite(choice) : NAN, in_value};
  }
  return {};
}
poison poison_of(const decode_problem& p, const tensor_set& inputs, random_stream& choice) {
  const std::int64_t start = choice.integer(0, p.b - 1);
  for (std::int64_t n = 0; n < p.b; ++n) {
    const std::int64_t s = (start + n) % p.b, keys = p.cache_seqlens[static_cast<std::size_t>(s)];
    if (keys == 0) continue;
    const std::int64_t key = some_key(keys, p.sq, choice);
    const tensor& table = inputs.at("block_table");
    const std::int64_t entry[] = {s, key / p.page_size};
    const std::int64_t at[] = {static_cast<std::int64_t>(table.value(table.offset(entry))), key % p.page_size,
                               choice.integer(0, p.hk - 1), choice.integer(0, p.d - 1)};
    return {"k_cache", inputs.at("k_cache").offset(at), not_finite(choice)};
  }
  return {};
}
// Element `column` of a row of the tensor; `row` counts (page, slot) or rows.
poison in_row(const char* name, const tensor& t, std::int64_t row, std::int64_t column, double value) {
  const std::int64_t slots = t.rank() == 4 ? t.dim(1) : 1;
  const std::int64_t outer = t.strides()[0], inner = t.rank() == 4 ? t.strides()[1] : 0;
  return {name, row / slots * outer + row % slots * inner + column, value};
}
// Some row that a list names; -1: none does.
template <class Each>
std::int64_t some_row(const tensor& entries, std::int64_t rows, Each each, random_stream& choice) {
  std::vector<std::int64_t> named;
  each([&](std::int64_t, std::int64_t, std::int64_t offset) {
    const auto entry = static_cast<std::int64_t>(entries.value(offset));
    if (entry >= 0 && entry < rows) named.push_back(entry);
  });
  return named.empty() ? -1
                       : named[static_cast<std::size_t>(
                             choice.integer(0, static_cast<std::int64_t>(named.size()) - 1))];
}
poison poison_of(const prefill_indices_problem& p, const tensor_set& inputs, random_stream& choice) {
  const tensor& entries = inputs.at("indices");
  const std::int64_t row = some_row(
      entries, p.skv, [&](auto each) { generate::for_each_entry(p, entries, each); }, choice);
  if (row < 0) return {};
  const std::int64_t column = choice.integer(0, p.d - 1);
  return in_row("kv", inputs.at("kv"), row, column, not_finite(choice));
}
poison poison_of(const decode_indices_problem& p, const tensor_set& inputs, random_stream& choice) {
  const bool extra = p.extra_topk > 0 && choice.chance(0.3);
  const char* const cache = extra ? "extra_k_cache" : "k_cache";
  const tensor &entries = inputs.at(extra ? "extra_indices" : "indices"), &rows = inputs.at(cache);
  const std::int64_t row = some_row(
      entries, rows.dim(0) * rows.dim(1),
      [&](auto each) { generate::for_each_entry(p, extra, entries, each); }, choice);
  if (row < 0) return {};
  if (p.format == mla::kv_format::plain) {
    const std::int64_t column = choice.integer(0, p.d - 1);
    return in_row(cache, rows, row, column, not_finite(choice));
  }
  const quantize::cache_shape shape = mla::stored_cache(p, extra);
  return {cache, place_of(shape, row).codes + choice.integer(0, shape.dv - 1), NAN, false, true};
}
template <class Problem>
std::string concerns_nan(const of<Problem>& s) {
  random_stream choice(s.seed, "nan");
  return *poison_of(s.problem, s.inputs, choice).tensor ? "" : "nobody has a key";
}
template <class Problem>
std::string broken_nan(const of<Problem>& s) {
  random_stream choice(s.seed, "nan");
  const poison one = poison_of(s.problem, s.inputs, choice);
  tensor_set inputs = s.inputs;
  inputs.at(one.tensor).set_value(one.offset, one.stored());
  const std::string what =
      shown(one.value) + " in element " + std::to_string(one.offset) + " of " + one.tensor;
  const attempt other = s.run(s.problem, inputs);
  if (other.why_not) return describe(*other.why_not, what);
  if (one.infinite_key()) inputs.at(one.tensor).set_value(one.offset, NAN);  // shows who sees it
  const auto truth = mla::attention_truth_of(s.problem, inputs, s.promised);
  const auto same = [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); };
  const auto before = s.outputs.at("out").values(), after = other.outputs.at("out").values();
  const auto lse_before = s.outputs.at("lse").values(), lse_after = other.outputs.at("lse").values();
  for (std::size_t u = 0; u < truth.size(); ++u)
    for (std::int64_t row = 0; row < truth[u].rows; ++row) {
      const mla::row_place at = mla::place_of(s.problem, u, row);
      bool reached = false;
      for (std::int64_t c = 0; c < s.problem.dv; ++c) {
        const double expected = truth[u].out[static_cast<std::size_t>(row * s.problem.dv + c)];
        const auto e = static_cast<std::size_t>(at.out_row * s.problem.dv + c);
        const bool seen = !std::isfinite(expected);
        reached = reached || seen;
        if (seen && one.infinite_key()) continue;
        if (seen ? !std::isnan(after[e]) && after[e] != one.value : !same(before[e], after[e]))
          return what + ": column " + std::to_string(c) + " of " + mla::name_of(at) + " is " +
                 shown(after[e]) + (seen ? ", which sees it" : ", which does not see it");
      }
      if (reached && one.infinite_key()) continue;
      const auto l = static_cast<std::size_t>(at.lse);
      const bool in_key = reached && !one.in_value;
      const double lse = in_key ? truth[u].lse[static_cast<std::size_t>(row)] : lse_before[l];
      if (!same(lse, lse_after[l]))
        return what + ": lse of " + mla::name_of(at) + " is " + shown(lse_after[l]) + ", was " +
               shown(lse_before[l]);
    }
  return "";
}

constexpr law<prefill_problem> of_prefill[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<prefill_problem>,
     broken_run_to_run<prefill_problem>},
    {"same_bits_any_batch_position", claim::same_bits_any_batch_position, concerns_batch<prefill_problem>,
     broken_batch},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<prefill_problem>,
     broken_schedule<prefill_problem>, failing_schedule<prefill_problem>},
    {"unused_memory_changes_nothing", claim::none, concerns_all<prefill_problem>,
     broken_unused_memory<prefill_problem>},
    {"nan_reaches_its_rows", claim::none, concerns_nan<prefill_problem>, broken_nan<prefill_problem>},
    {"bad_arguments_refused", claim::none, concerns_all<prefill_problem>, broken_prefill_refusals}};

constexpr law<decode_problem> of_decode[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<decode_problem>,
     broken_run_to_run<decode_problem>},
    {"same_bits_any_page_layout", claim::same_bits_any_page_layout, concerns_all<decode_problem>,
     broken_layout<decode_problem>},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<decode_problem>,
     broken_schedule<decode_problem>, failing_schedule<decode_problem>},
    {"agrees_for_any_parts", claim::none, concerns_all<decode_problem>, broken_parts<decode_problem>},
    {"unused_memory_changes_nothing", claim::none, concerns_all<decode_problem>,
     broken_unused_memory<decode_problem>},
    {"nan_reaches_its_rows", claim::none, concerns_nan<decode_problem>, broken_nan<decode_problem>},
    {"bad_arguments_refused", claim::none, concerns_all<decode_problem>, broken_decode_refusals}};

constexpr law<decode_indices_problem> of_decode_indices[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<decode_indices_problem>,
     broken_run_to_run<decode_indices_problem>},
    {"same_bits_any_page_layout", claim::same_bits_any_page_layout, concerns_all<decode_indices_problem>,
     broken_layout<decode_indices_problem>},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<decode_indices_problem>,
     broken_schedule<decode_indices_problem>, failing_schedule<decode_indices_problem>},
    {"agrees_for_any_parts", claim::none, concerns_all<decode_indices_problem>,
     broken_parts<decode_indices_problem>},
    {"lists_in_any_order_agree", claim::none, concerns_list_order<decode_indices_problem>,
     broken_list_order<decode_indices_problem>},
    {"unused_memory_changes_nothing", claim::none, concerns_all<decode_indices_problem>,
     broken_unused_memory<decode_indices_problem>},
    {"nan_reaches_its_rows", claim::none, concerns_nan<decode_indices_problem>,
     broken_nan<decode_indices_problem>},
    {"bad_arguments_refused", claim::none, concerns_all<decode_indices_problem>,
     broken_decode_indices_refusals}};

constexpr law<prefill_indices_problem> of_prefill_indices[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<prefill_indices_problem>,
     broken_run_to_run<prefill_indices_problem>},
    {"same_bits_any_page_layout", claim::same_bits_any_page_layout, concerns_all<prefill_indices_problem>,
     broken_layout<prefill_indices_problem>},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<prefill_indices_problem>,
     broken_schedule<prefill_indices_problem>, failing_schedule<prefill_indices_problem>},
    {"lists_in_any_order_agree", claim::none, concerns_list_order<prefill_indices_problem>,
     broken_list_order<prefill_indices_problem>},
    {"unused_memory_changes_nothing", claim::none, concerns_all<prefill_indices_problem>,
     broken_unused_memory<prefill_indices_problem>},
    {"nan_reaches_its_rows", claim::none, concerns_nan<prefill_indices_problem>,
     broken_nan<prefill_indices_problem>},
    {"bad_arguments_refused", claim::none, concerns_all<prefill_indices_problem>,
     broken_prefill_indices_refusals}};

}  // namespace

std::span<const law<prefill_problem>> prefill_laws() { return of_prefill; }
std::span<const law<decode_problem>> decode_laws() { return of_decode; }
std::span<const law<decode_indices_problem>> decode_indices_laws() { return of_decode_indices; }
std::span<const law<prefill_indices_problem>> prefill_indices_laws() { return of_prefill_indices; }

}  // namespace plumbline::laws
