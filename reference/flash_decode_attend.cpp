// attend: a unit for each (sequence, KV head) pair, its keys gathered from the cache.
#include <algorithm>

#include "reference/core/bulk_decode.hpp"
#include "reference/flash_decode.hpp"
#include "reference/flash_decode_places.hpp"

namespace plumbline::flash_decode {

namespace {

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

}  // namespace plumbline::flash_decode
