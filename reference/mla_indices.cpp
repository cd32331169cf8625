// Attention over index lists: a unit for each query, whose rows are the heads and whose keys are the rows
// that the query lists, first list then second, each as often as it is listed.
#include <algorithm>
#include <limits>
#include <memory>

#include "reference/mla.hpp"
#include "reference/mla_cache_format.hpp"
#include "reference/mla_places.hpp"
#include "reference/quantize.hpp"

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

// The listed rows of one cache: loaders of the first `width` numbers of each.
class listed_rows {
 public:
  listed_rows(const decode_indices_problem& p, const tensor_set& inputs, bool extra, std::int64_t s,
              std::int64_t i)
      : cache_(&inputs.at(extra ? "extra_k_cache" : "k_cache")) {
    const std::int64_t used =
        extra ? used_entries(p.extra_topk_length, s, p.extra_topk) : used_entries(p.topk_length, s, p.topk);
    const std::int64_t list[] = {s, i, 0};
    const auto rows =
        listed(inputs.at(extra ? "extra_indices" : "indices"), list, used, cache_->dim(0) * cache_->dim(1));
    if (p.format != kv_format::plain)
      dequantize(stored_cache(p, extra), rows);
    else
      for (const std::int64_t row : rows) {
        const std::int64_t at[] = {row / cache_->dim(1), row % cache_->dim(1), 0, 0};
        offsets_.push_back(cache_->offset(at));
      }
  }
  std::int64_t count() const { return static_cast<std::int64_t>(offsets_.size()); }
  attention_unit::loader loader(std::int64_t width) const {
    const auto own = own_;  // lives as long as a loader does
    return [own, load = rows_at(own ? *own : *cache_, offsets_, width)](std::int64_t first, std::int64_t n,
                                                                        double* out) { load(first, n, out); };
  }

 private:
  void dequantize(quantize::cache_shape shape, const std::vector<std::int64_t>& rows) {
    own_ = std::make_shared<tensor>(
        shape.type, std::vector<std::int64_t>{static_cast<std::int64_t>(rows.size()), shape.d});
    shape.page_gap = cache_->strides()[0] - shape.page_size * quantize::slot_bytes(shape);
    const std::int64_t row_bytes = shape.d * static_cast<std::int64_t>(size_of(shape.type));
    for (const std::int64_t row : rows) {
      quantize::read_slot(shape, shape.type, quantize::slot_of(shape, row, cache_->data()),
                          own_->data() + count() * row_bytes);
      offsets_.push_back(count() * shape.d);
    }
  }

  const tensor* cache_;
  std::shared_ptr<tensor> own_;  // quantized formats: the rows as they are read
  std::vector<std::int64_t> offsets_;
};

// The keys of `first`, then those of `second`.
attention_unit::loader one_after_the_other(const listed_rows& first, const listed_rows& second,
                                           std::int64_t width) {
  return [count = first.count(), load_first = first.loader(width), load_second = second.loader(width), width](
             std::int64_t from, std::int64_t n, double* out) {
    const std::int64_t of_first = std::clamp<std::int64_t>(count - from, 0, n);
    if (of_first > 0) load_first(from, of_first, out);
    if (n > of_first) load_second(from + of_first - count, n - of_first, out + of_first * width);
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
  const tensor& q = inputs.at("q");
  std::vector<attention_unit> units;
  for (std::int64_t s = 0; s < p.b; ++s)
    for (std::int64_t i = 0; i < p.sq; ++i) {
      std::vector<std::int64_t> heads;
      for (std::int64_t h = 0; h < p.hq; ++h) {
        const std::int64_t at[] = {s, i, h, 0};
        heads.push_back(q.offset(at));
      }
      const listed_rows rows(p, inputs, false, s, i);
      attention_unit unit;
      if (p.extra_topk == 0) {
        unit = unit_for(p, q, std::move(heads), rows.count(), inputs);
        unit.load_k = rows.loader(p.d);
        unit.load_v = rows.loader(p.dv);
      } else {
        const listed_rows more(p, inputs, true, s, i);
        unit = unit_for(p, q, std::move(heads), rows.count() + more.count(), inputs);
        unit.load_k = one_after_the_other(rows, more, p.d);
        unit.load_v = one_after_the_other(rows, more, p.dv);
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
