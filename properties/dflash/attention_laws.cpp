// Where rows lie, which of them are new, and what lies beside them changes nothing; a NaN is seen by whoever
// sees its key.
#include <algorithm>
#include <cmath>

#include "properties/dflash/attention_inputs.hpp"
#include "properties/dflash/laws.hpp"
#include "properties/generate/presentation.hpp"
#include "reference/core/index.hpp"
#include "reference/dflash.hpp"

namespace plumbline::laws {

using dflash::attention_problem;
using dflash::int_list;

namespace {

using call = dflash_attention_subject;

void copy_rows(const tensor& from, std::span<const std::int64_t> first, tensor& to,
               std::span<const std::int64_t> to_first) {
  for (std::int64_t h = 0; h < from.dim(from.rank() - 2); ++h)
    for (std::int64_t c = 0; c < from.dim(from.rank() - 1); ++c) {
      int_list index(first.begin(), first.end()), into(to_first.begin(), to_first.end());
      for (int_list* list : {&index, &into}) list->push_back(h), list->push_back(c);
      to.set_code(to.offset(into), from.code(from.offset(index)));
    }
}

std::string concerns_batch(const call& s) { return s.problem.b > 1 ? "" : "one sequence has one position"; }
std::string broken_batch(const call& s) {
  random_stream choice(s.seed, "batch order");
  const int_list order = generate::another_order(s.problem.b, choice);
  attention_problem p = s.problem;
  p.cache_batch_idx.clear();
  for (std::size_t i = 0; i < order.size(); ++i) {
    p.context_lens[i] = s.problem.context_lens[at(order[i])];
    p.cache_seqlens[i] = s.problem.cache_seqlens[at(order[i])];
    p.cache_batch_idx.push_back(cache_row(s.problem, order[i]));
  }
  tensor_set inputs = empty_inputs(p), expected = s.outputs;
  for (const char* name : {"k_cache", "v_cache", "wo", "bo", "mask"})
    if (const tensor* same = s.inputs.find(name)) inputs.set(name, *same);
  inputs.set("q", generate::reordered(s.inputs.at("q"), order));
  if (p.mask_batch > 1) inputs.set("mask", generate::reordered(s.inputs.at("mask"), order));
  const int_list from = new_row_starts(s.problem), to = new_row_starts(p);
  for (const char* name : {"k", "v"})
    for (std::size_t i = 0; i < order.size(); ++i)
      for (std::int64_t row = 0; row < to[i + 1] - to[i]; ++row) {
        const std::int64_t first[] = {from[at(order[i])] + row}, into[] = {to[i] + row};
        copy_rows(s.inputs.at(name), first, inputs.at(name), into);
      }
  for (const char* name : {"attended", "lse", "out"})
    expected.set(name, generate::reordered(s.outputs.at(name), order));
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, "the sequences in another order");
  return difference(expected, other.outputs, "the sequences in another order");
}

std::string concerns_layout(const call& s) {
  return s.problem.b == 0 || s.problem.batch_cache < 2 ? "one row of the cache has one place" : "";
}
std::string broken_layout(const call& s) {
  random_stream choice(s.seed, "rows of the cache");
  const int_list order = generate::another_order(s.problem.batch_cache, choice);
  attention_problem p = s.problem;
  p.cache_batch_idx.clear();
  for (std::int64_t i = 0; i < p.b; ++i)
    p.cache_batch_idx.push_back(std::find(order.begin(), order.end(), cache_row(s.problem, i)) -
                                order.begin());
  tensor_set inputs = s.inputs, expected = s.outputs;
  inputs.set("cache_batch_idx", generate::places(p.cache_batch_idx));
  for (const char* name : {"k_cache", "v_cache"}) {
    inputs.set(name, generate::reordered(s.inputs.at(name), order));
    expected.set(name, generate::reordered(s.outputs.at(name), order));
  }
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, "the rows of the cache in other places");
  return difference(expected, other.outputs, "the rows of the cache in other places");
}

std::string broken_unused_memory(const call& s) {
  attention_problem p = s.problem;
  if (p.gap < 1000) p.gap += random_stream(s.seed, "unused memory").integer(0, 9);
  const std::byte fill = s.seed & 1 ? std::byte{0xff} : std::byte{0x3b};  // the other of draw_inputs
  const tensor_set inputs = generate::refilled(p, s.inputs, fill);
  tensor_set expected = s.outputs;
  const tensor_set caches = appended(p, inputs);
  for (const char* name : {"k_cache", "v_cache"}) expected.set(name, caches.at(name));
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, "other bytes in unused memory");
  return difference(expected, other.outputs, "other bytes in unused memory");
}

