// Stage 3 of the companions: chunks are added in order, keys of equal score are grouped, and rows are written
// out.
//
// Ungrouped sums are already there; a group of `count` keys with weight w each changes them by
//   V0  (count^2 - count) w^2 dP^2            A2  w^2 (D^2 (sum (v - r))^2 - sum d_j^2 (v_j - r)^2)
//   N2  count^2 w^2 D^2 - sum w^2 d_j^2       with D^2 the largest d_j^2 of the group
// so only keys that share a score are visited again.  dP^2 is the same for all of a group: the vectorised
// rounding is run once over the groups' scores, the row's thetas in every lane.
#include <algorithm>
#include <cmath>

#include "reference/attention_companion_state.hpp"
#include "reference/attention_groups.hpp"
#include "reference/attention_truth.hpp"

namespace plumbline::attention_tile {
namespace {

struct row_correction {
  double v0 = 0, vb = 0, n2 = 0, n4 = 0;
  std::vector<double> a2;  // a column; empty: no groups
};

/// One row on its way out.
struct row_view {
  std::int64_t row, at;  // in the tile, in the unit
  int panel;
  std::size_t lane;
  double m, l, inverse_l, t_mean;
};

class group_correction {
 public:
  group_correction(companion_state& state, const functions& f) : state_(state), f_(f) {}

  /// One correction a contract.  `r` is the row's weighted mean of V.
  std::vector<row_correction> of(const row_view& row, const std::vector<double>& r) {
    std::vector<row_correction> result(state_.contracts.size());
    const row_tile& tile = state_.tile;
    const std::int64_t begin = tile.begin[static_cast<std::size_t>(row.row)];
    const std::int64_t count = tile.end[static_cast<std::size_t>(row.row)] - begin;
    const double* s = state_.panel_scores(row.panel) + begin * panel_rows + row.lane;
    const equal_groups& groups = finder_.find(s, panel_rows, count);
    if (groups.size() == 0 || result.empty()) return result;
    for (row_correction& c : result) c.a2.assign(r.size(), 0.0);
    keep_values(groups, r.size());
    for (std::size_t g = 0; g < groups.size(); g += page_size) {
      const std::size_t batch = std::min<std::size_t>(page_size, groups.size() - g);
      prepare(row, s, groups, g, batch);
      for (std::size_t i = 0; i < batch; ++i) add(row, r, groups, g + i, i, begin, result);
    }
    return result;
  }

 private:
  void keep_values(const equal_groups& groups, std::size_t dv) {
    const row_tile& tile = state_.tile;
    if (static_cast<std::int64_t>(groups.members.size()) * 4 < tile.slots) return;
    if (tile.slots * static_cast<std::int64_t>(dv) > most_value_cache) return;
    std::call_once(state_.values_loaded, [&] {
      state_.values = buffer(*state_.pool, static_cast<std::size_t>(tile.slots) * dv);
      tile.unit->load_v(tile.low, tile.high - tile.low,
                        state_.values.data() + (tile.low - tile.origin) * tile.unit->dv);
    });
  }

  const double* value(std::int64_t slot) {
    const attention_unit& unit = *state_.tile.unit;
    if (state_.values) return state_.values.data() + slot * unit.dv;
    one_value_.resize(static_cast<std::size_t>(unit.dv));
    unit.load_v(state_.tile.origin + slot, 1, one_value_.data());
    return one_value_.data();
  }

  /// t, p and dP^2 of each contract for a batch of groups.
  void prepare(const row_view& row, const double* s, const equal_groups& groups, std::size_t first,
               std::size_t batch) {
    const double base = std::isinf(row.m) ? 0.0 : row.m;
    for (std::size_t i = 0; i < static_cast<std::size_t>(page_size); ++i) {
      const auto member =
          groups.members[static_cast<std::size_t>(groups.starts[first + std::min(i, batch - 1)])];
      t_[i] = s[member * panel_rows] - base;
    }
    f_.exp(t_, p_, page_size);
    for (int i = 0; i < page_size; ++i) {
      if (p_[i] == 0) t_[i] = 0;
      centred_[i] = t_[i] - row.t_mean;
    }
    variances_.resize(state_.contracts.size());
    alignas(64) double s_max[panel_rows];
    std::fill_n(s_max, panel_rows, row.m);
    for (std::size_t which = 0; which < state_.contracts.size(); ++which) {
      const emulation& e = state_.contracts[which];
      variances_[which] = buffer(*state_.pool, page_size);
      std::fill_n(variances_[which].data(), page_size, e.rule.floor_variance);
      if (!e.rounds) continue;
      alignas(64) double up[thetas * panel_rows], down[thetas * panel_rows];
      for (std::size_t t = 0; t < thetas; ++t)
        for (std::size_t lane = 0; lane < panel_rows; ++lane) {
          up[t * panel_rows + lane] = state_.up(which, row.panel)[t * panel_rows + row.lane];
          down[t * panel_rows + lane] = state_.down(which, row.panel)[t * panel_rows + row.lane];
        }
      f_.rounding({p_, t_, centred_, 0, page_keys, e.rule, s_max, up, down, variances_[which].data(), nullptr,
                   nullptr});
    }
  }

