// Inputs of conv1d: what a problem's tensors are, laid out empty, and what is refused of those that come.
//
// Each problem describes its inputs once.  Any strides are taken for x, states and windows; weight, bias and
// lists of integers must be dense.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "reference/conv1d_problem.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/core/tensor.hpp"

namespace plumbline::conv1d {

namespace {

using shape_list = std::vector<std::int64_t>;

struct input_spec {
  std::string name;
  dtype type;
  shape_list shape, strides;  // no strides: dense, and required to be
  int_list values = {};       // not empty: what it must hold
};

// (outer..., dim, run) where `run` counts tokens or columns.
input_spec runs(std::string name, dtype type, std::int64_t outer, std::int64_t dim, std::int64_t run,
                run_layout layout, std::int64_t gap, std::int64_t outer_gap) {
  const bool channels = layout == run_layout::channel_last;
  const std::int64_t row = (channels ? dim : run) + gap;
  return {std::move(name),
          type,
          {outer, dim, run},
          {row * (channels ? run : dim) + outer_gap, channels ? 1 : row, channels ? row : 1}};
}

input_spec without_outer(input_spec spec) {
  spec.shape.erase(spec.shape.begin());
  spec.strides.erase(spec.strides.begin());
  return spec;
}

input_spec list_of(std::string name, const int_list& values, dtype type = dtype::i32) {
  return {std::move(name), type, {static_cast<std::int64_t>(values.size())}, {}, values};
}

void add_filter(const filter_shape& p, std::vector<input_spec>& all) {
  all.push_back({"weight", p.type, {p.dim, p.width}, {}});
  if (p.has_bias) all.push_back({"bias", p.type, {p.dim}, {}});
}

input_spec pool_of(const char* name, const state_pool& p, const filter_shape& f) {
  return runs(name, f.type, p.slots, f.dim, p.state_len, p.state_layout, 0, p.slot_gap);
}

void add_list(std::vector<input_spec>& all, const char* name, const int_list& values,
              dtype type = dtype::i32) {
  if (!values.empty()) all.push_back(list_of(name, values, type));
}

std::vector<input_spec> specs_of(const prefill_problem& p) {
  std::vector<input_spec> all = {
      without_outer(runs("x", p.type, 1, p.dim, total_of(p.lens), p.layout, p.gap, 0))};
  add_filter(p, all);
  all.push_back(list_of("query_start_loc", starts_of(p.lens)));
  if (p.slots > 0) all.push_back(pool_of("conv_states", p, p));
  add_list(all, "cache_indices", p.cache_indices);
  add_list(all, "has_initial_state", p.initial, dtype::u8);
  return all;
}

std::vector<input_spec> specs_of(const update_problem& p) {
  std::vector<input_spec> all = {runs("x", p.type, p.batch, p.dim, p.seqlen, p.layout, p.gap, 0)};
  add_filter(p, all);
  all.push_back(pool_of("conv_state", p, p));
  add_list(all, "conv_state_indices", p.conv_state_indices);
  add_list(all, "cache_seqlens", p.cache_seqlens);
  return all;
}

std::vector<input_spec> specs_of(const update_speculative_problem& p) {
  std::vector<input_spec> all;
  if (p.query_lens.empty())
    all.push_back(runs("x", p.type, p.batch, p.dim, p.seqlen, p.layout, p.gap, 0));
  else
    all.push_back({"x", p.type, {total_of(p.query_lens), p.dim}, {p.dim + p.gap, 1}});
  add_filter(p, all);
  all.push_back(pool_of("conv_state", p, p));
  add_list(all, "conv_state_indices", p.conv_state_indices);
  if (!p.query_lens.empty()) all.push_back(list_of("query_start_loc", starts_of(p.query_lens)));
  add_list(all, "num_accepted_tokens", p.num_accepted_tokens);
  if (p.lines > 0) {
    const std::int64_t columns = p.width - 1;
    all.push_back({"intermediate_conv_window",
                   p.type,
                   {p.lines, p.seqlen, p.dim, columns},
                   {p.seqlen * p.dim * columns, p.dim * columns, columns, 1}});
    add_list(all, "intermediate_state_indices", p.intermediate_state_indices);
  }
  if (p.tree)
    for (const char* name : {"retrieve_next_token", "retrieve_next_sibling"})
      all.push_back({name, dtype::i32, {p.batch, p.seqlen}, {}});
  return all;
}

std::vector<input_spec> specs_of(const varlen_states_problem& p) {
  return {{"x", p.type, {total_of(p.lens), p.dim}, {p.dim + p.gap, 1}},
          list_of("cu_seqlens", starts_of(p.lens))};
}

tensor_set lay_out(const std::vector<input_spec>& specs) {
  tensor_set inputs;
  for (const input_spec& spec : specs) {
    tensor& t = inputs.set(spec.name, spec.strides.empty() ? tensor(spec.type, spec.shape)
                                                           : tensor(spec.type, spec.shape, spec.strides));
    for (std::size_t i = 0; i < spec.values.size(); ++i)
      t.set_value(static_cast<std::int64_t>(i), static_cast<double>(spec.values[i]));
  }
  return inputs;
}

template <class... Args>
void require(bool holds, std::string_view argument, fmt::format_string<Args...> expected, Args&&... args) {
  if (!holds) throw bad_argument(std::string(argument), fmt::format(expected, std::forward<Args>(args)...));
}

void require_inputs(const std::vector<input_spec>& specs, const tensor_set& inputs) {
  for (const input_spec& spec : specs) {
    const tensor* t = inputs.find(spec.name);
    require(t != nullptr, spec.name, "expected a tensor of this name, got none");
    require(t->type() == spec.type, spec.name, "expected dtype {}, got {}", name_of(spec.type),
            name_of(t->type()));
    require(std::equal(spec.shape.begin(), spec.shape.end(), t->shape().begin(), t->shape().end()), spec.name,
            "expected shape ({}), got ({})", fmt::join(spec.shape, ", "), fmt::join(t->shape(), ", "));
    require(!spec.strides.empty() || t->dense(), spec.name, "expected a contiguous tensor");
    for (std::size_t i = 0; i < spec.values.size(); ++i) {
      const auto found = static_cast<std::int64_t>(t->value(static_cast<std::int64_t>(i)));
      require(found == spec.values[i], spec.name, "element {}: expected the problem's {}, got {}", i,
              spec.values[i], found);
    }
  }
  for (const auto& given : inputs) {
    const bool known = std::any_of(specs.begin(), specs.end(),
                                   [&](const input_spec& spec) { return spec.name == given.name; });
    require(known, given.name, "expected no such tensor in this problem");
  }
}

// Every draft is a tree: each token but the first is named once, by a token before it.
void require_trees(const update_speculative_problem& p, const tensor_set& inputs) {
  for (std::int64_t n = 0; n < p.batch; ++n) {
    int_list named(static_cast<std::size_t>(p.seqlen), 0);
    for (const char* name : {"retrieve_next_token", "retrieve_next_sibling"})
      for (std::int64_t t = 0; t < p.seqlen; ++t) {
        const auto to = static_cast<std::int64_t>(inputs.at(name).value(n * p.seqlen + t));
        if (to == -1) continue;
        require(to > t && to < p.seqlen, name, "draft {}, token {}: expected -1 or a later token, got {}", n,
                t, to);
        require(++named[static_cast<std::size_t>(to)] == 1, name,
                "draft {}: expected token {} to be named once", n, to);
        require(t > 0 || std::string_view(name) == "retrieve_next_token", name,
                "draft {}: expected no sibling of the root, got {}", n, to);
      }
    for (std::int64_t t = 1; t < p.seqlen; ++t)
      require(named[static_cast<std::size_t>(t)] == 1, "retrieve_next_token",
              "draft {}: expected token {} to be named once, as a child or a sibling", n, t);
  }
}

}  // namespace

tensor_set empty_inputs(const prefill_problem& p) { return lay_out(specs_of(p)); }
tensor_set empty_inputs(const update_problem& p) { return lay_out(specs_of(p)); }
tensor_set empty_inputs(const update_speculative_problem& p) { return lay_out(specs_of(p)); }
tensor_set empty_inputs(const varlen_states_problem& p) { return lay_out(specs_of(p)); }

void check(const prefill_problem& p, const tensor_set& inputs) {
  check(p);
  require_inputs(specs_of(p), inputs);
}
void check(const update_problem& p, const tensor_set& inputs) {
  check(p);
  require_inputs(specs_of(p), inputs);
}
void check(const update_speculative_problem& p, const tensor_set& inputs) {
  check(p);
  require_inputs(specs_of(p), inputs);
  if (p.tree) require_trees(p, inputs);
}
void check(const varlen_states_problem& p, const tensor_set& inputs) {
  check(p);
  require_inputs(specs_of(p), inputs);
}

}  // namespace plumbline::conv1d
