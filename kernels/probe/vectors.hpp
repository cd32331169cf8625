// Vectors for a tensor core: one output each, D = C + sum of A[k] B[k], as codes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/core/executor.hpp"
#include "reference/core/formats.hpp"

namespace plumbline::probe {

/// One instruction of a tensor core, by its formats and inner dimension.
struct instruction {
  bool warpgroup;  // wgmma, else mma.sync
  dtype a, b, sum;
  int k;
};

/// "mma.sync m16n8k16 f32.bf16.bf16".
std::string name_of(const instruction&);

/// One output: its factors in order of k, and its accumulator.
struct vector {
  std::vector<std::uint32_t> a, b;
  std::uint32_t c = 0;
};

/// What an executor computes for each, or why it cannot.
struct computed {
  std::vector<std::uint32_t> d;
  std::string why_not;
};
computed run(const instruction&, const std::vector<vector>&, executor&);

}  // namespace plumbline::probe
