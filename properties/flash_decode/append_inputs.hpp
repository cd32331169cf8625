// Inputs of append: cached rows, new rows, queries to rotate, and rotary tables.
//
//   normal   N(0, 1) everywhere
//   bits     what is copied is any code at all, NaN payloads and both zeros among them; what is rotated has
//            exponents over twenty binades, zeros and subnormals
//
// A pair (cos, sin) is a rational point of the unit circle, (1 - t^2, 2t) / (1 + t^2), so no libm takes part
// and the table is the same on any machine.  Rows of the tables that no token uses are poisoned.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "properties/flash_decode/layout.hpp"
#include "properties/flash_decode/token_rows.hpp"

namespace plumbline::generate {

inline constexpr std::array<std::string_view, 2> append_regimes = {"normal", "bits"};

struct append_sequence {
  key_rows cached, fresh;
  row_codes q;
};
struct append_content {
  std::vector<append_sequence> sequences;
  tensor cos, sin;  // rank 0 without rotary
};

append_content draw_content(const flash_decode::append_problem&, std::string_view regime, std::uint64_t seed);
tensor_set arrange(const flash_decode::append_problem&, const append_content&, const arrangement&);
append_content gather(const flash_decode::append_problem&, const tensor_set& inputs);
tensor_set draw_inputs(const flash_decode::append_problem&, std::string_view regime, std::uint64_t seed);

/// New tokens of each sequence.
std::vector<std::int64_t> room_of(const flash_decode::append_problem&);

}  // namespace plumbline::generate
