// steps, variant `chain`: the kernels of the other functions, one call after another on two pools of states.
//
// New sequences go through prefill's `blocks`, those that go on through its `sequences`, drafts through
// update_speculative.  An update of a tape first moves the accepted window to its first columns, by a small
// kernel, and then sees those columns as a state of its own.
#include "kernels/conv1d/states.hpp"
#include "kernels/conv1d/variants.hpp"
#include "reference/conv1d_steps_problem.hpp"

namespace plumbline::conv1d {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

using named = kernel_arguments::entry;

struct compact_params {
  channel_rows tapes;
  const std::int32_t *slots, *accepted;
  std::int64_t dim, columns;
};

template <dtype Type>
__global__ void __launch_bounds__(tile_threads<Type>) compact_kernel(const compact_params p) {
  const channel_range mine = range_of<Type>(blockIdx.y, p.dim);
  if (mine.count == 0) return;
  const std::int64_t slot = p.slots[blockIdx.x], first = p.accepted[blockIdx.x] - 1;
  if (first == 0) return;
  for (std::int64_t e = 0; e < p.columns; ++e)
    write<Type>(p.tapes, slot, e, mine, read<Type>(p.tapes, slot, first + e, mine));
}

tensor_view view_of(void* data, dtype type, std::initializer_list<std::int64_t> shape,
                    std::initializer_list<std::int64_t> stride) {
  tensor_view v;
  v.data = data;
  v.type = type;
  v.rank = static_cast<int>(shape.size());
  int axis = 0;
  for (const std::int64_t n : shape) v.shape[axis++] = n;
  axis = 0;
  for (const std::int64_t n : stride) v.stride[axis++] = n;
  return v;
}

template <class Problem>
void run_row(const variant<Problem>& row, const Problem& p, std::initializer_list<named> in,
             std::initializer_list<named> out, launcher& on) {
  row.run(p, kernel_arguments({in.begin(), in.size()}, {out.begin(), out.size()}), on);
}

/// One call of a step: what its kernels are given.
struct call_views {
  const steps_problem& p;
  const step_call& call;
  const kernel_arguments& args;
  std::int64_t n, tokens;

