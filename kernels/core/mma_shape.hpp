// Which tensor-core instruction, as a value: the formats of its operands, and its sizes.
//
// A kernel names an instruction by one of these as a template argument; the GPU side turns it into PTX, the
// host side into fragments and a rule of summation.  (A __global__ template cannot take one: nvcc writes
// stubs for it that do not compile.  Give it formats and sizes, and build the shape inside.)
#pragma once

#include "reference/core/formats.hpp"

namespace plumbline {

/// mma.sync m16n8k<k>: formats of A, of B and of the sums (C and D).
struct mma_shape {
  dtype a, b, sum;
  int k;
  friend constexpr bool operator==(const mma_shape&, const mma_shape&) = default;
};

/// Which index of a matrix in shared memory is contiguous: k, or the other one (m of A, n of B).
enum class major : std::uint8_t { k, mn };

/// wgmma.mma_async m64n<n>k<32 bytes>: formats, columns, and how A and B lie in shared memory.
struct wgmma_shape {
  dtype a, b, sum;
  int n;
  major a_major = major::k, b_major = major::k;
  friend constexpr bool operator==(const wgmma_shape&, const wgmma_shape&) = default;
};

/// 32-bit registers a lane holds of each operand.
constexpr int a_registers(const mma_shape& s) { return 16 * s.k * static_cast<int>(size_of(s.a)) / 128; }
constexpr int b_registers(const mma_shape& s) { return 8 * s.k * static_cast<int>(size_of(s.b)) / 128; }
constexpr int sum_registers(const mma_shape& s) { return s.sum == dtype::f16 ? 2 : 4; }
constexpr int sum_registers(const wgmma_shape& s) { return s.sum == dtype::f16 ? s.n / 4 : s.n / 2; }
/// Inner dimension of one wgmma.
constexpr int inner_size(const wgmma_shape& s) { return 32 / static_cast<int>(size_of(s.a)); }

constexpr bool is_fp8(dtype t) { return t == dtype::e4m3 || t == dtype::e5m2; }

/// Whether A, B and the sums may meet in one instruction, whatever its sizes.
constexpr bool formats_meet(dtype a, dtype b, dtype sum) {
  if (is_fp8(a)) return is_fp8(b) && (sum == dtype::f32 || sum == dtype::f16);
  if (a == dtype::f16) return b == dtype::f16 && (sum == dtype::f32 || sum == dtype::f16);
  return (a == dtype::bf16 || a == dtype::tf32) && b == a && sum == dtype::f32;
}

/// Whether PTX has this mma.sync.
constexpr bool exists(const mma_shape& s) {
  if (!formats_meet(s.a, s.b, s.sum)) return false;
  if (is_fp8(s.a)) return s.k == 32;
  return s.a == dtype::tf32 ? s.k == 4 || s.k == 8 : s.k == 8 || s.k == 16;
}

/// Whether PTX has this wgmma (of its many n the powers of two).
constexpr bool exists(const wgmma_shape& s) {
  const bool plain = s.a_major == major::k && s.b_major == major::k;
  return formats_meet(s.a, s.b, s.sum) && s.n >= 8 && s.n <= 256 && (s.n & (s.n - 1)) == 0 &&
         (plain || size_of(s.a) == 2);
}

}  // namespace plumbline
