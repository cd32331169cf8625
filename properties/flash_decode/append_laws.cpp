// Append writes each new row to its slot and nothing else, wherever the slots lie.
//
// What a sequence finds in its cache afterwards (old rows, then new ones) and its rotated q must not depend
// on its position in the batch, on page order or page size, or on what unused slots and unused rows of the
// rotary tables hold; every element outside the appended slots keeps its bytes.
#include "properties/flash_decode/append_laws.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "properties/flash_decode/append_inputs.hpp"
#include "properties/flash_decode/attend_inputs.hpp"
#include "properties/judge/bytes_judge.hpp"

namespace plumbline::laws {

using flash_decode::append_problem;

namespace {

constexpr law<append_problem> all[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<append_problem>,
     broken_run_to_run<append_problem>},
    {"same_bits_any_batch_position", claim::same_bits_any_batch_position, concerns_append_batch,
     broken_append_batch},
    {"same_bits_any_page_layout", claim::same_bits_any_page_layout, concerns_append_pages,
     broken_append_pages},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<append_problem>,
     broken_schedule<append_problem>, failing_schedule<append_problem>},
    {"unused_memory_changes_nothing", claim::none, concerns_all<append_problem>, broken_append_unused},
    {"rows_outside_keep_their_bytes", claim::none, concerns_all<append_problem>, broken_rows_outside},
    {"bad_arguments_refused", claim::none, concerns_all<append_problem>, broken_append_refusals},
};

// What each sequence has afterwards.
struct aftermath {
  std::vector<generate::key_rows> keys;
  std::vector<generate::row_codes> q;
};

aftermath look(const append_problem& p, const tensor_set& inputs, const tensor_set& outputs) {
  append_problem grown = p;
  for (std::int64_t n = 0; n < p.b; ++n) grown.cache_seqlens[at(n)] += flash_decode::new_tokens(p, n);
  tensor_set caches;
  caches.set("k_cache", outputs.at("k_cache"));
  caches.set("v_cache", outputs.at("v_cache"));
  for (const char* name : {"page_table", "cache_batch_idx"})
    if (const tensor* t = inputs.find(name)) caches.set(name, *t);
  aftermath a{generate::gather_keys(grown, caches), std::vector<generate::row_codes>(at(p.b))};
  if (const tensor* q = outputs.find("q_rotated"); q && q->size() > 0)
    a.q = generate::split_rows({p.type, p.b, p.sq, p.seqlens_q, p.hq, p.d, p.gap}, *q);
  return a;
}

std::string compare(const aftermath& before, std::int64_t from, const aftermath& after, std::int64_t to,
                    const std::string& what) {
  const auto differs = [&](const char* name) {
    return "sequence " + std::to_string(from) + " gets other bits in " + name + " with " + what;
  };
  if (before.keys[at(from)].k != after.keys[at(to)].k) return differs("K");
  if (before.keys[at(from)].v != after.keys[at(to)].v) return differs("V");
  if (before.q[at(from)] != after.q[at(to)]) return differs("the rotated q");
  return "";
}

template <class T>
std::vector<T> reordered(const std::vector<T>& list, const std::vector<std::int64_t>& order) {
  std::vector<T> result;
  if (list.empty()) return result;
  for (std::int64_t n : order) result.push_back(list[at(n)]);
  return result;
}

generate::arrangement elsewhere(const append_subject& s, std::uint64_t step) {
  return {s.seed + step, generate::arrangement_of(s.seed).unused, false};
}

}  // namespace

std::span<const law<append_problem>> append_laws() { return all; }

std::string concerns_append_batch(const append_subject& s) {
  return s.problem.b > 1 ? "" : "one sequence has one position";
}

