// forward: the module as a chain of the other functions' kernels, with naive or absorbed attention.
//
// Each step is a call of a row of another table, from tensor to tensor: nothing is fused, and every tensor
// between two steps is an output, so that a step can be judged on what it was given.  What is new here is
// where rows go: the normalised latent and the rotated key into their caches, or keys and values of each head
// into theirs; query and key joined from their two parts.  absorb attends to pages that hold both parts of a
// key, which it fills from the two caches.
#include <initializer_list>

#include "kernels/core/promises.hpp"
#include "kernels/core/table.hpp"
#include "kernels/mla/attention_promises.hpp"
#include "kernels/mla/forward_rows.hpp"
#include "kernels/mla/prefill.hpp"
#include "reference/mla_module_problem.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

using named = kernel_arguments::entry;

tensor_view view_of(void* data, dtype type, std::initializer_list<std::int64_t> shape,
                    std::initializer_list<std::int64_t> stride) {
  tensor_view v;
  v.data = data, v.type = type, v.rank = static_cast<int>(shape.size());
  int axis = 0;
  for (const std::int64_t n : shape) v.shape[axis++] = n;
  axis = 0;
  for (const std::int64_t n : stride) v.stride[axis++] = n;
  return v;
}

/// Element `first` of a tensor.
void* behind(const tensor_view& v, std::int64_t first) {
  return static_cast<unsigned char*>(v.data) + first * static_cast<std::int64_t>(size_of(v.type));
}

/// The first variant that takes the problem; none: null.
template <class Problem>
const variant<Problem>* taker_of(const Problem& p) {
  for (const variant<Problem>& row : table_of<Problem, this_side>())
    if (row.domain(p).empty()) return &row;
  return nullptr;
}

/// Empty, or why no variant takes a step: the reason of the last one.
template <class Problem>
std::string refusal_of(const Problem& p) {
  return taker_of(p) != nullptr ? "" : table_of<Problem, this_side>().back().domain(p);
}

/// `domain` has asked every step that a call runs.
template <class Problem>
void step(const Problem& p, std::initializer_list<named> in, std::initializer_list<named> out, launcher& on) {
  taker_of(p)->run(p, kernel_arguments({in.begin(), in.size()}, {out.begin(), out.size()}), on);
}

class module_call {
 public:
  module_call(const forward_problem& p, const kernel_arguments& args, launcher& on)
      : p_(p), args_(args), on_(on), steps_(steps_of(p)), tokens_(p.b * p.sq) {}

  void before_attention() {
    const tensor_view x = rows(args_.in("x"), p_.dim), q = args_.out("q"), kv = args_.out("kv");
    const std::int64_t rank = p_.kv_lora_rank, rope = p_.qk_rope_head_dim, width = rank + rope;
    if (p_.q_lora_rank > 0) {
      const tensor_view down = rows(args_.out("q_down"), p_.q_lora_rank),
                        latent = rows(args_.out("q_latent"), p_.q_lora_rank);
      project(steps_.q_down, x, "wq_a", down);
      step(steps_.q_norm, {{"x", down}, {"weight", args_.in("q_norm")}}, {{"out", latent}}, on_);
      project(steps_.q, latent, "wq_b", rows(q, p_.n_heads * p_.qk_head_dim()));
    } else {
      project(steps_.q, x, "wq", rows(q, p_.n_heads * p_.qk_head_dim()));
    }
    rotate(steps_.q_rotary, heads_of(behind(q, p_.qk_nope_head_dim), p_.n_heads, rope, p_.qk_head_dim()),
           heads_of(args_.out("q_pe").data, p_.n_heads, rope, rope));

    project(steps_.kv, x, "wkv_a", rows(kv, width));
    step(steps_.kv_norm,
         {{"x", view_of(kv.data, p_.type, {tokens_, rank}, {width, 1})}, {"weight", args_.in("kv_norm")}},
         {{"out", rows(args_.out("latent"), rank)}}, on_);
    rotate(steps_.k_rotary, heads_of(behind(kv, rank), 1, rope, width),
           heads_of(args_.out("k_pe").data, 1, rope, rope));
  }

