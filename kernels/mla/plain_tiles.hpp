// Tiles of keys that are stored as numbers of the type of q: two buffers in shared memory, filled by
// cp.async.
//
// While a tile is multiplied the next one is on its way.  The addresses of rows are looked up one tile
// further ahead, one thread a row, into a ring of three.  A key that nobody may see is a row of zeros, never
// what memory holds there: 0 * NaN is NaN.
#pragma once

#include "kernels/mla/latent_call.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

template <class Keys>
struct plain_tiles {
  using keys = Keys;
  using address = const std::uint16_t*;
  static constexpr int stage = tile_keys * latent_width;  // elements
  static constexpr int bytes = 2 * stage * 2 + 3 * tile_keys * static_cast<int>(sizeof(address));

  const Keys& from;
  const latent_share& share;
  std::uint16_t* stages;
  address* rows;
  int width;

  __device__ plain_tiles(const Keys& source, const latent_share& s, unsigned char* shared, int d)
      : from(source),
        share(s),
        stages(reinterpret_cast<std::uint16_t*>(shared)),
        rows(reinterpret_cast<address*>(shared + 2 * stage * 2)),
        width(d) {}

  /// Looks up the rows of tile `t` of the share; null: nobody sees the key.
  __device__ void look_up(int t) {
    const int at = static_cast<int>(threadIdx.x);
    if (at >= tile_keys) return;
    const int key = (share.first_tile + t) * tile_keys + at;
    rows[t % 3 * tile_keys + at] = t < share.tiles && key < share.seen ? from.row(share, key) : nullptr;
  }

  /// Starts the copy of tile `t`, whose rows have been looked up.
  __device__ void start(int t) {
    if (t < share.tiles) {
      std::uint16_t* const tile = stages + t % 2 * stage;
      const address* const found = rows + t % 3 * tile_keys;
      for_each_chunk<tile_threads>(tile_keys, (width + 15) / 16 * 2, [&](int row, int chunk) {
        const address at = found[row];
        const bool valid = at != nullptr && chunk * 8 < width;
        std::uint16_t* const to = tile + swizzled<latent_width>(row, chunk);
        if (from.aligned)
          kernels::copy_async16(to, valid ? at + chunk * 8 : from.base(), valid);
        else
          kernels::store16(to, valid ? gather16(at + chunk * 8, width - chunk * 8) : kernels::vec16{});
      });
    }
    kernels::copy_async_commit();
  }

  /// Waits for tile `t` and starts the next: every thread of the block calls it, having left tile t - 1.
  __device__ std::uint16_t* take(int t) {
    kernels::copy_async_wait<0>();
    __syncthreads();
    start(t + 1);
    return stages + t % 2 * stage;
  }

  /// Whether key `at` of tile `t` exists.
  __device__ bool holds(int t, int at) const { return rows[t % 3 * tile_keys + at] != nullptr; }
};

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
