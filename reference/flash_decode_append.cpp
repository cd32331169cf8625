// append: rotate in double, round once, write; and the attend that follows.
#include <cstring>

#include "reference/core/bulk_decode.hpp"
#include "reference/flash_decode.hpp"
#include "reference/flash_decode_places.hpp"

namespace plumbline::flash_decode {

void rotate_row(std::span<double> row, std::span<const double> cos, std::span<const double> sin,
                bool interleaved) {
  const std::size_t pairs = cos.size();
  for (std::size_t e = 0; e < pairs; ++e) {
    double& first = row[interleaved ? 2 * e : e];
    double& second = row[interleaved ? 2 * e + 1 : e + pairs];
    const double x = first, y = second;
    first = x * cos[e] - y * sin[e];
    second = x * sin[e] + y * cos[e];
  }
}

namespace {

// Rows of cos and sin, decoded on demand.
class rotary_tables {
 public:
  rotary_tables(const append_problem& p, const tensor_set& inputs)
      : pairs_(p.rotary_dim / 2), interleaved_(p.rotary_interleaved) {
    if (pairs_ == 0) return;
    cos_ = inputs.at("rotary_cos").values();
    sin_ = inputs.at("rotary_sin").values();
  }
  void rotate(std::span<double> row, std::int64_t position) const {
    const auto from = static_cast<std::size_t>(position * pairs_), count = static_cast<std::size_t>(pairs_);
    rotate_row(row, std::span(cos_).subspan(from, count), std::span(sin_).subspan(from, count), interleaved_);
  }

 private:
  std::int64_t pairs_;
  bool interleaved_;
  std::vector<double> cos_, sin_;
};

// Decodes every (token, head) row of `from`, rotates it at position(sequence, token), rounds it into `to`.
template <class Position, class Target>
std::vector<double> rotated(const append_problem& p, const tensor& from, std::int64_t heads,
                            std::int64_t (*tokens)(const append_problem&, std::int64_t),
                            const rotary_tables& tables, Position position, Target target) {
  const auto first = first_tokens<append_problem>(p, tokens);
  const auto width = static_cast<std::size_t>(p.d);
  const overflow rule =
      p.type == dtype::e4m3 ? overflow::saturate : overflow::ieee;  // as GPUs convert to fp8
  std::vector<double> exact(static_cast<std::size_t>(first.back() * heads) * width);
  double* row = exact.data();
  for (std::int64_t s = 0; s < p.b; ++s) {
    for (std::int64_t t = 0; t < tokens(p, s); ++t) {
      const std::int64_t packed = first[static_cast<std::size_t>(s)] + t;
      for (std::int64_t h = 0; h < heads; ++h, row += width) {
        const std::int64_t source = token_offset(from, s, t, packed, h);
        decode_row(from.type(), element(from, source), p.d, row);
        const auto [to, offset] = target(s, t, packed, h);
        std::memcpy(to->data() + offset * static_cast<std::int64_t>(size_of(p.type)), element(from, source),
                    width * size_of(p.type));
        if (p.rotary_dim == 0) continue;
        tables.rotate(std::span(row, width), position(s, t));
        for (std::int64_t c = 0; c < p.rotary_dim; ++c)
          to->set_code(offset + c, encode(p.type, row[c], rule));
      }
    }
  }
  return exact;
}

}  // namespace

append_truth append(const append_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  append_truth truth;
  truth.k_cache = inputs.at("k_cache");
  truth.v_cache = inputs.at("v_cache");
  const tensor& v_new = inputs.at("v_new");
  const auto first = first_tokens<append_problem>(p, new_tokens);
  const auto bytes = static_cast<std::int64_t>(size_of(p.type));
  for (std::int64_t s = 0; s < p.b; ++s) {
    const slot_map slots(p, inputs, s);
    for (std::int64_t t = 0; t < new_tokens(p, s); ++t) {
      const std::int64_t slot = p.cache_seqlens[static_cast<std::size_t>(s)] + t;
      const auto [row, position] = slots.place(slot);
      truth.written.push_back(
          {s, t, row, position, slots.offset(truth.k_cache, slot, 0), slots.offset(truth.v_cache, slot, 0)});
      for (std::int64_t h = 0; h < p.hk; ++h)
        std::memcpy(truth.v_cache.data() + slots.offset(truth.v_cache, slot, h) * bytes,
                    element(v_new, token_offset(v_new, s, t, first[static_cast<std::size_t>(s)] + t, h)),
                    static_cast<std::size_t>(p.dv * bytes));
    }
  }
  const rotary_tables tables(p, inputs);
  const auto rope0 = [&](std::int64_t s) {
    return (p.rotary_seqlens.empty() ? p.cache_seqlens : p.rotary_seqlens)[static_cast<std::size_t>(s)];
  };
  const std::int64_t head_step = truth.k_cache.strides()[2];
  truth.k_exact = rotated(
      p, inputs.at("k_new"), p.hk, new_tokens, tables,
      [&](std::int64_t s, std::int64_t t) { return rope0(s) + t; },
      [&](std::int64_t, std::int64_t, std::int64_t packed, std::int64_t h) {
        return std::pair(&truth.k_cache,
                         truth.written[static_cast<std::size_t>(packed)].k_offset + h * head_step);
      });
  if (p.rotary_dim > 0 && p.sq > 0) {
    truth.q_rotated = make_outputs(p, inputs).at("q_rotated");
    const bool moving = q_positions_move(p);
    truth.q_exact = rotated(
        p, inputs.at("q"), p.hq, query_tokens, tables,
        [&](std::int64_t s, std::int64_t i) { return rope0(s) + (moving ? i : 0); },
        [&](std::int64_t s, std::int64_t i, std::int64_t packed, std::int64_t h) {
          return std::pair(&truth.q_rotated, token_offset(truth.q_rotated, s, i, packed, h));
        });
  }
  return truth;
}

attend_call attend_after(const append_problem& append, const attend_problem& attend, const tensor_set& inputs,
                         const tensor& k_cache, const tensor& v_cache, const tensor* q_rotated) {
  attend_call call{attend, {}};
  static_cast<cache_shape&>(call.problem) = append;
  for (std::int64_t s = 0; s < append.b; ++s)
    call.problem.cache_seqlens[static_cast<std::size_t>(s)] += new_tokens(append, s);
  constexpr std::string_view kept[] = {
      "q",  "cache_batch_idx", "cache_leftpad", "page_table", "cu_seqlens_q",
      "qv", "q_descale",       "k_descale",     "v_descale",  "learnable_sink"};
  for (std::string_view name : kept)
    if (const tensor* t = inputs.find(name)) call.inputs.set(std::string(name), *t);
  if (q_rotated) call.inputs.set("q", *q_rotated);
  call.inputs.set("k_cache", k_cache);
  call.inputs.set("v_cache", v_cache);
  tensor& lengths = call.inputs.set("cache_seqlens", tensor(dtype::i32, {append.b}));
  for (std::int64_t s = 0; s < append.b; ++s)
    lengths.set_value(s, static_cast<double>(call.problem.cache_seqlens[static_cast<std::size_t>(s)]));
  return call;
}

}  // namespace plumbline::flash_decode
