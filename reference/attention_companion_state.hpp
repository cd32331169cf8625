// What the three stages of a companion job hand to each other.
#pragma once

#include <array>
#include <mutex>
#include <vector>

#include "reference/attention_rows.hpp"
#include "reference/core/contract.hpp"

namespace plumbline::attention_tile {

static_assert(thetas == theta_count && page_keys == companion_page);

/// A contract's constants.
struct emulation {
  attention_promise promised;
  bool rounds = true;  // P is emulated; false: shift `any` or a double P
  rounding_rule rule{};
  double u = 0, half_step = 0;  // of P's type; half its subnormal step in units of P * p_scale
  double c_acc = 0, exp_variance = 0, tanh_variance = 0;
};
emulation emulate(const contract& c, const attention_unit& unit);

/// Offsets of a chunk's sums in one array.  Lanes: rows of the tile with padding.
struct chunk_layout {
  enum element { r, sb, s1, c, shared_elements };  // [panels][dv][8] each
  enum contract_element { w2d2_v, w2d2_v2, flushed_v, contract_elements };
  enum row { centred2, w_norm, w2, shared_rows };  // [panels][8] each
  enum contract_row { v0, vb, n2, n4, eps2, t1, flushed, contract_rows };
  std::int64_t lanes = 0, dv = 0, contracts = 0;

  std::int64_t element_at(std::int64_t e) const { return e * lanes * dv; }
  std::int64_t element_at(std::size_t which, contract_element e) const {
    return element_at(shared_elements + static_cast<std::int64_t>(which) * contract_elements + e);
  }
  std::int64_t rows_at() const { return element_at(shared_elements + contracts * contract_elements); }
  std::int64_t row_at(std::int64_t q) const { return rows_at() + q * lanes; }
  std::int64_t row_at(std::size_t which, contract_row q) const {
    return row_at(shared_rows + static_cast<std::int64_t>(which) * contract_rows + q);
  }
  /// [panels][theta][8]; half 0: sum p delta, 1: sum p delta centred.
  std::int64_t coherent_at(std::size_t which, int half) const {
    return row_at(shared_rows + contracts * contract_rows) +
           (2 * static_cast<std::int64_t>(which) + half) * thetas * lanes;
  }
  std::int64_t column_max_at() const { return coherent_at(static_cast<std::size_t>(contracts), 0); }
  std::size_t size() const { return static_cast<std::size_t>(column_max_at() + dv); }
};

struct companion_state {
  row_tile tile;
  chunk_layout layout;
  std::vector<emulation> contracts;
  std::vector<double> q_norm;  // a row

  buffer scores;              // [panels][slots][8]
  buffer block_max;           // [panels][slots / 16][8]
  buffer key_norm;            // [slots]
  std::vector<buffer> stats;  // stage 1, a chunk: m, l, sum p (s - m), [lanes] each
  std::vector<buffer> sums;   // stage 2, a chunk: chunk_layout

  buffer facts;  // m, inverse l, mean of s - m, l: [lanes] each
  double* fact(int which) const { return facts.data() + which * layout.lanes; }
  // Per contract: up and down [panels][theta][8], score noise and half step [panels][8].
  std::vector<buffer> factors;
  double* up(std::size_t which, int panel) const {
    return factors[which].data() + panel * thetas * panel_rows;
  }
  double* down(std::size_t which, int panel) const { return up(which, panel) + thetas * layout.lanes; }
  double* score_noise(std::size_t which, int panel) const {
    return factors[which].data() + 2 * thetas * layout.lanes + panel * panel_rows;
  }
  double* half_step(std::size_t which, int panel) const { return score_noise(which, panel) + layout.lanes; }

  buffer_pool* pool = nullptr;
  std::once_flag values_loaded;
  buffer values;  // V of the whole tile, only when most of it is needed by groups

  const double* panel_scores(int panel) const { return scores.data() + panel * tile.slots * panel_rows; }
};
/// V is kept whole, for rows that are nearly all groups, up to this many doubles.
inline constexpr std::int64_t most_value_cache = std::int64_t{1} << 23;
enum fact { fact_m, fact_inverse_l, fact_t_mean, fact_l, facts };

/// Stage 1's end: row facts, thetas and what follows from them.
void merge_scores(companion_state& state);
/// Stage 3: companions of the rows of one panel.
void finish_panel(companion_state& state, const functions& f, int panel);

}  // namespace plumbline::attention_tile
