// The truth alone: out and lse of one tile of rows, streamed page by page.
//
// Every chunk of pages keeps (maximum, row sum, weighted sum of V) relative to its own running maximum;
// chunks are merged in order by exp(maximum - overall maximum).  Memory: one page of K and V a thread, at
// most sixteen partial results a tile, whatever the number of keys.
#pragma once

#include "reference/attention_rows.hpp"
#include "reference/attention_schedule.hpp"

namespace plumbline::attention_tile {

/// The job of one tile.  `spaces` has one workspace a thread.
staged_job truth_job(const functions& tile_functions, row_tile tile, std::vector<workspace>& spaces,
                     buffer_pool& pool);

/// Writes out and lse of a row from its maximum, row sum and weighted sum of V, which is divided by `divisor`
/// (column c at o[c * stride]).  Returns the factor of the sink.
double finish_row(const row_tile& tile, std::int64_t row, double m, double l, const double* o,
                  std::int64_t stride, double divisor);

}  // namespace plumbline::attention_tile
