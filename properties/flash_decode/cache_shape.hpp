// What the shapes of attend and append share: heads, lengths, pages, padding, indices.
#pragma once

#include <cstdint>

#include "properties/generate/draws.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::generate {

/// Head counts and dimensions.
void draw_heads(draws&, dtype in, flash_decode::cache_shape&);

/// Sequence lengths (without padding) of at most `keys` in all, each at an edge more often than not.
/// `splits`: a number of splits whose edges are wanted too.
void draw_lengths(draws&, std::int64_t keys, std::int64_t splits, std::int64_t sq,
                  flash_decode::cache_shape&);

/// Padding in front, capacity behind, pages, batch indices and gaps, around lengths already drawn.  `room`:
/// slots that must follow each sequence (append), b values or none.
void draw_layout(draws&, const std::vector<std::int64_t>& room, flash_decode::cache_shape&);

/// A page size, or 0 for a dense cache.
std::int64_t draw_page_size(draws&);

/// Now and then, a cache so narrow that it can have more pages than 16 bits count.
void draw_far_pages(draws&, flash_decode::cache_shape&);

/// Multiply-adds that a case may cost.
std::int64_t draw_cost(draws&);

}  // namespace plumbline::generate
