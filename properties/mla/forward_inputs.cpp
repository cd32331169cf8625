#include "properties/mla/forward_inputs.hpp"

#include <cmath>
#include <cstring>
#include <numbers>
#include <string>

#include "properties/generate/draws.hpp"
#include "reference/core/random.hpp"

namespace plumbline::generate {

using mla::forward_problem;

namespace {

constexpr double usual_code = 8;  // size of e4m3 codes: all their precision, far from the largest

void draw_angles(std::uint64_t seed, tensor_set& inputs) {
  tensor &cos = inputs.at("cos"), &sin = inputs.at("sin");
  random_stream draw(seed, "angles");
  for (std::int64_t i = 0; i < cos.size(); ++i) {
    const double angle = 2 * std::numbers::pi * draw.uniform();
    cos.set_value(i, std::cos(angle));
    sin.set_value(i, std::sin(angle));
  }
}

void draw_weight(std::string_view regime, std::uint64_t seed, const std::string& name, tensor_set& inputs) {
  tensor& weight = inputs.at(name);
  const bool queries = name == "wq" || name == "wq_b";
  double size = 1 / std::sqrt(static_cast<double>(weight.dim(1)));
  if (queries && regime == "peaked") size *= 8;
  if (queries && regime == "flat") size *= 0x1p-10;
  tensor* scale = inputs.find(name + "_scale");
  random_stream draw(seed, name);
  for (std::int64_t i = 0; i < weight.size(); ++i) {
    const double x = draw.normal();
    weight.set_value(i, (scale != nullptr ? usual_code : size) * (regime == "positive" ? std::fabs(x) : x));
  }
  for (std::int64_t i = 0; scale != nullptr && i < scale->size(); ++i)
    scale->set_value(i, size / usual_code * (0.5 + draw.uniform()));
}

}  // namespace

std::string_view draw_forward_regime(std::uint64_t seed, std::uint64_t index) {
  constexpr auto last = static_cast<std::int64_t>(forward_regimes.size()) - 1;
  return forward_regimes[static_cast<std::size_t>(draws(seed, index, "forward regime").between(0, last))];
}

void fill_other_rows(const forward_problem& p, std::int64_t end, std::byte fill, tensor_set& caches) {
  for (const char* name : {"k_cache", "v_cache", "kv_cache", "pe_cache"}) {
    tensor* cache = caches.find(name);
    if (cache == nullptr || cache->size() == 0) continue;
    const auto row =
        static_cast<std::size_t>(cache->size() / (p.max_batch_size * p.max_seq_len)) * size_of(cache->type());
    for (std::int64_t s = 0; s < p.max_batch_size; ++s)
      for (std::int64_t j = s < p.b ? end : 0; j < p.max_seq_len; ++j)
        std::memset(cache->data() + static_cast<std::size_t>(s * p.max_seq_len + j) * row,
                    static_cast<int>(fill), row);
  }
}

tensor_set draw_inputs(const forward_problem& p, std::string_view regime, std::uint64_t seed) {
  tensor_set inputs = empty_inputs(p);
  draw_angles(seed, inputs);
  for (auto& [name, t] : inputs) {
    if (name == "cos" || name == "sin" || name.ends_with("_scale")) continue;
    if (name.starts_with("w")) {
      draw_weight(regime, seed, name, inputs);
      continue;
    }
    random_stream draw(seed, name);
    const bool gain = name.ends_with("_norm");
    for (std::int64_t i = 0; i < t.size(); ++i) {
      const double x = draw.normal();
      t.set_value(i, gain ? 1 + 0.3 * x : regime == "positive" ? std::fabs(x) : x);
    }
  }
  tensor& x = inputs.at("x");
  const bool somebody_is_spared = p.b * p.sq > 0 && (p.sq > 1 ? p.causal : p.b > 1);
  if (regime == "one_nan" && somebody_is_spared)
    x.set_value(x.size() - 1 - random_stream(seed, "nan").integer(0, p.dim - 1), std::nan(""));
  fill_other_rows(p, p.start_pos, std::byte{0xff}, inputs);
  return inputs;
}

}  // namespace plumbline::generate
