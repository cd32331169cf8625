// update and update_speculative: a few tokens a sequence.
//
// The history of a linear state is its last columns, whatever its length; of a circular one the columns
// before position p, read before any is overwritten; of a draft whose predecessor had a tokens accepted,
// columns a - 1 on.  In a tree a token sees its ancestors, then the history.
#include <algorithm>

#include "reference/conv1d_channel.hpp"

namespace plumbline::conv1d {

namespace {

// z = concat(state, x) of a linear state; its last state_len elements are the new state.
void roll(const element_run& z, std::int64_t slot, std::int64_t channel, tensor& state) {
  const std::int64_t columns = state.dim(2), skipped = static_cast<std::int64_t>(z.codes.size()) - columns;
  for (std::int64_t e = 0; e < columns; ++e)
    state.set_code(offset_of(state, slot, channel, e), z.codes[at(skipped + e)]);
}

element_run columns_of(const tensor& state, std::int64_t slot, std::int64_t channel, std::int64_t first,
                       std::int64_t count) {
  element_run run;
  for (std::int64_t e = 0; e < count; ++e) run.add(state, offset_of(state, slot, channel, first + e));
  return run;
}

int_list list_at(const tensor& t, std::int64_t row) {
  int_list values;
  for (std::int64_t i = 0; i < t.dim(1); ++i)
    values.push_back(static_cast<std::int64_t>(t.value(row * t.dim(1) + i)));
  return values;
}

}  // namespace

call_truth update(const update_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  const channel_filter filter(p, inputs);
  const tensor &x = inputs.at("x"), &before = inputs.at("conv_state");
  const std::int64_t columns = p.width - 1;
  call_truth truth;
  filter.reserve(p.batch * p.dim * p.seqlen, truth.filter);
  tensor& after = truth.exact.set("conv_state", before);
  for (std::int64_t n = 0; n < p.batch; ++n) {
    if (is_padding(p.conv_state_indices, p, n)) continue;
    const std::int64_t slot = slot_of(p.conv_state_indices, p, n);
    const bool circular = !p.cache_seqlens.empty();
    const std::int64_t position = circular ? p.cache_seqlens[at(n)] : 0;
    const auto column = [&](std::int64_t i) { return ((i % p.state_len) + p.state_len) % p.state_len; };
    for (std::int64_t c = 0; c < p.dim; ++c) {
      element_run z;
      if (circular)
        for (std::int64_t e = 0; e < columns; ++e)
          z.add(before, offset_of(before, slot, c, column(position - columns + e)));
      else
        z = columns_of(before, slot, c, 0, p.state_len);
      const auto history = static_cast<std::int64_t>(z.codes.size());
      for (std::int64_t t = 0; t < p.seqlen; ++t) z.add(x, offset_of(x, n, c, t));
      for (std::int64_t t = 0; t < p.seqlen; ++t)
        filter.apply(c, &z.values[at(history - columns + t)], (n * p.dim + c) * p.seqlen + t, truth.filter);
      if (!circular) roll(z, slot, c, after);
      for (std::int64_t t = 0; circular && t < p.seqlen; ++t)
        after.set_code(offset_of(after, slot, c, column(position + t)), z.codes[at(history + t)]);
    }
  }
  return truth;
}

int_list parents_of(const int_list& next_token, const int_list& next_sibling) {
  int_list parents(next_token.size(), 0);
  for (std::size_t t = 0; t < parents.size(); ++t) {
    if (next_token[t] != -1) parents[at(next_token[t])] = static_cast<std::int64_t>(t);
    if (next_sibling[t] != -1) parents[at(next_sibling[t])] = parents[t];
  }
  return parents;
}

call_truth update_speculative(const update_speculative_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  const channel_filter filter(p, inputs);
  const tensor &x = inputs.at("x"), &before = inputs.at("conv_state");
  const std::int64_t columns = p.width - 1;
  const bool packed = !p.query_lens.empty(), counted = !p.num_accepted_tokens.empty();
  const int_list starts = starts_of(p.query_lens);
  call_truth truth;
  filter.reserve(x.size(), truth.filter);
  truth.exact.set("conv_state", before);
  if (p.lines > 0) truth.exact.set("intermediate_conv_window", inputs.at("intermediate_conv_window"));
  if (p.tree) truth.exact.set("retrieve_parent_token", tensor(dtype::i32, {p.batch, p.seqlen}));
  tensor& after = truth.exact.at("conv_state");
  for (std::int64_t n = 0; n < p.batch; ++n) {
    const std::int64_t tokens = packed ? p.query_lens[at(n)] : p.seqlen;
    int_list parents;
    if (p.tree) {
      parents = parents_of(list_at(inputs.at("retrieve_next_token"), n),
                           list_at(inputs.at("retrieve_next_sibling"), n));
      for (std::int64_t t = 0; t < p.seqlen; ++t)
        truth.exact.at("retrieve_parent_token")
            .set_value(n * p.seqlen + t, static_cast<double>(parents[at(t)]));
    }
    if (tokens == 0 || is_padding(p.conv_state_indices, p, n)) continue;
    const std::int64_t slot = slot_of(p.conv_state_indices, p, n);
    const std::int64_t first = counted ? p.num_accepted_tokens[at(n)] - 1 : p.state_len - columns;
    for (std::int64_t c = 0; c < p.dim; ++c) {
      element_run drafted;
      for (std::int64_t t = 0; t < tokens; ++t)
        drafted.add(
            x, packed ? (starts[at(n)] + t) * x.strides()[0] + c * x.strides()[1] : offset_of(x, n, c, t));
      const element_run history = columns_of(before, slot, c, first, columns);
      for (std::int64_t t = 0; t < tokens; ++t) {
        element_run path;  // newest first
        const auto take = [&path](const element_run& from, std::int64_t i) {
          path.codes.push_back(from.codes[at(i)]);
          path.values.push_back(from.values[at(i)]);
        };
        std::int64_t ancestor = t;
        for (bool root = false; !root; ancestor = p.tree ? parents[at(ancestor)] : ancestor - 1) {
          take(drafted, ancestor);
          root = ancestor == 0;
        }
        for (std::int64_t e = columns; e-- > 0;) take(history, e);
        path.codes.resize(at(p.width));
        path.values.resize(at(p.width));
        std::reverse(path.codes.begin(), path.codes.end());
        std::reverse(path.values.begin(), path.values.end());
        filter.apply(c, path.values.data(),
                     packed ? (starts[at(n)] + t) * p.dim + c : (n * p.dim + c) * p.seqlen + t, truth.filter);
        if (p.lines == 0) continue;
        tensor& windows = truth.exact.at("intermediate_conv_window");
        const std::int64_t line = p.intermediate_state_indices[at(n)];
        for (std::int64_t e = 0; e < columns; ++e) {
          const std::int64_t index[] = {line, t, c, e};
          windows.set_code(windows.offset(index), path.codes[at(e + 1)]);
        }
      }
      element_run z = counted ? columns_of(before, slot, c, first + 1, columns - 1)
                              : columns_of(before, slot, c, 0, p.state_len);
      z.codes.insert(z.codes.end(), drafted.codes.begin(), drafted.codes.end());
      if (!counted) {
        roll(z, slot, c, after);
        continue;
      }
      for (std::size_t e = 0; e < z.codes.size(); ++e)
        after.set_code(offset_of(after, slot, c, static_cast<std::int64_t>(e)), z.codes[e]);
    }
  }
  return truth;
}

}  // namespace plumbline::conv1d
