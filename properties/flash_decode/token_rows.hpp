// Query and new-key rows: (b, tokens, heads, width), or packed (all tokens, heads, width), from and to
// sequences.
#pragma once

#include <cstdint>
#include <vector>

#include "reference/core/tensor.hpp"

namespace plumbline::generate {

/// Layout of a tensor of token rows.
struct token_layout {
  dtype type = dtype::bf16;
  std::int64_t b = 1, longest = 1;
  std::vector<std::int64_t> packed;  // tokens of each sequence; empty: `longest` each
  std::int64_t heads = 1, width = 1, gap = 0;

  std::int64_t tokens(std::int64_t sequence) const {
    return packed.empty() ? longest : packed[static_cast<std::size_t>(sequence)];
  }
};

/// Rows of one sequence, dense (tokens, heads, width), as codes.
using row_codes = std::vector<std::byte>;

tensor join_rows(const token_layout&, const std::vector<row_codes>& sequences);
std::vector<row_codes> split_rows(const token_layout&, const tensor&);

/// Rounds `count` values to codes at `to`; what a type cannot hold becomes its largest value.
void encode_row(dtype type, const double* from, std::int64_t count, std::byte* to);

}  // namespace plumbline::generate
