// Both matrix products of attention as one register-blocked loop: a block of M rows of the left matrix, each
// element broadcast, times N vectors of rows-as-lanes.  Included by attention_tile_code.hpp alone.
//
//   scores   left = K, rows are keys, depth runs over d        (neighbours in memory along the depth)
//   values   left = V, rows are columns of V, depth over keys  (neighbours in memory along the rows)
//
// The sum over the depth is one chain of fused multiply-adds in order, whatever M and N: equal keys give
// bitwise equal scores wherever they stand.
#pragma once

namespace plumbline::attention_tile {
namespace {

constexpr int block_rows = PLUMBLINE_TILE_BLOCK;
constexpr int block_vectors = 2;

enum class left { keys, values };

template <int M, int N>
struct block_sum {
  vec at[M][N];
};

template <left Side, int M, int N>
PLUMBLINE_INLINE block_sum<M, N> multiply(const double* a, std::int64_t stride, std::int64_t depth,
                                          const double* const* b) {
  block_sum<M, N> sum = {};
  for (std::int64_t k = 0; k < depth; ++k) {
    vec right[N];
    PLUMBLINE_UNROLL
    for (int j = 0; j < N; ++j) right[j] = load(b[j] + k * panel_rows);
    PLUMBLINE_UNROLL
    for (int i = 0; i < M; ++i) {
      const double x = Side == left::keys ? a[i * stride + k] : a[k * stride + i];
      PLUMBLINE_UNROLL
      for (int j = 0; j < N; ++j) sum.at[i][j] += x * right[j];
    }
  }
  return sum;
}

/// Calls `step` with the block as a constant for all of [0, count), whole blocks first.
template <int M, class Step>
PLUMBLINE_INLINE void rest_block(std::int64_t at, std::int64_t rest, const Step& step) {
  if constexpr (M > 0) {
    if (rest == M)
      step.template operator()<M>(at);
    else
      rest_block<M - 1>(at, rest, step);
  }
}
template <class Step>
PLUMBLINE_INLINE void in_blocks(std::int64_t count, const Step& step) {
  std::int64_t at = 0;
  for (; at + block_rows <= count; at += block_rows) step.template operator()<block_rows>(at);
  rest_block<block_rows - 1>(at, count - at, step);
}

/// Vector v of a row of panels: panel v / halves, part v % halves.
PLUMBLINE_INLINE std::int64_t vector_offset(int v, std::int64_t panel_stride) {
  return v / halves * panel_stride + v % halves * lanes;
}

template <int N>
void score_block(const score_call& c, int v) {
  const double* b[N];
  double* s[N];
  vec begin[N], end[N];
  for (int j = 0; j < N; ++j) {
    b[j] = c.q + vector_offset(v + j, c.dk * panel_rows);
    s[j] = c.s + vector_offset(v + j, c.stride);
    begin[j] = load(c.begin + vector_offset(v + j, panel_rows));
    end[j] = load(c.end + vector_offset(v + j, panel_rows));
    for (int k = 0; k < c.first; ++k) store(s[j] + k * panel_rows, all(-infinity));
    for (int k = c.last; k < page_keys; ++k) store(s[j] + k * panel_rows, all(-infinity));
  }
  in_blocks(
      c.last - c.first, [&]<int M>(std::int64_t at) __attribute__((always_inline)) {
        const std::int64_t key = c.first + at;
        const block_sum<M, N> sum = multiply<left::keys, M, N>(c.k + key * c.dk, c.dk, c.dk, b);
        PLUMBLINE_UNROLL
        for (int i = 0; i < M; ++i) PLUMBLINE_UNROLL
        for (int j = 0; j < N; ++j) {
          vec x = sum.at[i][j] * c.scale;
          if (c.softcap > 0) x = c.softcap * tanh_of(x / c.softcap);
          const vec slot = all(static_cast<double>(key + i));
          const whole visible = (slot >= begin[j]) & (slot < end[j]);
          store(s[j] + (key + i) * panel_rows, visible ? x + 0.0 : all(-infinity));
        }
      });
}

template <int N>
void product_block(const product_call& c, int v) {
  const double* b[N];
  double *target[N], *magnitudes[N];
  for (int j = 0; j < N; ++j) {
    b[j] = c.b + vector_offset(v + j, page_size) + c.first * panel_rows;
    target[j] = c.target + vector_offset(v + j, c.columns * panel_rows);
    magnitudes[j] = c.magnitudes ? c.magnitudes + vector_offset(v + j, c.columns * panel_rows) : nullptr;
  }
  in_blocks(
      c.columns, [&]<int M>(std::int64_t at) __attribute__((always_inline)) {
        const block_sum<M, N> sum =
            multiply<left::values, M, N>(c.a + c.first * c.columns + at, c.columns, c.last - c.first, b);
        PLUMBLINE_UNROLL
        for (int i = 0; i < M; ++i) PLUMBLINE_UNROLL
        for (int j = 0; j < N; ++j) {
          double* to = target[j] + (at + i) * panel_rows;
          store(to, load(to) + sum.at[i][j]);
        }
        if (c.magnitudes) {
          PLUMBLINE_UNROLL
          for (int i = 0; i < M; ++i) PLUMBLINE_UNROLL
          for (int j = 0; j < N; ++j) {
            double* to = magnitudes[j] + (at + i) * panel_rows;
            store(to, load(to) + magnitude(sum.at[i][j]));
          }
        }
      });
}

void scores(const score_call& c) {
  const int vectors = c.panels * halves;
  int v = 0;
  for (; v + block_vectors <= vectors; v += block_vectors) score_block<block_vectors>(c, v);
  if (v < vectors) score_block<1>(c, v);
}

void product(const product_call& c) {
  const int vectors = c.panels * halves;
  int v = 0;
  for (; v + block_vectors <= vectors; v += block_vectors) product_block<block_vectors>(c, v);
  if (v < vectors) product_block<1>(c, v);
}

}  // namespace
}  // namespace plumbline::attention_tile
