#include "reference/attention_companions.hpp"

#include <cmath>
#include <limits>
#include <memory>
#include <string>

#include "reference/attention_companion_state.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::attention_tile {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::int64_t block = 16;

// Page arrays of a workspace.
enum page_array : std::size_t {
  page_p,
  page_t,
  page_centred,
  page_variance,
  page_w,
  page_w_centred,
  shared_pages
};
std::size_t page_w2d2(std::size_t which) { return shared_pages + 2 * which; }
std::size_t page_flushed(std::size_t which) { return shared_pages + 2 * which + 1; }

void score_chunk(companion_state& state, const functions& f, int chunk, workspace& space, buffer_pool& pool) {
  const row_tile& tile = state.tile;
  const attention_unit& unit = *tile.unit;
  const std::int64_t lanes = state.layout.lanes, blocks = tile.slots / block;
  buffer& stats = state.stats[static_cast<std::size_t>(chunk)];
  stats = buffer(pool, static_cast<std::size_t>(3 * lanes));
  double *m = stats.data(), *l = m + lanes, *t_sum = l + lanes;
  std::fill_n(m, lanes, -infinity);
  std::fill_n(l, 2 * lanes, 0.0);
  load_panels(tile, space.k.data(), space.q.data());
  if (chunk == 0) {
    f.norms(space.k.data(), tile.rows, unit.dk, state.q_norm.data());
    for (double& norm : state.q_norm) norm = std::sqrt(norm);
  }
  alignas(64) double begin[2 * panel_rows], end[2 * panel_rows], factor[panel_rows];

  const std::int64_t last_page = std::min(tile.pages(), (chunk + 1) * tile.chunk_pages);
  for (std::int64_t page = chunk * tile.chunk_pages; page < last_page; ++page) {
    const std::int64_t slot = page * page_keys;
    const auto [first, last] = readable(tile, slot);
    double* k = space.k.data() + first * unit.dk;
    unit.load_k(tile.origin + slot + first, last - first, k);
    double* norm = state.key_norm.data() + slot;
    std::fill_n(norm, page_keys, 0.0);
    f.norms(k, last - first, unit.dk, norm + first);
    // A key that is no number has no weight in a row that does not see it, and 0 * NaN is NaN; the budget of
    // a row that sees it is of no use.
    for (int i = first; i < last; ++i) norm[i] = std::isfinite(norm[i]) ? std::sqrt(norm[i]) : 0;
    for (int panel = 0; panel < tile.panels; panel += 2) {
      const int pair = std::min(2, tile.panels - panel);
      if (!tile.sees(panel, slot, page_keys) && !(pair == 2 && tile.sees(panel + 1, slot, page_keys)))
        continue;
      page_limits(tile, panel, pair, slot, begin, end);
      double* s = state.scores.data() + (panel * tile.slots + slot) * panel_rows;
      f.scores({space.k.data(), space.q.data() + panel * unit.dk * panel_rows, unit.dk, pair, first, last,
                unit.score_scale, unit.softcap, begin, end, s, tile.slots * panel_rows});
      for (int i = 0; i < pair; ++i, s += tile.slots * panel_rows) {
        const std::int64_t at = static_cast<std::int64_t>(panel + i) * panel_rows;
        f.absorb({s, first, last, m + at, l + at, t_sum + at, nullptr, factor});
        double* maxima = state.block_max.data() + ((panel + i) * blocks + slot / block) * panel_rows;
        std::fill_n(maxima, page_keys / block * panel_rows, -infinity);
        for (int key = 0; key < page_keys; ++key)
          for (int lane = 0; lane < panel_rows; ++lane) {
            double& top = maxima[key / block * panel_rows + lane];
            top = s[key * panel_rows + lane] > top ? s[key * panel_rows + lane] : top;
          }
      }
    }
  }
}

