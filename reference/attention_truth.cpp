#include "reference/attention_truth.hpp"

#include <cmath>
#include <limits>
#include <memory>

namespace plumbline::attention_tile {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

struct truth_state {
  row_tile tile;
  std::vector<buffer> partials;  // a chunk: m[panels][8], l[panels][8], o[panels][dv][8]
  explicit truth_state(row_tile t) : tile(std::move(t)), partials(static_cast<std::size_t>(tile.chunks)) {}
};

void run_chunk(const functions& f, const row_tile& tile, int chunk, workspace& space, double* partial) {
  const attention_unit& unit = *tile.unit;
  const std::int64_t lanes = static_cast<std::int64_t>(tile.panels) * panel_rows;
  double *m = partial, *l = m + lanes, *o = l + lanes;
  std::fill_n(m, lanes, -infinity);
  std::fill_n(l, lanes + lanes * unit.dv, 0.0);
  load_panels(tile, space.k.data(), space.q.data());
  double* weights = space.page[0].data();
  alignas(64) double begin[2 * panel_rows], end[2 * panel_rows], factor[panel_rows];

  const std::int64_t last_page = std::min(tile.pages(), (chunk + 1) * tile.chunk_pages);
  for (std::int64_t page = chunk * tile.chunk_pages; page < last_page; ++page) {
    const std::int64_t slot = page * page_keys;
    const auto [first, last] = readable(tile, slot);
    unit.load_k(tile.origin + slot + first, last - first, space.k.data() + first * unit.dk);
    unit.load_v(tile.origin + slot + first, last - first, space.v.data() + first * unit.dv);
    const bool finite = f.finite(space.v.data() + first * unit.dv, (last - first) * unit.dv);
    for (int panel = 0; panel < tile.panels; panel += 2) {
      const int pair = std::min(2, tile.panels - panel);
      if (!tile.sees(panel, slot, page_keys) && !(pair == 2 && tile.sees(panel + 1, slot, page_keys)))
        continue;
      page_limits(tile, panel, pair, slot, begin, end);
      f.scores({space.k.data(), space.q.data() + panel * unit.dk * panel_rows, unit.dk, pair, first, last,
                unit.score_scale, unit.softcap, begin, end, weights, page_size});
      for (int i = 0; i < pair; ++i) {
        const std::int64_t at = static_cast<std::int64_t>(panel + i) * panel_rows;
        double* s = weights + i * page_size;
        if (f.absorb({s, first, last, m + at, l + at, nullptr, s, factor}))
          f.shrink(o + at * unit.dv, unit.dv, factor);
      }
      const product_call call{
          space.v.data(), unit.dv, first, last, pair, weights, o + panel * unit.dv * panel_rows, nullptr};
      finite ? f.product(call) : product_row_by_row(tile, panel, slot, call);
    }
  }
}

void merge_chunks(const truth_state& state) {
  const row_tile& tile = state.tile;
  const std::int64_t lanes = static_cast<std::int64_t>(tile.panels) * panel_rows, dv = tile.unit->dv;
  std::vector<double> o(static_cast<std::size_t>(dv));
  for (std::int64_t row = 0; row < tile.rows; ++row) {
    double m = -infinity, l = 0;
    for (const buffer& partial : state.partials) m = std::max(m, partial[static_cast<std::size_t>(row)]);
    std::fill(o.begin(), o.end(), 0.0);
    for (const buffer& partial : state.partials) {
      const double own = partial.data()[row];
      const double factor = own == m ? 1.0 : std::exp(own - m);
      l += factor * partial.data()[lanes + row];
      const double* from = partial.data() + 2 * lanes + row / panel_rows * dv * panel_rows + row % panel_rows;
      for (std::int64_t c = 0; c < dv; ++c) o[static_cast<std::size_t>(c)] += factor * from[c * panel_rows];
    }
    finish_row(tile, row, m, l, o.data(), 1, l);
  }
}

}  // namespace

double finish_row(const row_tile& tile, std::int64_t row, double m, double l, const double* o,
                  std::int64_t stride, double divisor) {
  const attention_unit& unit = *tile.unit;
  const std::int64_t at = tile.first_row + row;
  const auto index = static_cast<std::size_t>(at);
  if (l == 0) {
    tile.truth->lse[index] = -infinity;
    return unit.sink.empty() ? 1.0 : 0.0;
  }
  const double lse = m + std::log(l);
  const double sink_factor = unit.sink.empty() ? 1.0 : 1 / (1 + std::exp(unit.sink[index] - lse));
  tile.truth->lse[index] = lse;
  double* out = tile.truth->out.data() + at * unit.dv;
  for (std::int64_t c = 0; c < unit.dv; ++c)
    out[c] = o[c * stride] / divisor * sink_factor * unit.value_scale;
  return sink_factor;
}

staged_job truth_job(const functions& f, row_tile tile, std::vector<workspace>& spaces, buffer_pool& pool) {
  auto state = std::make_shared<truth_state>(std::move(tile));
  const int chunks = state->tile.chunks;
  const auto run = [state, &f, &spaces, &pool](int chunk, int thread) {
    const row_tile& t = state->tile;
    buffer& partial = state->partials[static_cast<std::size_t>(chunk)];
    partial = buffer(pool, static_cast<std::size_t>(t.panels * panel_rows * (2 + t.unit->dv)));
    run_chunk(f, t, chunk, spaces[static_cast<std::size_t>(thread)], partial.data());
  };
  const auto finish = [state] {
    merge_chunks(*state);
    state->partials.clear();
  };
  return {nullptr, {{chunks, run, finish}}};
}

}  // namespace plumbline::attention_tile