std::string broken_append_batch(const append_subject& s) {
  random_stream choice(s.seed, "batch order");
  std::vector<std::int64_t> order(at(s.problem.b));
  std::iota(order.begin(), order.end(), 0);
  std::rotate(order.begin(), order.begin() + choice.integer(1, s.problem.b - 1), order.end());
  auto content = generate::gather(s.problem, s.inputs);
  content.sequences = reordered(content.sequences, order);
  append_problem p = s.problem;
  for (auto* list : {&p.cache_seqlens, &p.cache_leftpad, &p.seqlens_q, &p.seqlens_new, &p.rotary_seqlens})
    *list = reordered(*list, order);
  const tensor_set inputs = generate::arrange(p, content, elsewhere(s, 1));
  const attempt moved = s.run(p, inputs);
  if (moved.why_not) return describe(*moved.why_not, "the batch in another order");
  const aftermath before = look(s.problem, s.inputs, s.outputs), after = look(p, inputs, moved.outputs);
  for (std::int64_t to = 0; to < p.b; ++to)
    if (std::string why =
            compare(before, order[at(to)], after, to, "position " + std::to_string(to) + " in the batch");
        !why.empty())
      return why;
  return "";
}

std::string concerns_append_pages(const append_subject& s) {
  return s.problem.page_size > 0 ? "" : "the cache is not paged";
}

std::string broken_append_pages(const append_subject& s) {
  random_stream choice(s.seed, "page layout");
  std::vector<append_problem> others = {s.problem};  // at least the pages move
  for (std::int64_t page_size : {1, 2, 3, 16, 64, 128, 256}) {
    append_problem p = s.problem;
    p.shared_pages = false;
    p.page_size = page_size;
    p.max_pages = (s.problem.capacity + page_size - 1) / page_size;
    p.capacity = p.max_pages * page_size;
    p.num_pages = p.max_pages * p.b + choice.integer(0, 3);
    // The capacity decides whether a wide window counts.
    if (flash_decode::q_positions_move(p) == flash_decode::q_positions_move(s.problem)) others.push_back(p);
  }
  const append_problem p = one_taken(s, others, choice);
  const auto content = generate::gather(s.problem, s.inputs);
  const tensor_set inputs = generate::arrange(p, content, elsewhere(s, 2));
  const std::string what = "page size " + std::to_string(p.page_size) + ", other page order";
  const attempt moved = s.run(p, inputs);
  if (moved.why_not) return describe(*moved.why_not, what);
  const aftermath before = look(s.problem, s.inputs, s.outputs), after = look(p, inputs, moved.outputs);
  for (std::int64_t n = 0; n < p.b; ++n)
    if (std::string why = compare(before, n, after, n, what); !why.empty()) return why;
  return "";
}

std::string broken_append_unused(const append_subject& s) {
  const generate::poison before = generate::arrangement_of(s.seed).unused;
  const generate::poison now =
      before == generate::poison::nan ? generate::poison::stale : generate::poison::nan;
  const auto content = generate::gather(s.problem, s.inputs);
  const tensor_set inputs = generate::arrange(s.problem, content, {s.seed, now, false});
  const std::string what =
      now == generate::poison::nan ? "NaN in unused memory" : "stale values in unused memory";
  const attempt other = s.run(s.problem, inputs);
  if (other.why_not) return describe(*other.why_not, what);
  const aftermath first = look(s.problem, s.inputs, s.outputs),
                  second = look(s.problem, inputs, other.outputs);
  for (std::int64_t n = 0; n < s.problem.b; ++n)
    if (std::string why = compare(first, n, second, n, what); !why.empty()) return why;
  return "";
}

std::string broken_rows_outside(const append_subject& s) {
  const append_problem& p = s.problem;
  const generate::cache_address address(p, s.inputs);
  const tensor& k = s.outputs.at("k_cache");
  std::vector<bool> appended(at(k.dim(0) * k.dim(1)));
  for (std::int64_t n = 0; n < p.b; ++n)
    for (std::int64_t t = 0; t < flash_decode::new_tokens(p, n); ++t) {
      const auto [row, slot] = address.place(n, p.cache_seqlens[at(n)] + t);
      appended[at(row * k.dim(1) + slot)] = true;
    }
  for (const char* name : {"k_cache", "v_cache"}) {
    const verdict v = judge_bytes(
        name, s.inputs.at(name), s.outputs.at(name),
        [&](std::span<const std::int64_t> index) { return appended[at(index[0] * k.dim(1) + index[1])]; });
    if (v.result == outcome::fail) return "outside the appended slots: " + v.message;
  }
  return "";
}

}  // namespace plumbline::laws
