// One latent cache, fed to every form of mla's attention.
//
// Latents are drawn, quantized to rows of 656 bytes and read back: those numbers, which bf16 holds exactly,
// are what every form gets.  absorb_fp8 reads the rows, absorb the numbers, and naive and short keys and
// values that are brought up from them.  Only here can forms be fed different numbers: keys, values and the
// absorbed query are sums, and a bf16 tensor holds them rounded.  Hence two kinds of weights:
//
//   exact   each row of W_UK and W_UV has a single 1 or -1, its column its own: sums have one term, and
//           nothing is rounded.  All forms have one truth.
//   dense   normal numbers of variance 1 / kv_lora_rank, sums in double, rounded once.  Each form has a truth
//           of its own, and they lie apart by what that one rounding does.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "reference/core/tensor.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::mla::forms {

struct model {
  std::string_view name;
  std::int64_t heads;
  double mscale;
};

struct condition {
  std::int64_t keys;     // S: tokens of the sequence
  std::int64_t queries;  // the last ones of them, which are run
  bool causal;
};

enum class weights : std::uint8_t { exact, dense };

struct feed {
  prefill_problem by_head;
  decode_problem paged;
  decode_indices_problem listed;  // dense attention as a list of all visible rows
  tensor_set by_head_inputs, paged_inputs, listed_inputs;
  std::vector<double> w_uv;  // (heads, v_head_dim, kv_lora_rank)
};

feed make_feed(const model&, const condition&, weights);

}  // namespace plumbline::mla::forms
