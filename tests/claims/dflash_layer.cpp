// z-lab/dflash #2 on one draft layer: keys and values into a buffer made beforehand, one product for queries,
// keys and values, contiguous rows, and attention on a stream of its own.
//
// What is right of the projections is what kernels do already: `prealloc` and `fused_qkv` are the repaired
// forms, held to the bits of `concat`.  Attention is written out, with each thing that was wrong apart.
#include <array>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "kernels/core/promises.hpp"
#include "kernels/core/variants_of.hpp"
#include "properties/dflash/tables.hpp"
#include "tests/claims/eager.hpp"
#include "tests/claims/subjects.hpp"

namespace plumbline::claims {

namespace {

using dflash::attention_problem;
using dflash::project_problem;

const variant<project_problem>& kernel(std::string_view name) {
  for (const variant<project_problem>& row : variants_of<project_problem>(side::host))
    if (row.name == name) return row;
  throw kernel_fault({"refused", "refused: no kernel " + std::string(name)});
}

using arguments = std::vector<kernel_arguments::entry>;

arguments inputs_of(const kernel_arguments& args) {
  arguments in;
  for (const char* name :
       {"hidden", "context", "wq", "wk", "wv", "bq", "bk", "bv", "q_norm", "k_norm", "cos", "sin"})
    if (const tensor_view v = args.in(name)) in.push_back({name, v});
  return in;
}
arguments outputs_of(const kernel_arguments& args) {
  arguments out;
  for (const char* name : {"q", "k", "v", "q_proj", "k_proj", "q_normed", "k_normed"})
    out.push_back({name, args.out(name)});
  return out;
}

// Rows (b, tokens, width) one behind the other; `strides` as they lie, or as if they lay so already.
tensor_view contiguous(const tensor_view& v, bool strides, launcher& on) {
  tensor_view dense = v;
  dense.stride[2] = 1, dense.stride[1] = v.shape[2], dense.stride[0] = v.shape[1] * v.shape[2];
  const auto bytes = static_cast<std::int64_t>(size_of(v.type));
  auto* const to = static_cast<unsigned char*>(
      on.scratch(static_cast<std::size_t>(v.shape[0] * dense.stride[0] * bytes) + 1));
  const auto* from = static_cast<const unsigned char*>(v.data);
  const tensor_view& read_as = strides ? v : dense;
  for (std::int64_t b = 0; b < v.shape[0]; ++b)
    for (std::int64_t t = 0; t < v.shape[1]; ++t)
      std::memcpy(to + (b * dense.stride[0] + t * dense.stride[1]) * bytes,
                  from + (b * read_as.stride[0] + t * read_as.stride[1]) * bytes,
                  static_cast<std::size_t>(v.shape[2] * bytes));
  dense.data = to;
  return dense;
}

// Copies are read by the kernel `concat`.
template <bool Strides>
void run_contiguous(const project_problem& p, const kernel_arguments& args, launcher& on) {
  project_problem dense = p;
  dense.gap = 0;
  arguments in = inputs_of(args);
  const arguments out = outputs_of(args);
  for (auto& [name, v] : in)
    if (name == "hidden" || name == "context") v = contiguous(v, Strides, on);
  kernel("concat").run(dense, kernel_arguments(in, out), on);
}

// The buffer is sized by a number of heads that the module does not hold.
void run_prealloc_as_written(const project_problem&, const kernel_arguments&, launcher&) {
  refuse("the layer has no attribute num_key_value_heads");
}
void run_prealloc(const project_problem& p, const kernel_arguments& args, launcher& on) {
  kernel("prealloc").run(p, args, on);
}
// Planted: the block's first row goes where the context's last one belongs.
void run_prealloc_one_late(const project_problem& p, const kernel_arguments& args, launcher& on) {
  run_prealloc(p, args, on);
  if (p.context_len == 0) return;
  for (const char* name : {"k_proj", "k_normed", "k", "v"}) {
    const tensor_view v = args.out(name);
    write(read(part_of(v, 1, p.context_len, p.context_len + 1)),
          part_of(v, 1, p.context_len - 1, p.context_len));
  }
}

// One product of 3 hq heads, of the block alone, looked at as hq + 2 heads.
void run_fused_as_written(const project_problem& p, const kernel_arguments& args, launcher&) {
  const array hidden = read(args.in("hidden"));
  const auto of_every_head = [&](const char* name) {
    return view(expand(view(read(args.in(name)), {p.hk, 1, p.d, p.hidden_size}),
                       {p.hk, p.hq / p.hk, p.d, p.hidden_size}),
                {p.hq * p.d, p.hidden_size});
  };
  const array weight = cat(cat(read(args.in("wq")), of_every_head("wk"), 0), of_every_head("wv"), 0);
  const array all = view(linear(hidden, weight), {p.b, p.block_size, p.hq + 2, p.d});
  const array q = slice(all, 2, 0, p.hq), k = slice(all, 2, p.hq, p.hq + 1);
  for (const char* name : {"q_proj", "q_normed", "q"}) write(q, args.out(name));
  for (const char* name : {"k_proj", "k_normed", "k"}) write(k, args.out(name));
  write(slice(all, 2, p.hq + 1, p.hq + 2), args.out("v"));
}
void run_fused(const project_problem& p, const kernel_arguments& args, launcher& on) {
  kernel("fused_qkv").run(p, args, on);
}
// Planted: the heads of the values stand before those of the keys.
void run_fused_swapped(const project_problem& p, const kernel_arguments& args, launcher& on) {
  arguments in = inputs_of(args);
  const arguments out = outputs_of(args);
  for (auto& [name, v] : in)
    if (name == "wk" || name == "wv") v = args.in(name == "wk" ? "wv" : "wk");
  kernel("fused_qkv").run(p, kernel_arguments(in, out), on);
}

const std::vector<variant<project_problem>>& projections() {
  static const std::vector<variant<project_problem>> all = [] {
    const std::span<const contract> promise = kernel("concat").contracts;
    const auto of = [&](std::string_view name, auto run) {
      return variant<project_problem>{name, promise, claim::same_bits_run_to_run, kernel("concat").domain,
                                      run};
    };
    return std::vector<variant<project_problem>>{of("prealloc_as_written", run_prealloc_as_written),
                                                 of("prealloc", run_prealloc),
                                                 of("prealloc_with_fault", run_prealloc_one_late),
                                                 of("fused_as_written", run_fused_as_written),
                                                 of("fused", run_fused),
                                                 of("fused_with_fault", run_fused_swapped),
                                                 of("contiguous", run_contiguous<true>),
                                                 of("contiguous_with_fault", run_contiguous<false>)};
  }();
  return all;
}

std::span<const variant<project_problem>> projection_subjects(side where) {
  if (where != side::host) return {};
  return projections();
}

enum flaw : unsigned {
  no_scale = 1u << 0,
  heads_not_repeated = 1u << 1,   // keys are taken as they are
  softmax_in_type = 1u << 2,      // scores and weights in the model's type
  heads_before_tokens = 1u << 3,  // (b, heads, tokens, d) goes on as it lies
  query_not_awaited = 1u << 4,    // the side stream reads q before it was written
  last_key_missed = 1u << 5       // planted
};
constexpr unsigned as_written = no_scale | heads_not_repeated | softmax_in_type | heads_before_tokens;
constexpr double hidden_score = -std::numeric_limits<double>::infinity();

class draft_attention {
 public:
  draft_attention(const attention_problem& p, const kernel_arguments& args, unsigned flaws)
      : p_(p), args_(args), flaws_(flaws) {}