  void add(const row_view& row, const std::vector<double>& r, const equal_groups& groups, std::size_t g,
           std::size_t i, std::int64_t begin, std::vector<row_correction>& result) {
    const auto first = static_cast<std::size_t>(groups.starts[g]),
               last = static_cast<std::size_t>(groups.starts[g + 1]);
    const double w = p_[i] * row.inverse_l, w2 = w * w, count = static_cast<double>(last - first);
    if (w == 0) return;
    const std::size_t dv = r.size(), contracts = result.size();
    together_.assign(dv, 0.0);
    own_.assign(dv * contracts, 0.0);
    noisiest_.assign(contracts, 0.0), own_n2_.assign(contracts, 0.0), own_n4_.assign(contracts, 0.0);
    for (std::size_t j = first; j < last; ++j) {
      const std::int64_t slot = begin + groups.members[j];
      const double* v = value(slot);
      for (std::size_t c = 0; c < dv; ++c) together_[c] += v[c] - r[c];
      for (std::size_t which = 0; which < contracts; ++which) {
        const emulation& e = state_.contracts[which];
        const double score = state_.score_noise(which, row.panel)[row.lane] * state_.key_norm.data()[slot];
        const double exponent = 1.2e-7 * t_[i];
        const double d2 = variances_[which].data()[i] + score * score + 0.1 * exponent * exponent +
                          e.tanh_variance + e.exp_variance;
        noisiest_[which] = std::max(noisiest_[which], d2);
        own_n2_[which] += w2 * d2;
        own_n4_[which] += w2 * d2 * w2 * d2;
        double* own = own_.data() + which * dv;
        for (std::size_t c = 0; c < dv; ++c) own[c] += d2 * (v[c] - r[c]) * (v[c] - r[c]);
      }
    }
    for (std::size_t which = 0; which < contracts; ++which) {
      row_correction& to = result[which];
      const double d2 = noisiest_[which], group_n2 = count * count * w2 * d2;
      const double v0 = (count * count - count) * w2 * variances_[which].data()[i];
      to.v0 += v0;
      to.vb += v0 * centred_[i] * centred_[i];
      to.n2 += group_n2 - own_n2_[which];
      to.n4 += group_n2 * group_n2 - own_n4_[which];
      const double* own = own_.data() + which * dv;
      for (std::size_t c = 0; c < dv; ++c) to.a2[c] += w2 * (d2 * together_[c] * together_[c] - own[c]);
    }
  }

