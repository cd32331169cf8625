// prefill and decode: a unit for each (sequence, KV head) pair.  They differ only in where a key lies: in
// rows of a dense K and V, or in pages of one latent cache, whose rows are keys and, in part, values.
#include "reference/mla.hpp"
#include "reference/mla_places.hpp"

namespace plumbline::mla {

namespace {

// The query side of a unit; keys are added by the caller.
template <class Problem>
attention_unit unit_for(const Problem& p, const tensor& q, std::int64_t s, std::int64_t kv_head) {
  const std::int64_t group = p.hq / p.hk, length = p.cache_seqlens[static_cast<std::size_t>(s)];
  attention_unit unit;
  unit.rows = p.sq * group;
  unit.keys = length;
  unit.dk = p.d;
  unit.dv = p.dv;
  unit.score_scale = effective_scale(p);
  std::vector<std::int64_t> queries;
  for (std::int64_t i = 0; i < p.sq; ++i)
    for (std::int64_t g = 0; g < group; ++g) {
      const std::int64_t at[] = {s, i, kv_head * group + g, 0};
      queries.push_back(q.offset(at));
      unit.begin.push_back(0);
      unit.end.push_back(visible_keys(p.causal, i, p.sq, length));
    }
  unit.load_q = rows_at(q, std::move(queries), p.d);
  return unit;
}

template <class Problem>
row_place packed_place(const Problem& p, std::size_t unit, std::int64_t row) {
  const std::int64_t group = p.hq / p.hk, s = static_cast<std::int64_t>(unit) / p.hk,
                     kv_head = static_cast<std::int64_t>(unit) % p.hk;
  const std::int64_t query = row / group, head = kv_head * group + row % group;
  return {s, query, head, (s * p.sq + query) * p.hq + head, (s * p.hq + head) * p.sq + query};
}

template <class Problem>
std::vector<attention_truth> truth_of(const Problem& p, const tensor_set& inputs,
                                      std::span<const contract> contracts, const attention_options& options) {
  auto truths = attend(units_of(p, inputs), contracts, options);
  finish_lse(truths);
  return truths;
}

}  // namespace

std::vector<attention_unit> units_of(const prefill_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  const tensor &q = inputs.at("q"), &k = inputs.at("k"), &v = inputs.at("v");
  std::vector<attention_unit> units;
  for (std::int64_t s = 0; s < p.b; ++s)
    for (std::int64_t kv_head = 0; kv_head < p.hk; ++kv_head) {
      units.push_back(unit_for(p, q, s, kv_head));
      const std::int64_t keys = units.back().keys;
      units.back().load_k = rows_at(k, dense_offsets(k, s, keys, kv_head), p.d);
      units.back().load_v = rows_at(v, dense_offsets(v, s, keys, kv_head), p.dv);
    }
  return units;
}

std::vector<attention_unit> units_of(const decode_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  const tensor &q = inputs.at("q"), &cache = inputs.at("k_cache"), &table = inputs.at("block_table");
  std::vector<attention_unit> units;
  for (std::int64_t s = 0; s < p.b; ++s)
    for (std::int64_t kv_head = 0; kv_head < p.hk; ++kv_head) {
      units.push_back(unit_for(p, q, s, kv_head));
      const auto keys = paged_offsets(cache, table, s, units.back().keys, kv_head);
      units.back().load_k = rows_at(cache, keys, p.d);
      units.back().load_v = rows_at(cache, keys, p.dv);
    }
  return units;
}

std::vector<attention_truth> prefill(const prefill_problem& p, const tensor_set& inputs,
                                     std::span<const contract> contracts, const attention_options& options) {
  return truth_of(p, inputs, contracts, options);
}

std::vector<attention_truth> decode(const decode_problem& p, const tensor_set& inputs,
                                    std::span<const contract> contracts, const attention_options& options) {
  return truth_of(p, inputs, contracts, options);
}

row_place place_of(const prefill_problem& p, std::size_t unit, std::int64_t row) {
  return packed_place(p, unit, row);
}

row_place place_of(const decode_problem& p, std::size_t unit, std::int64_t row) {
  return packed_place(p, unit, row);
}

std::string name_of(const row_place& at) {
  return "sequence " + std::to_string(at.sequence) + ", query " + std::to_string(at.query) + ", head " +
         std::to_string(at.head);
}

}  // namespace plumbline::mla
