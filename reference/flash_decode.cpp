#include "reference/flash_decode.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "reference/core/bulk_decode.hpp"

namespace plumbline::flash_decode {

namespace {

// Element offset of slot 0's first head and the step to the next head, for any slot of a sequence.
class slot_map {
 public:
  slot_map(const cache_shape& p, const tensor_set& inputs, std::int64_t s) : page_size_(p.page_size) {
    const tensor* rows = inputs.find("cache_batch_idx");
    row_ = p.has_batch_idx ? static_cast<std::int64_t>(rows->value(s)) : s;
    if (page_size_ > 0) table_ = &inputs.at("page_table");
  }
  /// Cache row and slot, or physical page and offset in it.
  std::pair<std::int64_t, std::int64_t> place(std::int64_t slot) const {
    if (page_size_ == 0) return {row_, slot};
    const std::int64_t index[] = {row_, slot / page_size_};
    return {static_cast<std::int64_t>(table_->value(table_->offset(index))), slot % page_size_};
  }
  std::int64_t offset(const tensor& cache, std::int64_t slot, std::int64_t head) const {
    const auto [row, position] = place(slot);
    const std::int64_t index[] = {row, position, head, 0};
    return cache.offset(index);
  }
  /// Slots from `slot` on that lie behind it at the cache's stride.
  std::int64_t run(std::int64_t slot) const {
    return page_size_ == 0 ? std::numeric_limits<std::int64_t>::max() : page_size_ - slot % page_size_;
  }

