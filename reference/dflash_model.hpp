// dflash: stacks of decoder layers in double, for models small enough to be followed by hand.
//
// The draft model and its target are the same layers, h += attention(norm(h)), h += mlp(norm(h)), and a last
// norm; mlp is down(silu(gate) * up).  The target sees a token's past alone.  The draft's block sees all of
// itself, and beside it a context that enters every layer's keys unchanged: rms(fc(features)), features being
// the target's hidden states after a few of its layers, side by side.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "reference/core/tensor.hpp"
#include "reference/dflash_problem.hpp"

namespace plumbline::dflash {

struct decoder_shape {
  std::int64_t layers = 1, hidden_size = 24, hq = 3, hk = 1, d = 8;
  double eps = 1e-6;
};

/// Keys and values of every layer, rows of (hk, d).
struct decoder_cache {
  std::vector<std::vector<double>> k, v;  // one a layer
  std::int64_t rows = 0;
};
/// Keeps the first n rows.
void crop(decoder_cache&, const decoder_shape&, std::int64_t n);

/// cos and sin, (rows, d / 2), one row a new key.
struct rotary_rows {
  std::vector<double> cos, sin;
};
/// Rows of positions [first, first + count) with angles position * inv_freq[e].
rotary_rows rotary_of(std::span<const double> inv_freq, std::int64_t first, std::int64_t count);

/// Weights under the names of the models' own modules, behind a prefix: `layers_0_self_attn_q_proj_weight`,
/// `layers_0_mlp_gate_proj_weight`, `layers_0_input_layernorm_weight`, ..., `norm_weight`.
class decoder {
 public:
  /// Reads `weights`, which must outlive it.
  decoder(const tensor_set& weights, std::string prefix, const decoder_shape& shape)
      : weights_(weights), prefix_(std::move(prefix)), shape_(shape) {}
  const decoder_shape& shape() const { return shape_; }

  /// Rows after the last norm from rows (n, hidden_size); keys of `context` and of the rows themselves are
  /// added to the cache.  `causal`: row i sees no key behind its own.  `states`: the rows before each layer
  /// and behind the last one.
  std::vector<double> forward(std::vector<double> rows, std::span<const double> context,
                              const rotary_rows& rotary, bool causal, decoder_cache& cache,
                              std::vector<std::vector<double>>* states = nullptr) const;
  /// rms(fc(features)): the draft's context, from rows of its target's features.
  std::vector<double> context_of(std::span<const double> features) const;
  std::vector<double> normed(std::vector<double> rows, const std::string& weight) const;
  std::vector<double> times(std::span<const double> rows, const std::string& weight) const;

 private:
  std::vector<double> attention(std::int64_t layer, std::span<const double> rows,
                                std::span<const double> context, const rotary_rows& rotary, bool causal,
                                decoder_cache& cache) const;

  const tensor_set& weights_;
  std::string prefix_;
  decoder_shape shape_;
};

/// Which layers of a target of `layers` the draft's features come from: its middle one for one draft layer,
/// else evenly spaced from 1 to layers - 3, halves to even.
int_list target_layer_ids(std::int64_t layers, std::int64_t draft_layers);

/// Rows side by side: (n, sum of widths) of parts (n, width each).
std::vector<double> side_by_side(std::span<const std::vector<double>> parts, std::int64_t rows);

}  // namespace plumbline::dflash