  void run() const {
    for (std::int64_t s = 0, first = 0; s < p_.b; ++s) {
      const std::int64_t added = p_.context_lens[static_cast<std::size_t>(s)] + p_.block_size;
      attend(s, first, added);
      first += added;
    }
    write(to(projected(), p_.type), args_.out("out"));
  }

 private:
  bool has(flaw one) const { return (flaws_ & one) != 0; }

  // The output's product, and the bias before anything is rounded to the type.
  array projected() const {
    const array attended = view(read(args_.out("attended")), {p_.b, p_.block_size, p_.hq * p_.d});
    const array sums = linear(to(attended, dtype::f32), to(read(args_.in("wo")), dtype::f32));
    const tensor_view bias = args_.in("bo");
    return bias ? add(sums, to(read(bias), dtype::f32)) : sums;
  }

  // New rows of one sequence behind those in use, byte for byte, and all of its keys.
  array appended(const char* rows, const char* cache, std::int64_t s, std::int64_t first,
                 std::int64_t added) const {
    const std::int64_t used = p_.cache_seqlens[static_cast<std::size_t>(s)], row = dflash::cache_row(p_, s);
    const tensor_view from = args_.in(rows), mine = part_of(args_.out(cache), 0, row, row + 1);
    const auto bytes = static_cast<std::int64_t>(size_of(from.type));
    for (std::int64_t t = 0; t < added; ++t)
      for (std::int64_t h = 0; h < p_.hk; ++h)
        std::memcpy(static_cast<unsigned char*>(mine.data) +
                        ((used + t) * mine.stride[1] + h * mine.stride[2]) * bytes,
                    static_cast<const unsigned char*>(from.data) +
                        ((first + t) * from.stride[0] + h * from.stride[1]) * bytes,
                    static_cast<std::size_t>(p_.d * bytes));
    return transpose(view(read(part_of(mine, 1, 0, used + added)), {used + added, p_.hk, p_.d}), 0, 1);
  }

