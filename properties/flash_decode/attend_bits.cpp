// The same sequences, laid out or run in another way, must give the same bits.
//
// A sequence's result may depend on its own rows and on the options of the call, never on where the rows lie,
// which sequences stand beside it, what fills the memory that nobody may read, or in which order blocks and
// warps happen to run.  Every law here gathers the content of the case, presents it differently, runs again
// and compares element bytes; a variant is held to those that it claims, and to unused memory always.
#include <algorithm>
#include <numeric>

#include "properties/flash_decode/attend_inputs.hpp"
#include "properties/flash_decode/attend_laws.hpp"
#include "properties/judge/bytes_judge.hpp"
#include "reference/core/random.hpp"

namespace plumbline::laws {

using flash_decode::attend_problem;

namespace {

template <class T>
std::vector<T> reordered(const std::vector<T>& list, const std::vector<std::int64_t>& order) {
  std::vector<T> result;
  if (list.empty()) return result;
  for (std::int64_t n : order) result.push_back(list[at(n)]);
  return result;
}

std::vector<std::int64_t> other_order(std::int64_t count, random_stream& s) {
  std::vector<std::int64_t> order(at(count));
  std::iota(order.begin(), order.end(), 0);
  for (std::int64_t i = count; i > 1; --i) std::swap(order[at(i - 1)], order[at(s.integer(0, i - 1))]);
  if (std::is_sorted(order.begin(), order.end())) std::rotate(order.begin(), order.begin() + 1, order.end());
  return order;
}

// Axis and first index of a sequence's part of an output: of its tokens when packed, else of the batch.
tensor part_of(const attend_problem& p, const tensor& t, bool lse, std::int64_t n) {
  const bool packed = !p.seqlens_q.empty();
  const int axis = !packed ? 0 : lse ? 1 : 0;
  const std::int64_t count = packed ? flash_decode::query_tokens(p, n) : 1;
  std::int64_t first = n;
  if (packed) {
    first = 0;
    for (std::int64_t m = 0; m < n; ++m) first += flash_decode::query_tokens(p, m);
  }
  std::vector<std::int64_t> shape(t.shape().begin(), t.shape().end());
  shape[at(axis)] = count;
  tensor part(t.type(), shape);
  std::vector<std::int64_t> index(shape.size());
  for (std::int64_t i = 0; i < part.size(); ++i) {
    std::int64_t rest = i;
    for (std::size_t a = shape.size(); a-- > 0; rest /= shape[a]) index[a] = rest % shape[a];
    index[at(axis)] += first;
    part.set_code(i, t.code(t.offset(index)));
  }
  return part;
}

}  // namespace

attend_problem with_other_splits(const attend_subject& s, random_stream& choice) {
  std::vector<attend_problem> others;
  for (int i = 0; i < 16; ++i) {
    attend_problem p = s.problem;
    while (p.num_splits == s.problem.num_splits)
      p.num_splits = choice.integer(1, choice.chance(0.6) ? 9 : 256);
    others.push_back(std::move(p));
  }
  return one_taken(s, others, choice);
}

std::string concerns_batch(const attend_subject& s) {
  return s.problem.b > 1 ? "" : "one sequence has one position";
}

std::string broken_batch_position(const attend_subject& s) {
  random_stream choice(s.seed, "batch order");
  const auto order = other_order(s.problem.b, choice);
  auto content = generate::gather(s.problem, s.inputs);
  content.sequences = reordered(content.sequences, order);
  attend_problem p = s.problem;
  p.cache_seqlens = reordered(p.cache_seqlens, order);
  p.cache_leftpad = reordered(p.cache_leftpad, order);
  p.seqlens_q = reordered(p.seqlens_q, order);
  const tensor_set inputs =
      generate::arrange(p, content, {s.seed + 1, generate::arrangement_of(s.seed).unused, false});
  const attempt moved = s.run(p, inputs);
  if (moved.why_not) return describe(*moved.why_not, "the batch in another order");
  for (std::int64_t to = 0; to < p.b; ++to)
    for (const auto& [name, value] : s.outputs) {
      const tensor before = part_of(s.problem, value, name == "lse", order[at(to)]);
      const tensor after = part_of(p, moved.outputs.at(name), name == "lse", to);
      if (same_elements(before, after)) continue;
      return "sequence " + std::to_string(order[at(to)]) + " gives other bits at position " +
             std::to_string(to) + " of the batch: " + judge_bytes(name, before, after).message;
    }
  return "";
}

std::string concerns_pages(const attend_subject& s) {
  return s.problem.page_size > 0 ? "" : "the cache is not paged";
}

std::string broken_page_layout(const attend_subject& s) {
  random_stream choice(s.seed, "page layout");
  const auto content = generate::gather(s.problem, s.inputs);
  const std::int64_t spare = choice.integer(1, 5);
  const auto with_pages_of = [&](std::int64_t page_size) {
    attend_problem p = s.problem;
    p.shared_pages = false;
    p.page_size = page_size;
    p.max_pages = (s.problem.capacity + page_size - 1) / page_size;
    p.capacity = p.max_pages * page_size;
    p.num_pages = spare;
    for (std::int64_t length : p.cache_seqlens) p.num_pages += (length + page_size - 1) / page_size;
    return p;
  };
  std::vector<attend_problem> others = {with_pages_of(s.problem.page_size)};
  if (s.problem.num_splits != 0)  // the heuristic sees the capacity, which a page size rounds
    for (std::int64_t page_size : {1, 2, 3, 16, 64, 128, 256})
      if (page_size != s.problem.page_size) others.push_back(with_pages_of(page_size));
  const attend_problem p = one_taken(s, others, choice);
  const tensor_set inputs =
      generate::arrange(p, content, {s.seed + 2, generate::arrangement_of(s.seed).unused, false});
  const std::string what = "page size " + std::to_string(p.page_size) + ", other page order";
  const attempt moved = s.run(p, inputs);
  if (moved.why_not) return describe(*moved.why_not, what);
  return difference(s.outputs, moved.outputs, what);
}

std::string broken_split_bits(const attend_subject& s) {
  random_stream choice(s.seed, "split bits");
  const attend_problem p = with_other_splits(s, choice);
  const std::string what = "num_splits " + std::to_string(p.num_splits);
  const attempt other = s.run(p, s.inputs);
  if (other.why_not) return describe(*other.why_not, what);
  return difference(s.outputs, other.outputs, what);
}

std::string broken_unused_memory(const attend_subject& s) {
  const generate::poison before = generate::arrangement_of(s.seed).unused;
  const generate::poison now =
      before == generate::poison::nan ? generate::poison::stale : generate::poison::nan;
  tensor_set inputs = s.inputs;
  generate::poison_unused(s.problem, {}, now, s.seed + 3, inputs);
  const std::string what = now == generate::poison::nan ? "NaN in place of stale values in unused slots"
                                                        : "stale values in place of NaN in unused slots";
  const attempt other = s.run(s.problem, inputs);
  if (other.why_not) return describe(*other.why_not, what);
  return difference(s.outputs, other.outputs, what);
}

}  // namespace plumbline::laws
