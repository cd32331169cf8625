// attention: where the keys of a sequence lie, and what the append leaves.
#include <algorithm>
#include <cstring>

#include "reference/core/bulk_decode.hpp"
#include "reference/dflash.hpp"
#include "reference/mla_places.hpp"

namespace plumbline::dflash {

namespace {

// Rows `keys` of a sequence's KV head: those in use from the cache, then the new ones.
attention_unit::loader rows_of(const tensor& cache, std::int64_t cache_row, std::int64_t head,
                               std::int64_t used, const double* fresh, std::int64_t heads, std::int64_t d,
                               int_list keys) {
  return [=, &cache, keys = std::move(keys)](std::int64_t first, std::int64_t count, double* out) {
    for (std::int64_t n = first; n < first + count; ++n, out += d) {
      const std::int64_t j = keys[static_cast<std::size_t>(n)];
      const std::int64_t at[] = {cache_row, j, head, 0};
      if (j < used)
        decode_row(cache.type(), mla::element(cache, cache.offset(at)), d, out);
      else
        std::copy_n(fresh + ((j - used) * heads + head) * d, d, out);
    }
  };
}

// Keys that a query sees, in order; all of them without a mask.
int_list seen_keys(const attention_problem& p, const tensor_set& inputs, std::int64_t s, std::int64_t query) {
  int_list keys;
  const tensor* mask = inputs.find("mask");
  for (std::int64_t j = 0; j < keys_of(p, s); ++j) {
    const std::int64_t at[] = {p.mask_batch == 1 ? 0 : s, 0, p.mask_rows == 1 ? 0 : query, j};
    if (mask == nullptr || mask->value(mask->offset(at)) != 0) keys.push_back(j);
  }
  return keys;
}

std::int64_t units_a_head(const attention_problem& p) { return p.mask_batch > 0 ? p.block_size : 1; }

void copy_rows(const tensor& from, std::int64_t from_row, tensor& to, std::int64_t slot, std::int64_t row,
               std::int64_t count) {
  const std::int64_t bytes = from.dim(2) * static_cast<std::int64_t>(size_of(from.type()));
  for (std::int64_t t = 0; t < count; ++t)
    for (std::int64_t h = 0; h < from.dim(1); ++h) {
      const std::int64_t at[] = {from_row + t, h, 0}, into[] = {slot, row + t, h, 0};
      std::byte* target = to.data() + to.offset(into) * static_cast<std::int64_t>(size_of(to.type()));
      std::memcpy(target, mla::element(from, from.offset(at)), static_cast<std::size_t>(bytes));
    }
}

}  // namespace

new_rows new_rows_of(const attention_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  return {inputs.at("q").values(), inputs.at("k").values(), inputs.at("v").values()};
}

std::vector<attention_unit> units_of(const attention_problem& p, const tensor_set& inputs,
                                     const new_rows& rows) {
  const int_list starts = new_row_starts(p);
  const std::int64_t group = p.hq / p.hk, parts = units_a_head(p), queries = p.block_size / parts;
  std::vector<attention_unit> units;
  for (std::int64_t s = 0; s < p.b; ++s)
    for (std::int64_t head = 0; head < p.hk; ++head)
      for (std::int64_t part = 0; part < parts; ++part) {
        const int_list keys = seen_keys(p, inputs, s, part);
        attention_unit unit;
        unit.rows = queries * group, unit.keys = static_cast<std::int64_t>(keys.size());
        unit.dk = unit.dv = p.d;
        unit.score_scale = effective_scale(p);
        unit.begin.assign(static_cast<std::size_t>(unit.rows), 0);
        unit.end.assign(static_cast<std::size_t>(unit.rows), unit.keys);
        const double* first = rows.q.data() + ((s * p.block_size + part) * p.hq + head * group) * p.d;
        unit.load_q = [first, group, step = p.hq * p.d, d = p.d](std::int64_t row, std::int64_t count,
                                                                 double* out) {
          for (std::int64_t r = row; r < row + count; ++r)
            out = std::copy_n(first + r / group * step + r % group * d, d, out);
        };
        const std::int64_t used = p.cache_seqlens[static_cast<std::size_t>(s)];
        const std::int64_t fresh = starts[static_cast<std::size_t>(s)] * p.hk * p.d;
        unit.load_k = rows_of(inputs.at("k_cache"), cache_row(p, s), head, used, rows.k.data() + fresh, p.hk,
                              p.d, keys);
        unit.load_v = rows_of(inputs.at("v_cache"), cache_row(p, s), head, used, rows.v.data() + fresh, p.hk,
                              p.d, keys);
        units.push_back(std::move(unit));
      }
  return units;
}

row_place place_of(const attention_problem& p, std::size_t unit, std::int64_t row) {
  const std::int64_t group = p.hq / p.hk, parts = units_a_head(p), n = static_cast<std::int64_t>(unit);
  const std::int64_t s = n / parts / p.hk, head = n / parts % p.hk * group + row % group;
  const std::int64_t query = n % parts + row / group;
  return {s, query, head, (s * p.block_size + query) * p.hq + head, (s * p.hq + head) * p.block_size + query};
}

std::string name_of(const row_place& at) {
  return "sequence " + std::to_string(at.sequence) + ", query " + std::to_string(at.query) + ", head " +
         std::to_string(at.head);
}

std::vector<attention_truth> attend(const attention_problem& p, const tensor_set& inputs,
                                    std::span<const contract> contracts, const attention_options& options) {
  const new_rows rows = new_rows_of(p, inputs);
  return attend(units_of(p, inputs, rows), contracts, options);
}

std::vector<double> attended_of(const attention_problem& p, std::span<const attention_truth> units) {
  std::vector<double> all(static_cast<std::size_t>(p.b * p.block_size * p.hq * p.d));
  for (std::size_t u = 0; u < units.size(); ++u)
    for (std::int64_t row = 0; row < units[u].rows; ++row)
      std::copy_n(units[u].out.data() + row * p.d, p.d, all.data() + place_of(p, u, row).out_row * p.d);
  return all;
}

tensor_set appended(const attention_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  const int_list starts = new_row_starts(p);
  tensor_set caches;
  for (const auto& [name, from] : {std::pair("k_cache", "k"), std::pair("v_cache", "v")}) {
    tensor& cache = caches.set(name, inputs.at(name));
    for (std::size_t s = 0; s < p.context_lens.size(); ++s)
      copy_rows(inputs.at(from), starts[s], cache, cache_row(p, static_cast<std::int64_t>(s)),
                p.cache_seqlens[s], starts[s + 1] - starts[s]);
  }
  return caches;
}

layer_truth layer(const attention_problem& p, const tensor_set& inputs, const new_rows& rows) {
  attention_options alone;
  alone.companions = false;
  layer_truth truth;
  truth.attended = attended_of(p, attend(units_of(p, inputs, rows), {}, alone));
  truth.out = linear(inputs, "wo", "bo", truth.attended).out;
  return truth;
}

}  // namespace plumbline::dflash