  void attend_by_head() {
    const std::int64_t nope = p_.qk_nope_head_dim, rope = p_.qk_rope_head_dim, dv = p_.v_head_dim;
    const std::int64_t heads = p_.n_heads, d = p_.qk_head_dim(), up_width = nope + dv;
    const tensor_view up = args_.out("kv_up"), k = args_.out("k_cache"), v = args_.out("v_cache");
    project(steps_.up, rows(args_.out("latent"), p_.kv_lora_rank), "wkv_b", rows(up, heads * up_width));
    const auto fresh = [&](const tensor_view& cache, std::int64_t column) {
      return placed_rows{behind(cache, p_.start_pos * cache.stride[1] + column), cache.stride[0],
                         cache.stride[1], cache.stride[2]};
    };
    place(placed(up.data, heads, up_width), fresh(k, 0), p_.sq, heads, nope);
    place({args_.out("k_pe").data, p_.sq * rope, rope, 0}, fresh(k, nope), p_.sq, heads, rope);
    place(placed(behind(up, nope), heads, up_width), fresh(v, 0), p_.sq, heads, dv);

    const tensor_view query = joined_query(args_.out("q").data, d, nope);
    const prefill_problem attention = attention_by_head(p_);
    naive().run(
        attention,
        kernel_arguments(
            std::initializer_list<named>{{"q", query}, {"k", k}, {"v", v}, {"cache_seqlens", numbered(0)}},
            std::initializer_list<named>{{"out", heads_of(args_.out("attended").data, heads, dv, dv)},
                                         {"lse", args_.out("lse")}}),
        on_);
  }

  void attend_to_latents() {
    const std::int64_t rank = p_.kv_lora_rank, rope = p_.qk_rope_head_dim, d = rank + rope;
    const std::int64_t heads = p_.n_heads, nope = p_.qk_nope_head_dim;
    const tensor_view latents = args_.out("kv_cache"), rotated = args_.out("pe_cache"),
                      absorbed = args_.out("q_absorbed"), z = args_.out("z");
    const auto fresh = [&](const tensor_view& cache) {
      return placed_rows{behind(cache, p_.start_pos * cache.stride[1]), cache.stride[0], cache.stride[1], 0};
    };
    place({args_.out("latent").data, p_.sq * rank, rank, 0}, fresh(latents), p_.sq, 1, rank);
    place({args_.out("k_pe").data, p_.sq * rope, rope, 0}, fresh(rotated), p_.sq, 1, rope);

    const decode_problem attention = attention_of_latents(p_);
    const std::int64_t page = attention.page_size, sequence = attention.max_pages * page * d;
    const tensor_view pages = view_of(scratch(attention.num_pages * page * d), p_.type,
                                      {attention.num_pages, page, 1, d}, {page * d, d, d, 1});
    place({latents.data, latents.stride[0], latents.stride[1], 0}, {pages.data, sequence, d, 0}, p_.end_pos(),
          1, rank);
    place({rotated.data, rotated.stride[0], rotated.stride[1], 0}, {behind(pages, rank), sequence, d, 0},
          p_.end_pos(), 1, rope);

    project(steps_.absorb_query,
            view_of(args_.out("q").data, p_.type, {tokens_, heads, nope},
                    {heads * p_.qk_head_dim(), p_.qk_head_dim(), 1}),
            "wkv_b", by_head(absorbed, rank));
    const tensor_view query = joined_query(absorbed.data, rank, rank);
    const tensor_view lengths = numbered(attention.num_pages);
    const tensor_view table = view_of(static_cast<std::int32_t*>(lengths.data) + p_.b, dtype::i32,
                                      {p_.b, attention.max_pages}, {attention.max_pages, 1});
    step(attention, {{"q", query}, {"k_cache", pages}, {"block_table", table}, {"cache_seqlens", lengths}},
         {{"out", z}, {"lse", args_.out("lse")}}, on_);
    project(steps_.absorb_output, by_head(z, rank), "wkv_b", by_head(args_.out("attended"), p_.v_head_dim));
  }

  void after_attention() {
    project(steps_.out, rows(args_.out("attended"), p_.n_heads * p_.v_head_dim), "wo",
            rows(args_.out("out"), p_.dim));
  }

