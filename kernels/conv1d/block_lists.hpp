// The two lists of the older grid: which sequence program p works on, and which of its blocks.
#pragma once

#include "kernels/conv1d/prefill.hpp"

namespace plumbline::conv1d {
inline namespace PLUMBLINE_SIDE_NAME {

/// Writes the entries of one sequence behind those of the sequences before it.
__device__ inline void list_blocks(const std::int32_t* query_start_loc, std::int64_t sequence,
                                   std::int32_t* m_list, std::int32_t* offset_list) {
  const auto blocks = [&](std::int64_t i) {
    return token_blocks(query_start_loc[i + 1] - query_start_loc[i]);
  };
  std::int64_t program = 0;
  for (std::int64_t i = 0; i < sequence; ++i) program += blocks(i);
  for (std::int64_t block = 0; block < blocks(sequence); ++block, ++program) {
    m_list[program] = static_cast<std::int32_t>(sequence);
    offset_list[program] = static_cast<std::int32_t>(block);
  }
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::conv1d