// Rows of the context are in the cache already.
std::string concerns_context(const call& s) {
  const int_list& lens = s.problem.context_lens;
  return std::any_of(lens.begin(), lens.end(), [](std::int64_t n) { return n > 0; }) ? ""
                                                                                     : "there is no context";
}
std::string broken_context(const call& s) {
  random_stream choice(s.seed, "context");
  attention_problem p = s.problem;
  std::int64_t moved = 0;
  for (std::int64_t i = 0; i < p.b; ++i) {
    const std::int64_t now = choice.integer(moved == 0 ? std::min<std::int64_t>(1, p.context_lens[at(i)]) : 0,
                                            p.context_lens[at(i)]);
    p.context_lens[at(i)] -= now, p.cache_seqlens[at(i)] += now;
    moved += now;
  }
  tensor_set inputs = empty_inputs(p);
  for (const char* name : {"q", "k_cache", "v_cache", "wo", "bo", "mask"})
    if (const tensor* same = s.inputs.find(name)) inputs.set(name, *same);
  const int_list from = new_row_starts(s.problem), to = new_row_starts(p);
  for (const auto& [fresh, cache] : {std::pair("k", "k_cache"), std::pair("v", "v_cache")})
    for (std::int64_t i = 0; i < p.b; ++i) {
      const std::int64_t now = p.cache_seqlens[at(i)] - s.problem.cache_seqlens[at(i)];
      for (std::int64_t row = 0; row < from[at(i + 1)] - from[at(i)]; ++row) {
        const std::int64_t first[] = {from[at(i)] + row}, into[] = {to[at(i)] + row - now};
        const std::int64_t cached[] = {cache_row(p, i), s.problem.cache_seqlens[at(i)] + row};
        if (row < now)
          copy_rows(s.inputs.at(fresh), first, inputs.at(cache), cached);
        else
          copy_rows(s.inputs.at(fresh), first, inputs.at(fresh), into);
      }
    }
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, "rows of the context in the cache before");
  return difference(s.outputs, other.outputs, "rows of the context in the cache before");
}

std::string concerns_mask(const call& s) {
  const attention_problem& p = s.problem;
  if (p.mask_batch > 0) return "there is a mask";
  if (p.b == 0) return "there is no sequence";
  for (std::int64_t i = 1; i < p.b; ++i)
    if (keys_of(p, i) != keys_of(p, 0)) return "one mask does not fit the lengths";
  return "";
}
std::string broken_mask(const call& s) {
  attention_problem p = s.problem;
  p.mask_batch = 1;
  p.mask_rows = s.seed & 1 ? 1 : p.block_size;
  tensor_set inputs = s.inputs;
  tensor mask(dtype::u8, {1, 1, p.mask_rows, keys_of(p, 0)});
  mask.poison(1);
  inputs.set("mask", std::move(mask));
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, "a mask that hides nothing");
  return difference(s.outputs, other.outputs, "a mask that hides nothing");
}

std::string concerns_nan(const call& s) { return s.problem.b > 0 ? "" : "nobody has a key"; }
std::string broken_nan(const call& s) {
  random_stream choice(s.seed, "nan");
  const attention_problem& p = s.problem;
  const std::int64_t i = choice.integer(0, p.b - 1), j = choice.integer(0, keys_of(p, i) - 1),
                     used = p.cache_seqlens[at(i)];
  const bool in_value = choice.chance(0.5), cached = j < used;
  const char* const name = cached ? in_value ? "v_cache" : "k_cache" : in_value ? "v" : "k";
  const std::int64_t head = choice.integer(0, p.hk - 1), column = choice.integer(0, p.d - 1);
  tensor_set inputs = s.inputs;
  tensor& poisoned = inputs.at(name);
  const std::int64_t kept[] = {cache_row(p, i), j, head, column},
                     fresh[] = {new_row_starts(p)[at(i)] + j - used, head, column};
  poisoned.set_value(cached ? poisoned.offset(kept) : poisoned.offset(fresh), std::nan(""));
  const std::string what =
      "a NaN in key " + std::to_string(j) + " of sequence " + std::to_string(i) + " of " + name;
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, what);
  attention_options alone;
  alone.companions = false;
  const std::vector<double> truth = attended_of(p, attend(p, inputs, {}, alone));
  const tensor &before = s.outputs.at("attended"), &after = other.outputs.at("attended");
  std::vector<bool> reached(at(p.b * p.block_size));
  for (std::int64_t e = 0; e < after.size(); ++e) {
    const bool sees = std::isnan(truth[at(e)]);
    if (sees) reached[at(e / (p.hq * p.d))] = true;
    if (sees ? !std::isnan(after.value(e)) : after.code(e) != before.code(e))
      return what + ": element " + std::to_string(e % p.d) + " of head " + std::to_string(e / p.d % p.hq) +
             " of query " + std::to_string(e / p.d / p.hq) + " is " + shown(after.value(e)) +
             (sees ? ", which sees it" : ", which does not see it");
  }
  const tensor &out_before = s.outputs.at("out"), &out_after = other.outputs.at("out");
  for (std::int64_t e = 0; e < out_after.size(); ++e)
    if (!reached[at(e / p.hidden_size)] && out_after.code(e) != out_before.code(e))
      return what + ": out of query " + std::to_string(e / p.hidden_size) + ", which does not see it, is " +
             shown(out_after.value(e)) + ", was " + shown(out_before.value(e));
  return "";
}

constexpr law<attention_problem> rows[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<attention_problem>,
     broken_run_to_run<attention_problem>},
    {"same_bits_any_batch_position", claim::same_bits_any_batch_position, concerns_batch, broken_batch},
    {"same_bits_any_page_layout", claim::same_bits_any_page_layout, concerns_layout, broken_layout},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<attention_problem>,
     broken_schedule<attention_problem>, failing_schedule<attention_problem>},
    {"new_rows_or_old_are_alike", claim::none, concerns_context, broken_context},
    {"mask_that_hides_nothing_is_none", claim::none, concerns_mask, broken_mask},
    {"unused_memory_changes_nothing", claim::none, concerns_all<attention_problem>, broken_unused_memory},
    {"nan_reaches_its_rows", claim::none, concerns_nan, broken_nan},
    {"bad_arguments_refused", claim::none, concerns_all<attention_problem>, broken_dflash_refusals},
};

}  // namespace

std::span<const law<attention_problem>> dflash_attention_laws() { return rows; }

}  // namespace plumbline::laws