 private:
  tensor_view rows(const tensor_view& v, std::int64_t width) const {
    return view_of(v.data, p_.type, {tokens_, width}, {width, 1});
  }
  tensor_view by_head(const tensor_view& v, std::int64_t width) const {
    return view_of(v.data, p_.type, {tokens_, p_.n_heads, width}, {p_.n_heads * width, width, 1});
  }
  // (b, sq, heads, width) of rows that lie `apart` elements from each other.
  tensor_view heads_of(void* data, std::int64_t heads, std::int64_t width, std::int64_t apart) const {
    return view_of(data, p_.type, {p_.b, p_.sq, heads, width},
                   {p_.sq * heads * apart, heads * apart, apart, 1});
  }
  placed_rows placed(void* data, std::int64_t heads, std::int64_t apart) const {
    return {data, p_.sq * heads * apart, heads * apart, apart};
  }
  void place(const placed_rows& from, const placed_rows& to, std::int64_t tokens, std::int64_t heads,
             std::int64_t width) const {
    launch_place_rows(from, to, p_.b, tokens, heads, width, on_);
  }
  void project(const project_problem& how, const tensor_view& x, const char* weight, const tensor_view& out) {
    const std::string scale = std::string(weight) + "_scale";
    step(how, {{"x", x}, {"weight", args_.in(weight)}, {"weight_scale", args_.in(scale)}}, {{"out", out}},
         on_);
  }
  void rotate(const rotary_problem& how, const tensor_view& x, const tensor_view& out) {
    step(how, {{"x", x}, {"cos", args_.in("cos")}, {"sin", args_.in("sin")}}, {{"out", out}}, on_);
  }
  void* scratch(std::int64_t elements) const {
    return on_.scratch(static_cast<std::size_t>(elements) * size_of(p_.type));
  }
  // Queries of the attention: the first `width` elements of rows that lie `apart`, then q_pe.
  tensor_view joined_query(void* first, std::int64_t apart, std::int64_t width) {
    const std::int64_t rope = p_.qk_rope_head_dim, d = width + rope, heads = p_.n_heads;
    const tensor_view query = heads_of(scratch(tokens_ * heads * d), heads, d, d);
    place(placed(first, heads, apart), placed(query.data, heads, d), p_.sq, heads, width);
    place(placed(args_.out("q_pe").data, heads, rope), placed(behind(query, width), heads, d), p_.sq, heads,
          rope);
    return query;
  }
  // cache_seqlens, and behind them the numbers of `pages` pages.
  tensor_view numbered(std::int64_t pages) {
    auto* const data = static_cast<std::int32_t*>(
        on_.scratch(static_cast<std::size_t>(p_.b + pages) * sizeof(std::int32_t)));
    launch_number_pages(data + p_.b, pages, data, p_.b, p_.end_pos(), on_);
    return view_of(data, dtype::i32, {p_.b}, {1});
  }

  const forward_problem& p_;
  const kernel_arguments& args_;
  launcher& on_;
  forward_steps steps_;
  std::int64_t tokens_;
};

std::string domain(const forward_problem& p) {
  if (p.cache_type != p.type) return "a cache in another type than x is not supported";
  const forward_steps steps = steps_of(p);
  std::string why;
  const auto ask = [&](const auto&... each) { ((why.empty() ? void(why = refusal_of(each)) : void()), ...); };
  ask(steps.q, steps.q_rotary, steps.kv, steps.kv_norm, steps.k_rotary, steps.out);
  if (p.q_lora_rank > 0) ask(steps.q_down, steps.q_norm);
  if (p.form == attention_form::absorb) {
    ask(steps.absorb_query, attention_of_latents(p), steps.absorb_output);
  } else {
    ask(steps.up);
    if (why.empty()) why = naive().domain(attention_by_head(p));
  }
  return why;
}

void run(const forward_problem& p, const kernel_arguments& args, launcher& on) {
  if (p.b == 0 || p.sq == 0) return;
  module_call call(p, args, on);
  call.before_attention();
  if (p.form == attention_form::naive)
    call.attend_by_head();
  else
    call.attend_to_latents();
  call.after_attention();
}

constexpr claim alike = claim::same_bits_run_to_run | claim::same_bits_any_schedule;

constexpr contract contracts[] = {
    attention("bf16/module", dtype::bf16, accumulation::tc25, dtype::bf16, 1, dtype::bf16),
    attention("f16/module", dtype::f16, accumulation::tc25, dtype::f16, 1, dtype::f16)};

constexpr variant<forward_problem> table[] = {{"chain", contracts, alike, domain, run}};

}  // namespace
}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla

template <>
std::span<const plumbline::variant<plumbline::mla::forward_problem>>
plumbline::table_of<plumbline::mla::forward_problem, plumbline::this_side>() {
  return mla::table;
}