  companion_state& state_;
  const functions& f_;
  group_finder finder_;
  std::vector<double> one_value_, together_, own_, noisiest_, own_n2_, own_n4_;
  std::vector<buffer> variances_;
  alignas(64) double t_[page_size], p_[page_size], centred_[page_size];
};

/// Sum over the chunks, in order, of an array of `count` doubles at `at`.
void add_chunks(const companion_state& state, std::int64_t at, std::int64_t count, double* to) {
  std::fill_n(to, count, 0.0);
  for (const buffer& chunk : state.sums)
    for (std::int64_t i = 0; i < count; ++i) to[i] += chunk.data()[at + i];
}

}  // namespace

void finish_panel(companion_state& state, const functions& f, int panel) {
  using layout_t = chunk_layout;
  const row_tile& tile = state.tile;
  const attention_unit& unit = *tile.unit;
  attention_truth& truth = *tile.truth;
  const layout_t& layout = state.layout;
  const std::int64_t dv = unit.dv, panel_size = dv * panel_rows;
  const std::size_t contracts = state.contracts.size();

  const std::int64_t elements =
      layout_t::shared_elements + static_cast<std::int64_t>(contracts) * layout_t::contract_elements;
  const std::int64_t rows =
      layout_t::shared_rows + static_cast<std::int64_t>(contracts) * layout_t::contract_rows;
  std::vector<double> element(static_cast<std::size_t>(elements * panel_size)),
      row_sum(static_cast<std::size_t>(rows * panel_rows)), coherent(contracts * 2 * thetas * panel_rows),
      column_max(static_cast<std::size_t>(dv));
  for (std::int64_t e = 0; e < elements; ++e)
    add_chunks(state, layout.element_at(e) + panel * panel_size, panel_size, element.data() + e * panel_size);
  for (std::int64_t q = 0; q < rows; ++q)
    add_chunks(state, layout.row_at(q) + panel * panel_rows, panel_rows, row_sum.data() + q * panel_rows);
  constexpr std::int64_t grid = thetas * panel_rows;
  for (std::size_t which = 0; which < contracts; ++which)
    for (int half = 0; half < 2; ++half)
      add_chunks(state, layout.coherent_at(which, half) + panel * grid, grid,
                 coherent.data() + (2 * static_cast<std::int64_t>(which) + half) * grid);
  for (const buffer& chunk : state.sums)
    for (std::size_t c = 0; c < column_max.size(); ++c)
      column_max[c] =
          std::max(column_max[c], chunk.data()[layout.column_max_at() + static_cast<std::int64_t>(c)]);

  group_correction groups(state, f);
  std::vector<double> r(static_cast<std::size_t>(dv));
  for (int lane = 0; lane < panel_rows; ++lane) {
    const std::int64_t row = static_cast<std::int64_t>(panel) * panel_rows + lane;
    if (row >= tile.rows ||
        tile.begin[static_cast<std::size_t>(row)] >= tile.end[static_cast<std::size_t>(row)])
      continue;
    const row_view view{row,
                        tile.first_row + row,
                        panel,
                        static_cast<std::size_t>(lane),
                        state.fact(fact_m)[row],
                        state.fact(fact_l)[row],
                        state.fact(fact_inverse_l)[row],
                        state.fact(fact_t_mean)[row]};
    const auto value = [&](std::int64_t e, std::int64_t c) {
      return element[static_cast<std::size_t>(e * panel_size + c * panel_rows + lane)];
    };
    const auto sum = [&](std::int64_t q) { return row_sum[static_cast<std::size_t>(q * panel_rows + lane)]; };
    const auto index = static_cast<std::size_t>(view.at);
    const double sink_factor = finish_row(tile, row, view.m, view.l, element.data() + lane, panel_rows, 1.0);
    const double scale = sink_factor * std::fabs(unit.value_scale);
    attention_truth::row& facts = truth.row_facts[index];
    facts.s_max = view.m, facts.sink_factor = sink_factor;
    for (std::int64_t c = 0; c < dv; ++c) {
      const auto at = static_cast<std::size_t>(view.at * dv + c);
      r[static_cast<std::size_t>(c)] = value(layout_t::r, c);
      truth.S1[at] = scale * value(layout_t::s1, c);
      truth.SB[at] = scale * value(layout_t::sb, c);
      truth.C[at] = sink_factor * unit.value_scale * value(layout_t::c, c);
      truth.max_abs_v[at] = std::fabs(unit.value_scale) * column_max[static_cast<std::size_t>(c)];
    }

    const std::vector<row_correction> corrections = groups.of(view, r);
    const double vs = sum(layout_t::centred2);
    for (std::size_t which = 0; which < contracts; ++which) {
      const auto own = [&](layout_t::contract_row q) {
        return sum(layout_t::shared_rows + static_cast<std::int64_t>(which) * layout_t::contract_rows + q);
      };
      const auto own_value = [&](layout_t::contract_element e, std::int64_t c) {
        return value(
            layout_t::shared_elements + static_cast<std::int64_t>(which) * layout_t::contract_elements + e,
            c);
      };
      const row_correction& groups_of_row = corrections[which];
      contract_companions& to = truth.contracts[which];
      contract_companions::row& q = to.rows[index];
      const double n2 = own(layout_t::n2), n4 = own(layout_t::n4) + groups_of_row.n4;
      q.V0 = own(layout_t::v0) + groups_of_row.v0;
      q.Vs = vs;
      q.Vb = vs > 0 ? (own(layout_t::vb) + groups_of_row.vb) / (vs * vs) : 0.0;
      q.n4 = n4 > 0 ? (n2 + groups_of_row.n2) * (n2 + groups_of_row.n2) / n4 : 1.0;
      for (int t = 0; t < thetas; ++t) {
        const std::size_t at = which * 2 * grid + static_cast<std::size_t>(t * panel_rows + lane);
        q.delta[t] = coherent[at] * view.inverse_l;
        q.b[t] = vs > 0 ? coherent[at + grid] * view.inverse_l / vs : 0.0;
      }
      const double w2 = sum(layout_t::w2);
      q.eps_bar = w2 > 0 ? std::sqrt(own(layout_t::eps2) / w2) : 0.0;
      q.eps_l = state.score_noise(which, panel)[lane] * sum(layout_t::w_norm);
      q.T1 = own(layout_t::t1) * view.inverse_l;
      for (std::int64_t c = 0; c < dv; ++c) {
        const auto at = static_cast<std::size_t>(view.at * dv + c);
        const double mean = r[static_cast<std::size_t>(c)];
        const double alone =
            own_value(layout_t::w2d2_v2, c) - 2 * mean * own_value(layout_t::w2d2_v, c) + mean * mean * n2;
        const double grouped =
            groups_of_row.a2.empty() ? alone : alone + groups_of_row.a2[static_cast<std::size_t>(c)];
        const double lost = own_value(layout_t::flushed_v, c) - mean * own(layout_t::flushed);
        to.A2[at] = scale * scale * std::max(0.0, std::max(alone, grouped));
        to.flushed[at] = scale * std::fabs(lost);
      }
    }
  }
}

}  // namespace plumbline::attention_tile
