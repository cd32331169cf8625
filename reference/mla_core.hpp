// The attention core of MLA over one set of latents, in both forms.
//
// naive brings keys and values up, k = (W_UK c, k_pe) and v = W_UV c, and attends with one pair a head.
// absorb takes the query down, q W_UK, attends to the latents themselves and brings the result up.  Exactly,
// (q W_UK) c = q (W_UK c) and W_UV (sum p c) = sum p (W_UV c), so the two agree within rounding, whatever the
// latents are: a law of the reference, which holds no matter which form a kernel takes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reference/attention.hpp"

namespace plumbline::mla {

struct latent_core {
  std::int64_t b = 1, sq = 1, heads = 1;
  std::int64_t kv_lora_rank = 512, qk_nope_head_dim = 128, qk_rope_head_dim = 64, v_head_dim = 128;
  std::vector<std::int64_t> lengths;  // keys of each sequence
  double softmax_scale = 1;
  bool causal = false;                          // query i sees key j iff j <= length - sq + i
  std::vector<double> q;                        // (b, sq, heads, qk_nope_head_dim + qk_rope_head_dim)
  std::vector<attention_unit::loader> latents;  // of each sequence: rows (kv_lora_rank + qk_rope_head_dim)
  std::vector<double> wkv_b;  // (heads, qk_nope_head_dim + v_head_dim, kv_lora_rank): W_UK, then W_UV
};

struct core_truth {
  std::vector<attention_truth> units;  // naive: unit s * heads + h, row i; absorb: unit s, row i * heads + h,
                                       // whose out is in latent space
  std::vector<double> out;             // (b, sq, heads, v_head_dim)
  std::vector<double> lse;             // (b, heads, sq); +inf where no key is visible
};

core_truth attend_naive(const latent_core&, std::span<const contract> contracts,
                        const attention_options& options = {});
core_truth attend_absorb(const latent_core&, std::span<const contract> contracts,
                         const attention_options& options = {});

/// (b, sq, heads, kv_lora_rank): the queries in latent space.
std::vector<double> absorbed_query(const latent_core&);

/// The largest difference of the two forms over out and lse, in units of what rounding allows them (see
/// mla_agreement.cpp): at most 1 if the reference is right.  Infinite where one of them has a NaN alone.
double disagreement_of_forms(const latent_core&, const attention_options& options = {});
/// The same between results that are given, `absorb` with companions.
double disagreement_of(const latent_core&, const core_truth& naive, const core_truth& absorb);

}  // namespace plumbline::mla
