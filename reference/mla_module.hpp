// mla: the truth of the module's steps and of the whole, in double.
//
// A step rounds nothing but its result, which is left to whoever judges; weights are what a kernel reads,
// e4m3 ones dequantized to the type of x.  forward runs the steps one after the other without any rounding
// between: it says what the whole should be, while a kernel's steps are judged one by one on its own results.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reference/attention.hpp"
#include "reference/core/tensor.hpp"
#include "reference/mla_core.hpp"
#include "reference/mla_module_problem.hpp"
#include "reference/product.hpp"

namespace plumbline::mla {

/// (tokens, dim).
std::vector<double> rms_norm(const rms_norm_problem&, const tensor_set& inputs);
/// Norms one row in place.
void rms_norm(std::span<double> row, std::span<const double> weight, double eps);

/// As x; `size` is |x| + |y| of the pair that an element was rotated in.
struct rotary_truth {
  std::vector<double> out, size;
};
rotary_truth rotary(const rotary_problem&, const tensor_set& inputs);
/// Rotates neighbours (2i, 2i + 1) of a row in place: x' = x cos - y sin, y' = x sin + y cos.
void rotate(std::span<double> row, std::span<const double> cos, std::span<const double> sin);

/// As out, and the companions of its sums.
struct project_truth : product_companions {
  std::vector<double> out;
};
project_truth project(const project_problem&, const tensor_set& inputs);

struct write_cache_truth {
  tensor k_cache;                  // as it must be afterwards, byte for byte
  std::vector<std::int64_t> slot;  // of each token; -1: not written
};
write_cache_truth write_cache(const write_cache_problem&, const tensor_set& inputs);

/// Every step of the module.  Rows are tokens: (b, sq, ...).
struct forward_truth {
  std::vector<double> q_latent;        // (q_lora_rank), normalised; empty without it
  std::vector<double> q;               // (n_heads, qk_head_dim), the last qk_rope_head_dim rotated
  std::vector<double> latent, k_pe;    // (kv_lora_rank) normalised, (qk_rope_head_dim) rotated
  std::vector<double> k_new, v_new;    // naive: (n_heads, qk_head_dim), (n_heads, v_head_dim)
  std::vector<attention_truth> units;  // naive: unit s * n_heads + h, row i; absorb: those of the core
  std::vector<double> attended;        // (n_heads, v_head_dim)
  std::vector<double> out;             // (dim)
};
forward_truth forward(const forward_problem&, const tensor_set& inputs, std::span<const contract> contracts,
                      const attention_options& options = {});

/// The attention of a forward in its absorbed form: what `disagreement_of_forms` takes.  Reads `inputs`.
latent_core core_of(const forward_problem&, const tensor_set& inputs);

}  // namespace plumbline::mla
