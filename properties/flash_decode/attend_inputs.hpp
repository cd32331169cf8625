// Inputs of attend: content (what the sequences are) and tensors (where they lie).
#pragma once

#include <cstdint>
#include <vector>

#include "properties/flash_decode/layout.hpp"
#include "properties/flash_decode/token_rows.hpp"
#include "properties/generate/regimes.hpp"

namespace plumbline::generate {

/// One sequence, as codes of the problem's type: q (tokens, hq, d), qv (tokens, hq, dv) or empty, keys.
struct attend_sequence {
  row_codes q, qv;
  key_rows keys;
  std::vector<float> q_descale, k_descale, v_descale;  // (hk) each, or empty
  friend bool operator==(const attend_sequence&, const attend_sequence&) = default;
};
struct attend_content {
  std::vector<attend_sequence> sequences;
  tensor sink;  // (hq), or rank 0
};

attend_content draw_content(const flash_decode::attend_problem&, regime, std::uint64_t seed);
tensor_set arrange(const flash_decode::attend_problem&, const attend_content&, const arrangement&);
attend_content gather(const flash_decode::attend_problem&, const tensor_set& inputs);

/// The arrangement that a seed stands for: poison by its lowest bit.
arrangement arrangement_of(std::uint64_t seed);

/// draw_content, arranged.
tensor_set draw_inputs(const flash_decode::attend_problem&, regime, std::uint64_t seed);

}  // namespace plumbline::generate