/// Weights, roundings and noise of one panel and page.  Returns, for each contract, whether a key flushes to
/// zero.
void weigh_panel(companion_state& state, const functions& f, int panel, int in_pair, std::int64_t slot,
                 page_range range, workspace& space, double* sums, std::vector<char>& flushes) {
  const chunk_layout& layout = state.layout;
  const std::int64_t lane = static_cast<std::int64_t>(panel) * panel_rows;
  const double* key_norm = state.key_norm.data() + slot;
  double *p = space.page[page_p].data(), *t = space.page[page_t].data();
  double *centred = space.page[page_centred].data(), *variance = space.page[page_variance].data();
  double* w = space.page[page_w].data() + in_pair * page_size;
  const auto row_sum = [&](auto... which) { return sums + layout.row_at(which...) + lane; };
  f.weights({state.panel_scores(panel) + slot * panel_rows, range.first, range.last,
             state.fact(fact_m) + lane, state.fact(fact_inverse_l) + lane, state.fact(fact_t_mean) + lane,
             key_norm, p, t, centred, w, space.page[page_w_centred].data() + in_pair * page_size,
             row_sum(chunk_layout::centred2), row_sum(chunk_layout::w_norm), row_sum(chunk_layout::w2)});
  for (std::size_t which = 0; which < state.contracts.size(); ++which) {
    const emulation& e = state.contracts[which];
    if (e.rounds)
      f.rounding({p, t, centred, range.first, range.last, e.rule, state.fact(fact_m) + lane,
                  state.up(which, panel), state.down(which, panel), variance,
                  sums + layout.coherent_at(which, 0) + lane * thetas,
                  sums + layout.coherent_at(which, 1) + lane * thetas});
    else
      std::fill_n(variance, page_size, e.rule.floor_variance);
    using layout_t = chunk_layout;
    flushes[which] |= f.noise({p,
                               t,
                               centred,
                               w,
                               key_norm,
                               variance,
                               range.first,
                               range.last,
                               state.score_noise(which, panel),
                               e.exp_variance,
                               e.tanh_variance,
                               state.half_step(which, panel),
                               e.u,
                               space.page[page_w2d2(which)].data() + in_pair * page_size,
                               space.page[page_flushed(which)].data() + in_pair * page_size,
                               row_sum(which, layout_t::v0),
                               row_sum(which, layout_t::vb),
                               row_sum(which, layout_t::n2),
                               row_sum(which, layout_t::n4),
                               row_sum(which, layout_t::eps2),
                               row_sum(which, layout_t::t1),
                               row_sum(which, layout_t::flushed)});
  }
}

void value_chunk(companion_state& state, const functions& f, int chunk, workspace& space, buffer_pool& pool) {
  const row_tile& tile = state.tile;
  const attention_unit& unit = *tile.unit;
  const chunk_layout& layout = state.layout;
  buffer& chunk_sums = state.sums[static_cast<std::size_t>(chunk)];
  chunk_sums = buffer(pool, layout.size());
  double* sums = chunk_sums.data();
  std::fill_n(sums, layout.size(), 0.0);
  std::vector<char> flushes(state.contracts.size());

  const std::int64_t last_page = std::min(tile.pages(), (chunk + 1) * tile.chunk_pages);
  for (std::int64_t page = chunk * tile.chunk_pages; page < last_page; ++page) {
    const std::int64_t slot = page * page_keys;
    const page_range range = readable(tile, slot);
    const std::int64_t at = range.first * unit.dv, count = range.last - range.first;
    double *v = space.v.data(), *size = space.v_size.data(), *square = space.v_square.data();
    unit.load_v(tile.origin + slot + range.first, count, v + at);
    f.magnitudes(v + at, count, unit.dv, size + at, square + at, sums + layout.column_max_at());
    const bool finite = f.finite(square + at, count * unit.dv);
    for (int panel = 0; panel < tile.panels; panel += 2) {
      const int pair = std::min(2, tile.panels - panel);
      if (!tile.sees(panel, slot, page_keys) && !(pair == 2 && tile.sees(panel + 1, slot, page_keys)))
        continue;
      flushes.assign(flushes.size(), 0);
      for (int i = 0; i < pair; ++i) weigh_panel(state, f, panel + i, i, slot, range, space, sums, flushes);
      const std::int64_t to = static_cast<std::int64_t>(panel) * panel_rows * unit.dv;
      const auto add = [&](const double* a, std::size_t weights, std::int64_t element,
                           std::int64_t magnitudes = -1) {
        const product_call call{a,
                                unit.dv,
                                range.first,
                                range.last,
                                pair,
                                space.page[weights].data(),
                                sums + element + to,
                                magnitudes < 0 ? nullptr : sums + magnitudes + to};
        finite ? f.product(call) : product_row_by_row(tile, panel, slot, call);
      };
      add(v, page_w, layout.element_at(chunk_layout::r), layout.element_at(chunk_layout::sb));
      add(size, page_w, layout.element_at(chunk_layout::s1));
      add(v, page_w_centred, layout.element_at(chunk_layout::c));
      for (std::size_t which = 0; which < state.contracts.size(); ++which) {
        add(v, page_w2d2(which), layout.element_at(which, chunk_layout::w2d2_v));
        add(square, page_w2d2(which), layout.element_at(which, chunk_layout::w2d2_v2));
        if (flushes[which]) add(v, page_flushed(which), layout.element_at(which, chunk_layout::flushed_v));
      }
    }
  }
}

void allocate(companion_state& state, buffer_pool& pool) {
  const row_tile& tile = state.tile;
  const std::int64_t lanes = state.layout.lanes;
  state.scores = buffer(pool, static_cast<std::size_t>(lanes * tile.slots));
  state.block_max = buffer(pool, static_cast<std::size_t>(lanes * tile.slots / block));
  state.key_norm = buffer(pool, static_cast<std::size_t>(tile.slots));
  state.facts = buffer(pool, static_cast<std::size_t>(facts * lanes));
  for (std::size_t which = 0; which < state.contracts.size(); ++which)
    state.factors.emplace_back(pool, static_cast<std::size_t>((2 * thetas + 2) * lanes));
  state.q_norm.resize(static_cast<std::size_t>(tile.rows));
  state.pool = &pool;
}

