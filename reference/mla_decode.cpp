// decode: a unit for each (sequence, KV head) pair, its keys gathered from the latent cache.
#include "reference/mla.hpp"
#include "reference/mla_places.hpp"

namespace plumbline::mla {

std::vector<attention_unit> decode_units(const decode_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  const tensor &q = inputs.at("q"), &cache = inputs.at("k_cache"), &table = inputs.at("block_table");
  const std::int64_t group = p.hq / p.hk;
  std::vector<attention_unit> units;
  for (std::int64_t s = 0; s < p.b; ++s) {
    const std::int64_t length = p.cache_seqlens[static_cast<std::size_t>(s)];
    for (std::int64_t kv_head = 0; kv_head < p.hk; ++kv_head) {
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
      const auto keys = paged_offsets(cache, table, s, length, kv_head);
      unit.load_q = rows_at(q, std::move(queries), p.d);
      unit.load_k = rows_at(cache, keys, p.d);
      unit.load_v = rows_at(cache, keys, p.dv);
      units.push_back(std::move(unit));
    }
  }
  return units;
}

std::vector<attention_truth> decode(const decode_problem& p, const tensor_set& inputs,
                                    std::span<const contract> contracts, const attention_options& options) {
  auto truths = attend(decode_units(p, inputs), contracts, options);
  finish_lse(truths);
  return truths;
}

row_place place_of(const decode_problem& p, std::size_t unit, std::int64_t row) {
  const std::int64_t group = p.hq / p.hk, s = static_cast<std::int64_t>(unit) / p.hk,
                     kv_head = static_cast<std::int64_t>(unit) % p.hk;
  const std::int64_t query = row / group, head = kv_head * group + row % group;
  return {s, query, head, (s * p.sq + query) * p.hq + head, (s * p.hq + head) * p.sq + query};
}

std::string name_of(const row_place& at) {
  return "sequence " + std::to_string(at.sequence) + ", query " + std::to_string(at.query) + ", head " +
         std::to_string(at.head);
}

}  // namespace plumbline::mla