 private:
  std::int64_t page_size_, row_ = 0;
  const tensor* table_ = nullptr;
};

const std::byte* element(const tensor& t, std::int64_t offset) {
  return t.data() + offset * static_cast<std::int64_t>(size_of(t.type()));
}

// Decodes `width` elements of a head for `count` slots into rows of `pitch` doubles.
void load_slots(const tensor& cache, const slot_map& slots, std::int64_t head, std::int64_t first,
                std::int64_t count, std::int64_t width, std::int64_t pitch, double* out) {
  const std::int64_t step = cache.strides()[1];
  for (std::int64_t done = 0; done < count;) {
    const std::int64_t run = std::min(count - done, slots.run(first + done));
    const std::int64_t start = slots.offset(cache, first + done, head);
    if (step == width && pitch == width) {
      decode_row(cache.type(), element(cache, start), run * width, out + done * pitch);
    } else {
      for (std::int64_t j = 0; j < run; ++j)
        decode_row(cache.type(), element(cache, start + j * step), width, out + (done + j) * pitch);
    }
    done += run;
  }
}

// First token of each sequence in packed order.
template <class Problem>
std::vector<std::int64_t> first_tokens(const Problem& p,
                                       std::int64_t (*tokens)(const Problem&, std::int64_t)) {
  std::vector<std::int64_t> first(static_cast<std::size_t>(p.b) + 1, 0);
  for (std::int64_t s = 0; s < p.b; ++s)
    first[static_cast<std::size_t>(s) + 1] = first[static_cast<std::size_t>(s)] + tokens(p, s);
  return first;
}

// Element offset of a token's head, for (b, s, heads, dim) and packed (tokens, heads, dim) alike.
std::int64_t token_offset(const tensor& t, std::int64_t sequence, std::int64_t token,
                          std::int64_t packed_token, std::int64_t head) {
  if (t.rank() == 4) {
    const std::int64_t index[] = {sequence, token, head, 0};
    return t.offset(index);
  }
  const std::int64_t index[] = {packed_token, head, 0};
  return t.offset(index);
}

double descale(const tensor_set& inputs, const char* name, std::int64_t s, std::int64_t kv_head) {
  const tensor* t = inputs.find(name);
  if (!t) return 1;
  const std::int64_t index[] = {s, kv_head};
  return t->value(t->offset(index));
}

}  // namespace

std::vector<attention_unit> attend_units(const attend_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  const tensor &q = inputs.at("q"), &k = inputs.at("k_cache"), &v = inputs.at("v_cache");
  const tensor* qv = p.has_qv ? &inputs.at("qv") : nullptr;
  const tensor* sink = p.has_sink ? &inputs.at("learnable_sink") : nullptr;
  const std::int64_t group = p.hq / p.hk, d = p.d, dv = p.dv;
  const auto first = first_tokens<attend_problem>(p, query_tokens);
  std::vector<attention_unit> units;
  for (std::int64_t s = 0; s < p.b; ++s) {
    const std::int64_t sq = query_tokens(p, s), sk = cached_keys(p, s), pad = left_padding(p, s);
    const std::int64_t packed = first[static_cast<std::size_t>(s)];
    const slot_map slots(p, inputs, s);
    for (std::int64_t kv_head = 0; kv_head < p.hk; ++kv_head) {
      attention_unit unit;
      unit.rows = sq * group;
      unit.keys = sk;
      unit.dk = d + (qv ? dv : 0);
      unit.dv = dv;
      unit.load_q = [=, &q](std::int64_t from, std::int64_t count, double* out) {
        for (std::int64_t r = from; r < from + count; ++r) {
          const std::int64_t i = r / group, h = kv_head * group + r % group;
          decode_row(q.type(), element(q, token_offset(q, s, i, packed + i, h)), d, out);
          if (qv) decode_row(qv->type(), element(*qv, token_offset(*qv, s, i, packed + i, h)), dv, out + d);
          out += d + (qv ? dv : 0);
        }
      };
      unit.load_k = [=, &k, &v](std::int64_t from, std::int64_t count, double* out) {
        const std::int64_t pitch = d + (qv ? dv : 0);
        load_slots(k, slots, kv_head, pad + from, count, d, pitch, out);
        if (qv) load_slots(v, slots, kv_head, pad + from, count, dv, pitch, out + d);
      };
      unit.load_v = [=, &v](std::int64_t from, std::int64_t count, double* out) {
        load_slots(v, slots, kv_head, pad + from, count, dv, dv, out);
      };
      for (std::int64_t i = 0; i < sq; ++i) {
        const key_range visible = visible_keys(p, i, sq, sk);
        unit.begin.insert(unit.begin.end(), static_cast<std::size_t>(group), visible.begin);
        unit.end.insert(unit.end.end(), static_cast<std::size_t>(group), visible.end);
        for (std::int64_t g = 0; sink && g < group; ++g)
          unit.sink.push_back(sink->value((kv_head * group + g) * sink->strides()[0]));
      }
      unit.score_scale = effective_scale(p) * descale(inputs, "q_descale", s, kv_head) *
                         descale(inputs, "k_descale", s, kv_head);
      unit.softcap = p.softcap;
      unit.value_scale = descale(inputs, "v_descale", s, kv_head);
      units.push_back(std::move(unit));
    }
  }
  return units;
}

std::vector<attention_truth> attend(const attend_problem& p, const tensor_set& inputs,
                                    std::span<const contract> contracts, const attention_options& options) {
  return plumbline::attend(attend_units(p, inputs), contracts, options);
}

row_place place_of(const attend_problem& p, std::size_t unit, std::int64_t row) {
  const std::int64_t group = p.hq / p.hk;
  const std::int64_t s = static_cast<std::int64_t>(unit) / p.hk,
                     kv_head = static_cast<std::int64_t>(unit) % p.hk;
  row_place at;
  at.sequence = s;
  at.query = row / group;
  at.head = kv_head * group + row % group;
  if (p.seqlens_q.empty()) {
    at.out_row = (s * p.sq + at.query) * p.hq + at.head;
    at.lse = (s * p.hq + at.head) * p.sq + at.query;
    return at;
  }
  std::int64_t token = at.query, total = 0;
  for (std::int64_t n = 0; n < p.b; ++n) {
    if (n < s) token += query_tokens(p, n);
    total += query_tokens(p, n);
  }
  at.out_row = token * p.hq + at.head;
  at.lse = at.head * total + token;
  return at;
}

std::string name_of(const row_place& at) {
  return "sequence " + std::to_string(at.sequence) + ", query " + std::to_string(at.query) + ", head " +
         std::to_string(at.head);
}

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
        for (std::int64_t c = 0; c < p.rotary_dim; ++c) to->set_value(offset + c, row[c]);
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

combine_truth combine(const combine_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  const tensor &partial = inputs.at("out_partial"), &lse = inputs.at("lse_partial");
  combine_truth truth;
  truth.out.assign(static_cast<std::size_t>(p.b * p.sq * p.hq * p.dv), 0.0);
  const double empty = -std::numeric_limits<double>::infinity();
  std::vector<double> logs(static_cast<std::size_t>(p.num_splits)), row(static_cast<std::size_t>(p.dv));
  double* out = truth.out.data();
  for (std::int64_t n = 0; n < p.b * p.sq * p.hq; ++n, out += p.dv) {
    const std::int64_t b = n / (p.sq * p.hq), i = n / p.hq % p.sq, h = n % p.hq;
    for (std::int64_t s = 0; s < p.num_splits; ++s) {
      const std::int64_t index[] = {s, b, i, h};
      logs[static_cast<std::size_t>(s)] = lse.value(lse.offset(index));
    }
    const double largest = *std::max_element(logs.begin(), logs.end());
    if (largest == empty) {
      truth.lse.push_back(empty);
      continue;
    }
    double total = 0;
    for (double& log : logs) total += log = log == empty ? 0 : std::exp(log - largest);
    truth.lse.push_back(largest + std::log(total));
    for (std::int64_t s = 0; s < p.num_splits; ++s) {
      const double weight = logs[static_cast<std::size_t>(s)] / total;
      if (!(weight > 0)) continue;
      const std::int64_t index[] = {s, b, i, h, 0};
      decode_row(partial.type(), element(partial, partial.offset(index)), p.dv, row.data());
      for (std::int64_t c = 0; c < p.dv; ++c) out[c] += weight * row[static_cast<std::size_t>(c)];
    }
  }
  return truth;
}

}  // namespace plumbline::flash_decode
