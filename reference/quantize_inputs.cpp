// What quantize refuses when it sees the tensors: presence, dtype, shape, layout, and indices that would be
// followed or would meet.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "reference/core/keyed_text.hpp"
#include "reference/core/tensor.hpp"
#include "reference/quantize_problem.hpp"

namespace plumbline::quantize {

namespace {

using shape_list = std::vector<std::int64_t>;

template <class... Args>
void require(bool holds, std::string_view argument, fmt::format_string<Args...> expected, Args&&... args) {
  if (!holds) throw bad_argument(std::string(argument), fmt::format(expected, std::forward<Args>(args)...));
}

const tensor& given(const tensor_set& inputs, std::string_view name, dtype type, const shape_list& shape) {
  const tensor* t = inputs.find(name);
  require(t != nullptr, name, "expected a tensor of this name, got none");
  require(t->type() == type, name, "expected dtype {}, got {}", name_of(type), name_of(t->type()));
  require(std::equal(shape.begin(), shape.end(), t->shape().begin(), t->shape().end()), name,
          "expected shape ({}), got ({})", fmt::join(shape, ", "), fmt::join(t->shape(), ", "));
  require(t->size() == 0 || t->shape().back() == 1 || t->strides().back() == 1, name,
          "expected a contiguous last dimension, got stride {}", t->strides().back());
  return *t;
}

void contiguous(const tensor_set& inputs, std::string_view name, dtype type, const shape_list& shape) {
  require(given(inputs, name, type, shape).dense(), name, "expected a contiguous tensor");
}

void require_absent(const tensor_set& inputs, std::string_view name, std::string_view why) {
  require(!inputs.has(name), name, "expected {}", why);
}

std::int64_t ceil_div(std::int64_t x, std::int64_t step) { return (x + step - 1) / step; }

// The tensors of the cache, with the strides that `place_of` counts on.
void require_cache(const cache_shape& p, const tensor_set& inputs) {
  cache_shape one = p;
  one.num_pages = std::min<std::int64_t>(p.num_pages, 1);
  for (const auto& [name, usual] : make_cache(one)) {
    shape_list shape(usual.shape().begin(), usual.shape().end());
    shape[0] = p.layout == cache_layout::split ? slots(p) : p.num_pages;
    const tensor& t = given(inputs, name, dtype::u8, shape);
    for (int axis = 0; axis < t.rank(); ++axis) {
      const auto at = static_cast<std::size_t>(axis);
      const std::int64_t step =
          axis == 0 && p.layout != cache_layout::split ? page_stride(p) : usual.strides()[at];
      require(t.size() == 0 || t.dim(axis) == 1 || t.strides()[at] == step, name,
              "expected stride {} of axis {} (page_gap), got {}", step, axis, t.strides()[at]);
    }
  }
}

// Values of an i32 list; -1 only where `skips`.
void require_places(const tensor_set& inputs, std::string_view name, std::int64_t count, std::int64_t places,
                    bool skips) {
  const tensor& t = given(inputs, name, dtype::i32, {count});
  require(t.dense(), name, "expected a contiguous tensor, got stride {}", t.strides().back());
  for (std::int64_t i = 0; i < count; ++i) {
    const auto at = static_cast<std::int64_t>(t.value(i));
    require((at >= 0 && at < places) || (skips && at == -1), name,
            "token {}: expected a place in 0..{}{}, got {}", i, places - 1, skips ? " or -1" : "", at);
  }
}

void require_distinct(const tensor_set& inputs, std::string_view name, std::int64_t world,
                      std::int64_t rank) {
  std::set<std::int64_t> seen;
  const tensor& t = inputs.at(name);
  for (std::int64_t i = 0; i < t.size(); ++i) {
    const auto at = static_cast<std::int64_t>(t.value(i));
    if (at < 0 || at % world != rank) continue;
    require(seen.insert(at).second, name, "token {}: expected a place that no other token takes, got {}", i,
            at);
  }
}

}  // namespace

void check(const store_problem& p, const tensor_set& inputs) {
  check(p);
  if (p.separate) {
    given(inputs, "k_nope", p.type, {p.tokens, p.dv});
    given(inputs, "k_rope", p.type, {p.tokens, p.d - p.dv});
    require_absent(inputs, "k", "none beside k_nope and k_rope");
  } else {
    given(inputs, "k", p.type, {p.tokens, p.d});
    for (const char* stray : {"k_nope", "k_rope"}) require_absent(inputs, stray, "only with separate");
  }
  require_cache(p, inputs);
  if (!p.has_slots) return require_absent(inputs, "slots", "only when the problem has it");
  require_places(inputs, "slots", p.tokens, slots(p), true);
  require_distinct(inputs, "slots", 1, 0);
}

void check(const dequantize_problem& p, const tensor_set& inputs) {
  check(p);
  require_cache(p, inputs);
  if (p.has_indices)
    require_places(inputs, "indices", p.tokens, slots(p), false);
  else
    require_absent(inputs, "indices", "only when the problem has it");
}

void check(const groups_problem& p, const tensor_set& inputs) {
  check(p);
  given(inputs, "x", p.type, {p.rows, p.k});
  if (p.has_static)
    contiguous(inputs, "static_scale", dtype::f32, {1});
  else
    require_absent(inputs, "static_scale", "only when the problem has it");
}

void check(const weight_dequant_problem& p, const tensor_set& inputs) {
  check(p);
  contiguous(inputs, "weight", p.code, {p.m, p.n});
  contiguous(inputs, "scale", dtype::f32, {ceil_div(p.m, p.block), ceil_div(p.n, p.block)});
}

void check(const block_gemm_problem& p, const tensor_set& inputs) {
  check(p);
  const std::int64_t blocks = ceil_div(p.k, p.block_k);
  contiguous(inputs, "a", p.code, {p.m, p.k});
  contiguous(inputs, "b", p.code, {p.n, p.k});
  contiguous(inputs, "a_scale", dtype::f32, {p.m, blocks});
  contiguous(inputs, "b_scale", dtype::f32, {ceil_div(p.n, p.block_n), blocks});
}

void check(const scatter_problem& p, const tensor_set& inputs) {
  check(p);
  given(inputs, "nope", p.type, {p.tokens, p.nope_width});
  given(inputs, "rope", p.type, {p.tokens, p.rope_width});
  contiguous(inputs, "buffer", p.stored, {p.rows, p.nope_width + p.rope_width});
  require_places(inputs, "loc", p.tokens, p.rows * p.world, false);
  require_distinct(inputs, "loc", p.world, p.rank);
}

}  // namespace plumbline::quantize
