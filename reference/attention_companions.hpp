// Companions: what a budget needs beside the truth, for several contracts in one pass over K and one over V.
//
// Three stages a tile of rows.  1: scores, kept for the tile; maximum, row sum and mean score of every row,
// then the theta grid.  2: weights, and against each page of V the products w V (by page: r and SB), w |V|
// (S1), w (s - sbar) V (C), and per contract w^2 d^2 V and w^2 d^2 V^2 (A2, with N = sum w^2 d^2: A2 = sum
// w^2 d^2 v^2 - 2 r sum w^2 d^2 v + r^2 N), beside the row sums.  3: chunks are added in order, groups of
// equal score corrected, results scaled.  Cost against a bare truth: (dk + 5 dv) / (dk + dv) in products,
// nine roundings a (row, key) and contract, one hash.  Memory: 64 rows (or 2^22 / keys, at least 8) of
// scores.
//
// Groups of equal score change a sum by sum over groups of [(group)^2 - own terms]; the noise d^2 of a group
// is that of its noisiest key.  Keys whose weight is below 1e-36 are not counted as flushed: underflow pays
// for them.
#pragma once

#include <span>

#include "reference/attention_rows.hpp"
#include "reference/attention_schedule.hpp"

namespace plumbline::attention_tile {

/// Throws bad_argument when P cannot be emulated: an integer type, or a p_scale beyond its largest value.
void check_emulated(const contract& c);

void prepare_companions(const attention_unit& unit, attention_truth& truth,
                        std::span<const contract> contracts);

/// The job of one tile.
staged_job companion_job(const functions& tile_functions, row_tile tile, std::span<const contract> contracts,
                         std::vector<workspace>& spaces, buffer_pool& pool);

/// Page arrays that a workspace needs.
std::size_t companion_pages(std::size_t contracts);

/// What belongs to the whole unit: effective columns of V and repeated query rows.
void finish_companions(const attention_unit& unit, attention_truth& truth);

}  // namespace plumbline::attention_tile
