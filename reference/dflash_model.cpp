#include "reference/dflash_model.hpp"

#include <algorithm>
#include <cmath>

#include "reference/dflash.hpp"
#include "reference/mla_module.hpp"

namespace plumbline::dflash {

namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

// (rows, heads, d): norm of every head, then its rotation; row n takes rotary row first + n.
void finish_heads(std::vector<double>& rows, const std::vector<double>& gain, double eps,
                  const rotary_rows& rotary, std::int64_t heads, std::int64_t first) {
  const std::size_t d = gain.size(), half = d / 2;
  for (std::size_t n = 0; n < rows.size() / d; ++n) {
    const auto row = std::span(rows).subspan(n * d, d);
    const std::size_t place = (at(first) + n / at(heads)) * half;
    mla::rms_norm(row, gain, eps);
    rotate_halves(row, std::span(rotary.cos).subspan(place, half),
                  std::span(rotary.sin).subspan(place, half));
  }
}

attention_unit::loader head_of(const std::vector<double>& rows, std::int64_t heads, std::int64_t head,
                               std::int64_t d) {
  return [&rows, heads, head, d](std::int64_t first, std::int64_t count, double* out) {
    for (std::int64_t n = first; n < first + count; ++n)
      out = std::copy_n(rows.data() + (n * heads + head) * d, d, out);
  };
}

}  // namespace

void crop(decoder_cache& cache, const decoder_shape& shape, std::int64_t n) {
  if (n >= cache.rows) return;
  cache.rows = n;
  for (auto* all : {&cache.k, &cache.v})
    for (std::vector<double>& layer : *all) layer.resize(at(n * shape.hk * shape.d));
}

rotary_rows rotary_of(std::span<const double> inv_freq, std::int64_t first, std::int64_t count) {
  rotary_rows rows;
  for (std::int64_t position = first; position < first + count; ++position)
    for (const double frequency : inv_freq) {
      rows.cos.push_back(std::cos(static_cast<double>(position) * frequency));
      rows.sin.push_back(std::sin(static_cast<double>(position) * frequency));
    }
  return rows;
}

std::vector<double> decoder::times(std::span<const double> rows, const std::string& weight) const {
  return linear(weights_, (prefix_ + weight + "_weight").c_str(), "", rows).out;
}

std::vector<double> decoder::normed(std::vector<double> rows, const std::string& weight) const {
  const std::vector<double> gain = weights_.at(prefix_ + weight + "_weight").values();
  for (std::size_t row = 0; row < rows.size(); row += gain.size())
    mla::rms_norm(std::span(rows).subspan(row, gain.size()), gain, shape_.eps);
  return rows;
}

std::vector<double> decoder::context_of(std::span<const double> features) const {
  return normed(times(features, "fc"), "hidden_norm");
}

std::vector<double> decoder::attention(std::int64_t layer, std::span<const double> rows,
                                       std::span<const double> context, const rotary_rows& rotary,
                                       bool causal, decoder_cache& cache) const {
  const std::string name = "layers_" + std::to_string(layer) + "_self_attn_";
  const auto gain = [&](const char* norm) { return weights_.at(prefix_ + name + norm + "_weight").values(); };
  const std::int64_t width = shape_.hidden_size, n = static_cast<std::int64_t>(rows.size()) / width;
  const std::int64_t before = static_cast<std::int64_t>(context.size()) / width, d = shape_.d;
  std::vector<double> all(context.begin(), context.end());
  all.insert(all.end(), rows.begin(), rows.end());
  std::vector<double> q = times(rows, name + "q_proj"), k = times(all, name + "k_proj");
  const std::vector<double> v = times(all, name + "v_proj");
  finish_heads(q, gain("q_norm"), shape_.eps, rotary, shape_.hq, before);
  finish_heads(k, gain("k_norm"), shape_.eps, rotary, shape_.hk, 0);
  std::vector<double>&keys = cache.k[at(layer)], &values = cache.v[at(layer)];
  keys.insert(keys.end(), k.begin(), k.end());
  values.insert(values.end(), v.begin(), v.end());

  const std::int64_t held = static_cast<std::int64_t>(keys.size()) / (shape_.hk * d);
  std::vector<attention_unit> units;
  for (std::int64_t h = 0; h < shape_.hq; ++h) {
    const std::int64_t kv_head = h / (shape_.hq / shape_.hk);
    attention_unit unit;
    unit.rows = n, unit.keys = held, unit.dk = unit.dv = d;
    unit.score_scale = 1 / std::sqrt(static_cast<double>(d));
    unit.begin.assign(at(n), 0);
    for (std::int64_t i = 0; i < n; ++i) unit.end.push_back(causal ? held - n + i + 1 : held);
    unit.load_q = head_of(q, shape_.hq, h, d);
    unit.load_k = head_of(keys, shape_.hk, kv_head, d);
    unit.load_v = head_of(values, shape_.hk, kv_head, d);
    units.push_back(std::move(unit));
  }
  attention_options alone;
  alone.companions = false;
  const std::vector<attention_truth> truth = attend(units, {}, alone);
  std::vector<double> attended(at(n * shape_.hq * d));
  for (std::int64_t h = 0; h < shape_.hq; ++h)
    for (std::int64_t i = 0; i < n; ++i)
      std::copy_n(truth[at(h)].out.data() + i * d, d, attended.data() + (i * shape_.hq + h) * d);
  return times(attended, name + "o_proj");
}

std::vector<double> decoder::forward(std::vector<double> rows, std::span<const double> context,
                                     const rotary_rows& rotary, bool causal, decoder_cache& cache,
                                     std::vector<std::vector<double>>* states) const {
  cache.k.resize(at(shape_.layers));
  cache.v.resize(at(shape_.layers));
  const auto add = [&rows](const std::vector<double>& more) {
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] += more[i];
  };
  for (std::int64_t layer = 0; layer < shape_.layers; ++layer) {
    if (states != nullptr) states->push_back(rows);
    const std::string name = "layers_" + std::to_string(layer) + "_";
    add(attention(layer, normed(rows, name + "input_layernorm"), context, rotary, causal, cache));
    const std::vector<double> in = normed(rows, name + "post_attention_layernorm");
    std::vector<double> gate = times(in, name + "mlp_gate_proj"), up = times(in, name + "mlp_up_proj");
    for (std::size_t i = 0; i < up.size(); ++i) up[i] *= gate[i] / (1 + std::exp(-gate[i]));
    add(times(up, name + "mlp_down_proj"));
  }
  if (states != nullptr) states->push_back(rows);
  cache.rows += static_cast<std::int64_t>(rows.size() + context.size()) / shape_.hidden_size;
  return normed(std::move(rows), "norm");
}

int_list target_layer_ids(std::int64_t layers, std::int64_t draft_layers) {
  if (draft_layers == 1) return {layers / 2};
  int_list ids;
  for (std::int64_t i = 0; i < draft_layers; ++i) {
    const double step = static_cast<double>(i * (layers - 4)) / static_cast<double>(draft_layers - 1);
    ids.push_back(static_cast<std::int64_t>(std::nearbyint(1 + step)));
  }
  return ids;
}

std::vector<double> side_by_side(std::span<const std::vector<double>> parts, std::int64_t rows) {
  std::vector<double> all;
  for (std::int64_t row = 0; row < rows; ++row)
    for (const std::vector<double>& part : parts) {
      const auto width = static_cast<std::int64_t>(part.size()) / rows;
      all.insert(all.end(), part.begin() + row * width, part.begin() + (row + 1) * width);
    }
  return all;
}

}  // namespace plumbline::dflash
