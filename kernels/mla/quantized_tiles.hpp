// Tiles of keys that are stored as codes: raw rows arrive by cp.async, and are widened between two barriers.
//
// One buffer of raw rows is enough: it is free as soon as it has been widened, so the next tile's rows travel
// while this one is multiplied.  A number is code * scale rounded to fp32 and then to the type of q, whatever
// the scale is; the bit pattern of a scale is never read as anything but its value.
#pragma once

#include "kernels/mla/quantized_keys.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

template <dtype Type>
struct quantized_tiles {
  using keys = quantized_keys;
  static constexpr int scale_slot = 16;  // bytes a row for scales that lie apart: at most 9
  static constexpr int raw_row = most_row_bytes + scale_slot;
  static constexpr int wide_bytes = tile_keys * latent_width * 2, raw_bytes = tile_keys * raw_row;
  static constexpr int bytes =
      wide_bytes + raw_bytes + 3 * tile_keys * static_cast<int>(sizeof(quantized_row));

  const quantized_keys& from;
  const latent_share& share;
  std::uint16_t* wide;
  unsigned char* raw;
  quantized_row* rows;
  int width;

  __device__ quantized_tiles(const quantized_keys& source, const latent_share& s, unsigned char* shared,
                             int d)
      : from(source),
        share(s),
        wide(reinterpret_cast<std::uint16_t*>(shared)),
        raw(shared + wide_bytes),
        rows(reinterpret_cast<quantized_row*>(shared + wide_bytes + raw_bytes)),
        width(d) {}

  /// Looks up the rows of tile `t` of the share.
  __device__ void look_up(int t) {
    const int at = static_cast<int>(threadIdx.x);
    if (at >= tile_keys) return;
    const int key = (share.first_tile + t) * tile_keys + at;
    quantized_row found = {nullptr, nullptr};
    if (t < share.tiles && key < share.seen) found = from.row(share, key);
    rows[t % 3 * tile_keys + at] = found;
  }

  /// Starts the copy of tile `t`, whose rows have been looked up; the buffer of raw rows is free.
  __device__ void start(int t) {
    if (t < share.tiles) {
      const quantized_row* const found = rows + t % 3 * tile_keys;
      const int row_bytes = from.format.bytes();
      for_each_chunk<tile_threads>(tile_keys, (row_bytes + 15) / 16, [&](int row, int chunk) {
        const unsigned char* const at = found[row].row;
        unsigned char* const to = raw + row * raw_row + 16 * chunk;
        if (from.aligned)
          kernels::copy_async16(to, at ? at + 16 * chunk : from.pages.data, at != nullptr);
        else
          for (int e = 16 * chunk; e < 16 * chunk + 16; ++e)
            raw[row * raw_row + e] = at && e < row_bytes ? at[e] : 0;
      });
      const int row = static_cast<int>(threadIdx.x);
      if (from.format.scales_apart && row < tile_keys)
        for (int e = 0; e < from.format.scales(); ++e)
          raw[row * raw_row + most_row_bytes + e] = found[row].row ? found[row].scales[e] : 0;
    }
    kernels::copy_async_commit();
  }

  __device__ float scale_of(const unsigned char* row, int tile) const {
    if (!from.format.scales_apart) return reinterpret_cast<const float*>(row + from.format.codes)[tile];
    const std::uint32_t code = row[most_row_bytes + tile];
    return code == 0xffu ? kernels::float_of(0x7fffffffu)
                         : kernels::float_of(code == 0 ? 0x00400000u : code << 23);
  }

  /// Sixteen codes of a raw row to two chunks of the tile.
  __device__ void widen_codes(int row, int first) const {
    const unsigned char* const held = raw + row * raw_row;
    const float scale = scale_of(held, first / from.format.tile);
    const kernels::vec16 codes = kernels::load16(held + first);
    kernels::vec16 numbers[2];
    PLUMBLINE_UNROLL
    for (int word = 0; word < 8; ++word) {
      const std::uint32_t two = codes.w[word / 2] >> (word % 2 * 16) & 0xffffu;
      const kernels::float_pair x = kernels::unpack2<dtype::f16>(kernels::widen_e4m3x2(two));
      numbers[word / 4].w[word % 4] = kernels::pack2<Type>(x.low * scale, x.high * scale);
    }
    for (int half = 0; half < 2; ++half)
      kernels::store16(wide + swizzled<latent_width>(row, first / 8 + half), numbers[half]);
  }

  /// Widens the raw rows: every thread a share.
  __device__ void widen() const {
    const int thread = static_cast<int>(threadIdx.x), codes = from.format.codes;
    const int of_codes = codes / 16, of_row = of_codes + ((width + 15) / 16 * 16 - codes) / 8;
    for (int at = thread; at < tile_keys * of_row; at += tile_threads) {
      const int row = at / of_row, unit = at % of_row;
      if (unit < of_codes) {
        widen_codes(row, 16 * unit);
      } else {
        const int chunk = codes / 8 + unit - of_codes, left = width - 8 * chunk;
        const auto* rope =
            reinterpret_cast<const std::uint16_t*>(raw + row * raw_row + from.format.rope_at()) +
            8 * (unit - of_codes);
        kernels::store16(wide + swizzled<latent_width>(row, chunk), gather16(rope, left));
      }
    }
  }

  /// Waits for tile `t`, widens it and starts the next: every thread calls it, having left tile t - 1.
  __device__ std::uint16_t* take(int t) {
    kernels::copy_async_wait<0>();
    __syncthreads();
    widen();
    __syncthreads();
    start(t + 1);
    return wide;
  }

  /// Whether key `at` of tile `t` exists.
  __device__ bool holds(int t, int at) const { return rows[t % 3 * tile_keys + at].row != nullptr; }
};

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
