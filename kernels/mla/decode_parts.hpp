// The split schedule of a decode, made on the device from the lengths as they are when the call runs.
//
// FlashMLA's rule: a request costs its blocks of 64 keys (at least one) and an overhead of five for every
// part that touches it; a part may spend ceil(all costs / parts) + 5, and parts are filled greedily in the
// order of requests.  So who splits a request depends on the others of its batch, and so do its bits.
#pragma once

#include <cstdint>

#include "kernels/core/launch.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

/// Keys of each request: cache_seqlens, or else two index lists, of which the first is padded to whole
/// blocks.
struct scheduled_requests {
  std::int64_t b = 0;
  const std::int32_t* cache_seqlens = nullptr;  // null: index lists
  const std::int32_t* topk_length = nullptr;    // null: all topk
  std::int64_t topk = 0;
  const std::int32_t* extra_topk_length = nullptr;
  std::int64_t extra_topk = 0;
};

/// Scratch that holds a schedule: parts (count, part_columns) and num_splits (b + 1), as upstream has them.
struct decode_parts {
  std::int64_t count = 1;
  std::int32_t* parts = nullptr;
  std::int32_t* num_splits = nullptr;
};

/// Splits that a batch of `b` requests has at most.
constexpr std::int64_t most_splits(std::int64_t b, std::int64_t parts) { return b + parts - 1; }

decode_parts launch_decode_parts(const scheduled_requests&, std::int64_t count, launcher&);

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