void release(companion_state& state) {
  for (buffer* b : {&state.scores, &state.block_max, &state.key_norm, &state.facts, &state.values})
    *b = buffer();
  state.stats.clear();
  state.sums.clear();
  state.factors.clear();
}

}  // namespace

void check_emulated(const contract& c) {
  const attention_promise& how = c.attention();
  if (!is_floating(how.p_type) || how.p_type == dtype::e8m0)
    throw bad_argument("p_type", "expected a floating format, not " + std::string(name_of(how.p_type)));
  const double most = how.p_type == dtype::f64 ? std::numeric_limits<double>::max()
                                               : decode(how.p_type, format_of(how.p_type).max_code);
  if (!(how.p_scale > 0 && how.p_scale <= most))
    throw bad_argument("p_scale", "expected a positive number that p_type holds");
}

emulation emulate(const contract& c, const attention_unit& unit) {
  const attention_promise& how = c.attention();
  emulation e{how};
  e.rounds = c.attention().shift != p_shift::any && how.p_type != dtype::f64;
  e.u = unit_roundoff(how.p_type);
  constexpr double kappa2 = 0.18;  // variance of a rounding error over u^2, log-uniform significand
  e.rule.floor_variance = how.p_type == dtype::f64 ? 0.0 : kappa2 * e.u * e.u;
  e.rule.one = how.p_scale * (1 + 0x1p-40);  // the key that is the maximum comes out as 1 within rounding
  if (how.p_type != dtype::f64) {
    const format f = format_of(how.p_type);
    e.rule.magic = std::ldexp(1.5, 52 - f.fraction_bits);
    e.rule.min_normal = std::ldexp(1.0, 1 - f.bias);
    e.half_step = std::ldexp(e.rule.min_normal, -f.fraction_bits - 1);
  }
  e.c_acc = score_noise(how.acc_qk, static_cast<double>(unit.dk));
  e.exp_variance = how.e_exp * how.e_exp / 3;
  const double from_tanh = unit.softcap > 0 ? how.e_tanh * unit.softcap : 0.0;
  e.tanh_variance = from_tanh * from_tanh;
  return e;
}

void prepare_companions(const attention_unit& unit, attention_truth& truth,
                        std::span<const contract> contracts) {
  const auto rows = static_cast<std::size_t>(unit.rows),
             elements = static_cast<std::size_t>(unit.rows * unit.dv);
  truth.row_facts.resize(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    truth.row_facts[i].visible = std::max<std::int64_t>(0, unit.end[i] - unit.begin[i]);
    if (!unit.sink.empty()) truth.row_facts[i].sink_factor = 0;
  }
  for (std::vector<double>* element : {&truth.S1, &truth.SB, &truth.C, &truth.max_abs_v})
    element->assign(elements, 0.0);
  truth.contracts.resize(contracts.size());
  for (contract_companions& c : truth.contracts) {
    c.rows.resize(rows);
    c.A2.assign(elements, 0.0);
    c.flushed.assign(elements, 0.0);
  }
}

std::size_t companion_pages(std::size_t contracts) { return shared_pages + 2 * contracts; }

staged_job companion_job(const functions& f, row_tile tile, std::span<const contract> contracts,
                         std::vector<workspace>& spaces, buffer_pool& pool) {
  auto state = std::make_shared<companion_state>();
  state->tile = std::move(tile);
  state->layout = {static_cast<std::int64_t>(state->tile.panels) * panel_rows, state->tile.unit->dv,
                   static_cast<std::int64_t>(contracts.size())};
  for (const contract& c : contracts) state->contracts.push_back(emulate(c, *state->tile.unit));
  const int chunks = state->tile.chunks;
  state->stats.resize(static_cast<std::size_t>(chunks));
  state->sums.resize(static_cast<std::size_t>(chunks));
  const auto space = [&spaces](int thread) -> workspace& { return spaces[static_cast<std::size_t>(thread)]; };

  staged_job job;
  job.prepare = [state, &pool] { allocate(*state, pool); };
  job.stages = {
      {chunks, [=, &f, &pool](int i, int t) { score_chunk(*state, f, i, space(t), pool); },
       [state] { merge_scores(*state); }},
      {chunks, [=, &f, &pool](int i, int t) { value_chunk(*state, f, i, space(t), pool); }, nullptr},
      {state->tile.panels, [state, &f](int i, int) { finish_panel(*state, f, i); },
       [state] { release(*state); }}};
  return job;
}

}  // namespace plumbline::attention_tile