  call_views(const steps_problem& problem, const step_call& one, const kernel_arguments& given)
      : p(problem), call(one), args(given), n(static_cast<std::int64_t>(one.parts.size())), tokens(0) {
    for (const step_part& part : call.parts) tokens += part.tokens;
  }
  const std::int32_t* list(std::int64_t from) const {
    return args.in("step_lists").as<std::int32_t>() + call.lists + from;
  }
  named integers(const char* name, std::int64_t from, std::int64_t count) const {
    return {name, view_of(const_cast<std::int32_t*>(list(from)), dtype::i32, {count}, {1})};
  }
  named starts() const { return integers("query_start_loc", 0, n + 1); }
  named slots(const char* name) const { return integers(name, n + 1, n); }
  named accepted() const { return integers("num_accepted_tokens", 2 * n + 1, n); }
  named flags() const {
    return {"has_initial_state",
            view_of(args.in("step_flags").as<std::uint8_t>() + call.flags, dtype::u8, {n}, {1})};
  }
  /// Tokens of the call in x or out: (dim, tokens), (tokens, dim), or (n, dim, tokens each).
  named rows(const char* name, const tensor_view& all, int rank, bool channels_first) const {
    auto* const data = static_cast<std::byte*>(all.data) +
                       call.first_token * all.stride[0] * static_cast<std::int64_t>(size_of(p.type));
    const std::int64_t row = all.stride[0];
    if (rank == 3) {
      const std::int64_t each = call.parts[0].tokens;
      return {name, view_of(data, p.type, {n, p.dim, each}, {each * row, 1, row})};
    }
    if (channels_first) return {name, view_of(data, p.type, {p.dim, tokens}, {1, row})};
    return {name, view_of(data, p.type, {tokens, p.dim}, {row, 1})};
  }
  tensor_view pool() const { return args.out(call.wide ? "conv_tapes" : "conv_states"); }
  /// The first columns of the pool as a state of its own.
  tensor_view window() const {
    tensor_view v = pool();
    v.shape[2] = p.width - 1;
    return v;
  }
  template <class Problem>
  Problem problem(std::int64_t columns) const {
    Problem q;
    static_cast<filter_shape&>(q) = p;
    q.slots = call.wide ? p.wide : p.narrow;
    q.state_len = columns;
    return q;
  }
  std::int64_t columns() const { return call.wide ? tape_columns(p) : p.width - 1; }
  named weight() const { return {"weight", args.in("weight")}; }
  named bias() const { return {"bias", args.in("bias")}; }
};

void run_prefill(const call_views& v, bool goes_on, launcher& on) {
  auto q = v.problem<prefill_problem>(v.columns());
  for (const step_part& part : v.call.parts) {
    q.lens.push_back(part.tokens);
    q.cache_indices.push_back(part.slot);
    q.initial.push_back(goes_on ? 1 : 0);
  }
  const variant<prefill_problem> row = goes_on ? sequences_variant() : blocks_variant();
  run_row(row, q,
          {v.rows("x", v.args.in("x"), 2, true), v.weight(), v.bias(), v.starts(), v.slots("cache_indices"),
           v.flags()},
          {v.rows("out", v.args.out("out"), 2, true), {"conv_states", v.pool()}}, on);
}

void run_update(const call_views& v, launcher& on) {
  auto q = v.problem<update_problem>(v.p.width - 1);
  q.batch = v.n;
  q.seqlen = v.call.parts[0].tokens;
  for (const step_part& part : v.call.parts) q.conv_state_indices.push_back(part.slot);
  if (v.call.wide) {
    const compact_params c = {channels_of(v.pool()), v.list(v.n + 1), v.list(2 * v.n + 1), v.p.dim,
                              v.p.width - 1};
    with_type(v.p.type, [&](auto type) {
      launch<&compact_kernel<decltype(type)::value>>(on, "compact",
                                                     {v.n, blocks_for(v.p.dim, tile_channels), 1},
                                                     tile_threads<decltype(type)::value>, 0, c);
    });
  }
  run_row(table_of<update_problem, this_side>()[0], q,
          {v.rows("x", v.args.in("x"), 3, true), v.weight(), v.bias(), v.slots("conv_state_indices")},
          {v.rows("out", v.args.out("out"), 3, true), {"conv_state", v.window()}}, on);
}

void run_drafts(const call_views& v, launcher& on) {
  auto q = v.problem<update_speculative_problem>(v.columns());
  q.batch = v.n;
  q.seqlen = v.p.drafts;
  for (const step_part& part : v.call.parts) {
    q.query_lens.push_back(part.tokens);
    q.conv_state_indices.push_back(part.slot);
    q.num_accepted_tokens.push_back(part.accepted);
  }
  run_row(table_of<update_speculative_problem, this_side>()[0], q,
          {v.rows("x", v.args.in("x"), 2, false), v.weight(), v.bias(), v.starts(),
           v.slots("conv_state_indices"), v.accepted()},
          {v.rows("out", v.args.out("out"), 2, false), {"conv_state", v.pool()}}, on);
}

std::string domain(const steps_problem&) { return ""; }

void run(const steps_problem& p, const kernel_arguments& args, launcher& on) {
  for (const step_call& call : calls_of(p)) {
    const call_views views(p, call, args);
    const char kind = p.steps[call.step].kind;
    if (kind == 'u')
      run_update(views, on);
    else if (kind == 's')
      run_drafts(views, on);
    else
      run_prefill(views, kind == 'c', on);
  }
}

constexpr claim alike = claim::same_bits_run_to_run | claim::same_bits_any_schedule;

constexpr variant<steps_problem> rows[] = {{"chain", contracts, alike, domain, run}};

}  // namespace
}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::conv1d

template <>
std::span<const plumbline::variant<plumbline::conv1d::steps_problem>>
plumbline::table_of<plumbline::conv1d::steps_problem, plumbline::this_side>() {
  return conv1d::rows;
}
