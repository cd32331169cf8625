// How input values are drawn: fourteen regimes, each there because it shows faults that the others hide.
//
//   flat           q, k, v small and normal: dropped or extra keys, merge weights, normaliser
//   normal         N(0, 1): the all-round regime
//   peaked         q x 4: temperature, handling of the maximum, rescaling
//   sink           key 0 takes most of the weight of every row; its V is tiny, V has outliers
//   positive       V = 0.3 |N| + 1: accumulator drift, truncation, normaliser
//   cancel         keys in pairs with opposite V: one misplaced page is huge beside the true output
//   tiny           scores and V near the bottom of the range: absolute floors, subnormals
//   huge           scores in the hundreds, half the time all of them near -65536: sentinels, LSE overflow
//   powers_of_two  integers and scale ln 2: P, row sum and PV are exact, so every wrong bit shows
//   needle         each row sees one key, at a tile, page or split boundary: addressing, masks
//   ramp           scores rise or fall by 10 to 30 along the sequence: online rescaling
//   twins          2 or 4 equal needles: merge arithmetic, duplicated or lost splits
//   stairs         every 64 keys one key that outweighs all before it by 0.8 to 2 powers of two: rescaling
//   put
//                  off, a P that saturates
//   fuzz           odd statistics (few levels, equal rows, rank-1 V): protects the judge from false alarms
//
// A unit is what one KV head of one sequence sees.  Every tensor of a unit has its own stream, keyed by the
// unit's place, so a shorter sequence or a smaller batch keeps the values it had: shrinking stays on the
// fault.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "reference/core/formats.hpp"

namespace plumbline::generate {

enum class regime : std::uint8_t {
  flat,
  normal,
  peaked,
  sink,
  positive,
  cancel,
  tiny,
  huge,
  powers_of_two,
  needle,
  ramp,
  twins,
  fuzz,
  stairs
};
inline constexpr std::array<std::string_view, 14> regime_names = {
    "flat", "normal",        "peaked", "sink", "positive", "cancel", "tiny",
    "huge", "powers_of_two", "needle", "ramp", "twins",    "fuzz",   "stairs"};
constexpr std::string_view name_of(regime r) { return regime_names[static_cast<std::size_t>(r)]; }
std::optional<regime> regime_from(std::string_view name);

/// One KV head of one sequence: rows are packed, row = query token * group + head of the group.
struct unit_shape {
  std::int64_t sequence = 0, kv_head = 0;
  std::int64_t sq = 1, group = 1, sk = 0, d = 64, dv = 64;
  double scale = 1;  // of the scores, descales included
  dtype type = dtype::bf16;
  std::int64_t page_size = 0;            // 0: dense
  std::vector<std::int64_t> begin, end;  // visible keys of each query token
};

/// Values before they are rounded to the type: q (sq * group, d), k (sk, d), v (sk, dv).
struct unit_values {
  std::vector<double> q, k, v;
};

unit_values draw_unit(regime, const unit_shape&, std::uint64_t seed);

/// Positions where kernels change their behaviour, inside [0, keys): ends, tile edges, page edges, halves.
std::vector<std::int64_t> boundary_positions(std::int64_t keys, std::int64_t page_size);

}  // namespace plumbline::generate
