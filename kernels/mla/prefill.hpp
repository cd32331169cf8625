// prefill: one call as its kernels see it, and its variants.
#pragma once

#include "kernels/core/promises.hpp"
#include "kernels/mla/softmax.hpp"
#include "kernels/mla/token_rows.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

inline constexpr int head_width = 192, head_value_width = 128;  // columns that fit a tile

struct prefill_params {
  token_rows q, k, v, out;
  const std::int32_t* cache_seqlens;
  float* lse;
  std::int64_t lse_batch, lse_head, lse_token;
  score_units units;
  int sq, hk, group, d, dv;
  int row_tiles;  // of the rows r = i * group + g of a KV head
  bool causal;
};
prefill_params prefill_params_of(const prefill_problem&, const kernel_arguments&);

/// Why tiles of one head's keys and values do not take a problem; empty: they do.
std::string head_domain(const prefill_problem&);

variant<prefill_problem> naive();
variant<prefill_problem> short_sequences();

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
