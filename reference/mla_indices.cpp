// Attention over index lists: a unit for each query, whose rows are the heads and whose keys are the rows
// that the query lists, first list then second, each as often as it is listed.
#include <algorithm>
#include <limits>

#include "reference/mla.hpp"
#include "reference/mla_places.hpp"

namespace plumbline::mla {

namespace {

// Entries of one list that name a row: numbers of rows.
std::vector<std::int64_t> listed(const tensor& indices, std::span<const std::int64_t> list, std::int64_t used,
                                 std::int64_t rows) {
  std::vector<std::int64_t> found;
  std::vector<std::int64_t> at(list.begin(), list.end());
  for (std::int64_t j = 0; j < used; ++j) {
    at.back() = j;
    const auto row = static_cast<std::int64_t>(indices.value(indices.offset(at)));
    if (row >= 0 && row < rows) found.push_back(row);
  }
  return found;
}

std::int64_t used_entries(const std::vector<std::int64_t>& lengths, std::int64_t which, std::int64_t all) {
  return lengths.empty() ? all : lengths[static_cast<std::size_t>(which)];
}

// Rows of a paged cache by their numbers.
std::vector<std::int64_t> row_offsets(const tensor& cache, const std::vector<std::int64_t>& rows) {
  std::vector<std::int64_t> offsets;
  for (const std::int64_t row : rows) {
    const std::int64_t at[] = {row / cache.dim(1), row % cache.dim(1), 0, 0};
    offsets.push_back(cache.offset(at));
  }
  return offsets;
}

// The keys of `first`, then those of `second`.
attention_unit::loader one_after_the_other(attention_unit::loader first, std::int64_t count,
                                           attention_unit::loader second, std::int64_t width) {
  return [=](std::int64_t from, std::int64_t n, double* out) {
    const std::int64_t of_first = std::clamp<std::int64_t>(count - from, 0, n);
    if (of_first > 0) first(from, of_first, out);
    if (n > of_first) second(from + of_first - count, n - of_first, out + of_first * width);
  };
}

template <class Problem>
attention_unit unit_for(const Problem& p, const tensor& q, std::vector<std::int64_t> heads, std::int64_t keys,
                        const tensor_set& inputs) {
  attention_unit unit;
  unit.rows = p.hq;
  unit.keys = keys;
  unit.dk = p.d;
  unit.dv = p.dv;
  unit.score_scale = effective_scale(p);
  unit.begin.assign(static_cast<std::size_t>(p.hq), 0);
  unit.end.assign(static_cast<std::size_t>(p.hq), keys);
  unit.load_q = rows_at(q, std::move(heads), p.d);
  if (p.has_sink) unit.sink = inputs.at("attn_sink").values();
  return unit;
}

}  // namespace

std::vector<attention_unit> units_of(const decode_indices_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  const tensor &q = inputs.at("q"), &cache = inputs.at("k_cache"), &indices = inputs.at("indices");
  const tensor *extra = inputs.find("extra_k_cache"), *extra_indices = inputs.find("extra_indices");
  std::vector<attention_unit> units;
  for (std::int64_t s = 0; s < p.b; ++s)
    for (std::int64_t i = 0; i < p.sq; ++i) {
      std::vector<std::int64_t> heads;
      for (std::int64_t h = 0; h < p.hq; ++h) {
        const std::int64_t at[] = {s, i, h, 0};
        heads.push_back(q.offset(at));
      }
      const std::int64_t list[] = {s, i, 0};
      const auto rows = row_offsets(
          cache, listed(indices, list, used_entries(p.topk_length, s, p.topk), p.num_pages * p.page_size));
      const auto count = static_cast<std::int64_t>(rows.size());
      std::vector<std::int64_t> more;
      if (extra != nullptr)
        more = row_offsets(*extra,
                           listed(*extra_indices, list, used_entries(p.extra_topk_length, s, p.extra_topk),
                                  p.extra_num_pages * p.extra_page_size));
      attention_unit unit =
          unit_for(p, q, std::move(heads), count + static_cast<std::int64_t>(more.size()), inputs);
      unit.load_k = rows_at(cache, rows, p.d);
      unit.load_v = rows_at(cache, rows, p.dv);
      if (extra != nullptr) {
        unit.load_k = one_after_the_other(unit.load_k, count, rows_at(*extra, more, p.d), p.d);
        unit.load_v = one_after_the_other(unit.load_v, count, rows_at(*extra, more, p.dv), p.dv);
      }
      units.push_back(std::move(unit));
    }
  return units;
}

std::vector<attention_unit> units_of(const prefill_indices_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  const tensor &q = inputs.at("q"), &kv = inputs.at("kv"), &indices = inputs.at("indices");
  std::vector<attention_unit> units;
  for (std::int64_t i = 0; i < p.sq; ++i) {
    std::vector<std::int64_t> heads, rows;
    for (std::int64_t h = 0; h < p.hq; ++h) {
      const std::int64_t at[] = {i, h, 0};
      heads.push_back(q.offset(at));
    }
    const std::int64_t list[] = {i, 0, 0};
    for (const std::int64_t row : listed(indices, list, used_entries(p.topk_length, i, p.topk), p.skv)) {
      const std::int64_t at[] = {row, 0, 0};
      rows.push_back(kv.offset(at));
    }
    attention_unit unit = unit_for(p, q, std::move(heads), static_cast<std::int64_t>(rows.size()), inputs);
    unit.load_k = rows_at(kv, rows, p.d);
    unit.load_v = rows_at(kv, std::move(rows), p.dv);
    units.push_back(std::move(unit));
  }
  return units;
}

std::vector<attention_truth> decode_indices(const decode_indices_problem& p, const tensor_set& inputs,
                                            std::span<const contract> contracts,
                                            const attention_options& options) {
  auto truths = attend(units_of(p, inputs), contracts, options);
  finish_lse(truths);
  return truths;
}

prefill_indices_truth prefill_indices(const prefill_indices_problem& p, const tensor_set& inputs,
                                      std::span<const contract> contracts, const attention_options& options) {
  attention_options with_companions = options;
  with_companions.companions = true;
  prefill_indices_truth truth{attend(units_of(p, inputs), contracts, with_companions), {}};
  for (const attention_truth& unit : truth.units)
    for (const attention_truth::row& row : unit.row_facts)
      truth.max_logits.push_back(row.visible > 0 ? row.s_max : -std::numeric_limits<double>::infinity());
  finish_lse(truth.units);
  return truth;
}

row_place place_of(const decode_indices_problem& p, std::size_t unit, std::int64_t row) {
  const auto at = static_cast<std::int64_t>(unit);
  const std::int64_t s = at / p.sq, i = at % p.sq;
  return {s, i, row, at * p.hq + row, (s * p.hq + row) * p.sq + i};
}

row_place place_of(const prefill_indices_problem& p, std::size_t unit, std::int64_t row) {
  const auto i = static_cast<std::int64_t>(unit);
  return {0, i, row, i * p.hq + row, i * p.hq + row};
}

}  // namespace plumbline::mla