  array repeated(const array& heads) const {
    const std::int64_t keys = heads.dim(1);
    if (has(heads_not_repeated)) return heads;
    return view(expand(view(heads, {p_.hk, 1, keys, p_.d}), {p_.hk, p_.hq / p_.hk, keys, p_.d}),
                {p_.hq, keys, p_.d});
  }

  void attend(std::int64_t s, std::int64_t first, std::int64_t added) const {
    const array k = repeated(appended("k", "k_cache", s, first, added)),
                v = repeated(appended("v", "v_cache", s, first, added));
    array q = transpose(view(read(part_of(args_.in("q"), 0, s, s + 1)), {p_.block_size, p_.hq, p_.d}), 0, 1);
    if (has(query_not_awaited))
      for (double& x : q.data) x = std::numeric_limits<double>::quiet_NaN();
    const dtype of_scores = has(softmax_in_type) ? p_.type : dtype::f32;
    array scores = matmul(to(q, of_scores), to(transpose(k, 1, 2), of_scores));
    if (!has(no_scale)) scores = times(scores, dflash::effective_scale(p_));
    hide(scores, s);
    const array lse = log_sum_exp(scores);
    write(view(lse, {1, p_.hq, p_.block_size}), part_of(args_.out("lse"), 0, s, s + 1));
    const array weights = to(has(softmax_in_type) ? to(softmax(scores), p_.type) : softmax(scores), p_.type);
    array attended = weighted(weights, v, scores);
    attended =
        has(heads_before_tokens) ? view(attended, {p_.block_size, p_.hq, p_.d}) : transpose(attended, 0, 1);
    write(view(attended, {1, p_.block_size, p_.hq, p_.d}), part_of(args_.out("attended"), 0, s, s + 1));
  }

  void hide(array& scores, std::int64_t s) const {
    const std::int64_t keys = scores.dim(-1);
    const tensor_view mask = args_.in("mask");
    for (std::int64_t i = 0; i < scores.size(); ++i) {
      const std::int64_t key = i % keys, row = i / keys % p_.block_size;
      const bool unseen =
          mask && static_cast<const unsigned char*>(
                      mask.data)[(p_.mask_batch > 1 ? s : 0) * mask.stride[0] +
                                 (p_.mask_rows > 1 ? row : 0) * mask.stride[2] + key * mask.stride[3]] == 0;
      if (unseen || (has(last_key_missed) && keys > 1 && key == keys - 1))
        scores.data[static_cast<std::size_t>(i)] = hidden_score;
    }
  }

  const attention_problem& p_;
  const kernel_arguments& args_;
  unsigned flaws_;
};

template <unsigned Flaws>
void run(const attention_problem& p, const kernel_arguments& args, launcher&) {
  draft_attention(p, args, Flaws).run();
}

// Normalised weights are rounded, so what is subtracted from the scores is no maximum of theirs.
constexpr contract eager_contract() {
  contract c = attention("bf16/eager", dtype::bf16, accumulation::f32, dtype::bf16, 1, dtype::bf16);
  c.attention().shift = p_shift::any;
  return c;
}
constexpr contract eager[] = {eager_contract()};

template <unsigned Flaws>
constexpr variant<attention_problem> subject(std::string_view name) {
  return {name, eager, claim::same_bits_run_to_run, takes_all<attention_problem>, run<Flaws>};
}
constexpr variant<attention_problem> attentions[] = {
    subject<as_written>("side_stream"), subject<query_not_awaited>("query_not_awaited"),
    subject<0>("one_stream"), subject<last_key_missed>("one_stream_with_fault")};

std::span<const variant<attention_problem>> attention_subjects(side where) {
  if (where != side::host) return {};
  return attentions;
}

}  // namespace

const operation& dflash_project() {
  static const table_operation<project_problem> one(
      with_subjects(dflash::project_tables(), "dflash_project", projection_subjects));
  return one;
}

const operation& dflash_attention() {
  static const table_operation<attention_problem> one(
      with_subjects(dflash::attention_tables(), "dflash_attention", attention_subjects));
  return one;
}

}  // namespace plumbline::claims
