#include "reference/mla_core.hpp"

#include <algorithm>

#include "reference/mla_places.hpp"
#include "reference/mla_problem.hpp"
#include "reference/product.hpp"

namespace plumbline::mla {

namespace {

std::int64_t latent_width(const latent_core& c) { return c.kv_lora_rank + c.qk_rope_head_dim; }
std::int64_t query_width(const latent_core& c) { return c.qk_nope_head_dim + c.qk_rope_head_dim; }

const double* up(const latent_core& c, std::int64_t head, std::int64_t row) {
  return c.wkv_b.data() + (head * (c.qk_nope_head_dim + c.v_head_dim) + row) * c.kv_lora_rank;
}

// The first `columns` of rows of `width`, packed.
std::vector<double> leading(const std::vector<double>& rows, std::int64_t width, std::int64_t columns) {
  std::vector<double> front;
  for (std::size_t at = 0; at < rows.size(); at += static_cast<std::size_t>(width))
    front.insert(front.end(), rows.begin() + static_cast<std::ptrdiff_t>(at),
                 rows.begin() + static_cast<std::ptrdiff_t>(at) + columns);
  return front;
}

std::vector<double> load(const attention_unit::loader& rows, std::int64_t first, std::int64_t count,
                         std::int64_t width) {
  std::vector<double> all(static_cast<std::size_t>(count * width));
  rows(first, count, all.data());
  return all;
}

attention_unit unit_of(const latent_core& c, std::int64_t s, std::int64_t rows_a_query) {
  attention_unit unit;
  unit.rows = c.sq * rows_a_query;
  unit.keys = c.lengths[static_cast<std::size_t>(s)];
  unit.score_scale = c.softmax_scale;
  for (std::int64_t i = 0; i < c.sq; ++i)
    for (std::int64_t n = 0; n < rows_a_query; ++n) {
      unit.begin.push_back(0);
      unit.end.push_back(visible_keys(c.causal, i, c.sq, unit.keys));
    }
  return unit;
}

std::vector<attention_unit> naive_units(const latent_core& c) {
  std::vector<attention_unit> units;
  for (std::int64_t s = 0; s < c.b; ++s)
    for (std::int64_t h = 0; h < c.heads; ++h) {
      attention_unit unit = unit_of(c, s, 1);
      unit.dk = query_width(c);
      unit.dv = c.v_head_dim;
      unit.load_q = [&c, s, h](std::int64_t first, std::int64_t count, double* out) {
        const std::int64_t width = query_width(c);
        for (std::int64_t i = first; i < first + count; ++i, out += width)
          std::copy_n(c.q.data() + ((s * c.sq + i) * c.heads + h) * width, width, out);
      };
      const attention_unit::loader& latents = c.latents[static_cast<std::size_t>(s)];
      unit.load_k = [&c, &latents, h](std::int64_t first, std::int64_t count, double* out) {
        const auto rows = load(latents, first, count, latent_width(c));
        const auto keys = product(leading(rows, latent_width(c), c.kv_lora_rank), c.kv_lora_rank,
                                  c.qk_nope_head_dim, rows_as_columns(up(c, h, 0), c.kv_lora_rank));
        for (std::int64_t j = 0; j < count; ++j) {
          out = std::copy_n(keys.data() + j * c.qk_nope_head_dim, c.qk_nope_head_dim, out);
          out = std::copy_n(rows.data() + j * latent_width(c) + c.kv_lora_rank, c.qk_rope_head_dim, out);
        }
      };
      unit.load_v = [&c, &latents, h](std::int64_t first, std::int64_t count, double* out) {
        const auto rows = load(latents, first, count, latent_width(c));
        const auto values =
            product(leading(rows, latent_width(c), c.kv_lora_rank), c.kv_lora_rank, c.v_head_dim,
                    rows_as_columns(up(c, h, c.qk_nope_head_dim), c.kv_lora_rank));
        std::copy(values.begin(), values.end(), out);
      };
      units.push_back(std::move(unit));
    }
  return units;
}

std::vector<attention_unit> absorb_units(const latent_core& c, const std::vector<double>& absorbed) {
  std::vector<attention_unit> units;
  for (std::int64_t s = 0; s < c.b; ++s) {
    attention_unit unit = unit_of(c, s, c.heads);
    unit.dk = latent_width(c);
    unit.dv = c.kv_lora_rank;
    unit.load_q = [&c, &absorbed, s](std::int64_t first, std::int64_t count, double* out) {
      for (std::int64_t r = s * c.sq * c.heads + first; count-- > 0; ++r) {
        out = std::copy_n(absorbed.data() + r * c.kv_lora_rank, c.kv_lora_rank, out);
        out = std::copy_n(c.q.data() + r * query_width(c) + c.qk_nope_head_dim, c.qk_rope_head_dim, out);
      }
    };
    unit.load_k = c.latents[static_cast<std::size_t>(s)];
    unit.load_v = [&c, s](std::int64_t first, std::int64_t count, double* out) {
      const auto rows = leading(load(c.latents[static_cast<std::size_t>(s)], first, count, latent_width(c)),
                                latent_width(c), c.kv_lora_rank);
      std::copy(rows.begin(), rows.end(), out);
    };
    units.push_back(std::move(unit));
  }
  return units;
}

}  // namespace

std::vector<double> absorbed_query(const latent_core& c) {
  std::vector<double> absorbed(static_cast<std::size_t>(c.b * c.sq * c.heads * c.kv_lora_rank));
  const std::int64_t tokens = c.b * c.sq;
  for (std::int64_t h = 0; h < c.heads; ++h) {
    std::vector<double> q;
    for (std::int64_t t = 0; t < tokens; ++t) {
      const double* from = c.q.data() + (t * c.heads + h) * query_width(c);
      q.insert(q.end(), from, from + c.qk_nope_head_dim);
    }
    const auto columns = [&c, h](std::int64_t first, std::int64_t count, double* panel) {
      for (std::int64_t d = 0; d < c.qk_nope_head_dim; ++d)
        std::copy_n(up(c, h, d) + first, count, panel + d * panel_columns);
    };
    const auto rows = product(q, c.qk_nope_head_dim, c.kv_lora_rank, columns);
    for (std::int64_t t = 0; t < tokens; ++t)
      std::copy_n(rows.data() + t * c.kv_lora_rank, c.kv_lora_rank,
                  absorbed.data() + (t * c.heads + h) * c.kv_lora_rank);
  }
  return absorbed;
}

core_truth attend_naive(const latent_core& c, std::span<const contract> contracts,
                        const attention_options& options) {
  core_truth truth;
  truth.units = attend(naive_units(c), contracts, options);
  finish_lse(truth.units);
  truth.out.resize(static_cast<std::size_t>(c.b * c.sq * c.heads * c.v_head_dim));
  for (std::int64_t s = 0; s < c.b; ++s)
    for (std::int64_t h = 0; h < c.heads; ++h) {
      const attention_truth& unit = truth.units[static_cast<std::size_t>(s * c.heads + h)];
      for (std::int64_t i = 0; i < c.sq; ++i)
        std::copy_n(unit.out.data() + i * c.v_head_dim, c.v_head_dim,
                    truth.out.data() + ((s * c.sq + i) * c.heads + h) * c.v_head_dim);
      truth.lse.insert(truth.lse.end(), unit.lse.begin(), unit.lse.end());
    }
  return truth;
}

core_truth attend_absorb(const latent_core& c, std::span<const contract> contracts,
                         const attention_options& options) {
  core_truth truth;
  const std::vector<double> absorbed = absorbed_query(c);
  truth.units = attend(absorb_units(c, absorbed), contracts, options);
  finish_lse(truth.units);
  truth.out.resize(static_cast<std::size_t>(c.b * c.sq * c.heads * c.v_head_dim));
  truth.lse.resize(static_cast<std::size_t>(c.b * c.heads * c.sq));
  for (std::int64_t h = 0; h < c.heads; ++h) {
    std::vector<double> z;
    for (std::int64_t s = 0; s < c.b; ++s) {
      const attention_truth& unit = truth.units[static_cast<std::size_t>(s)];
      for (std::int64_t i = 0; i < c.sq; ++i) {
        const double* from = unit.out.data() + (i * c.heads + h) * c.kv_lora_rank;
        z.insert(z.end(), from, from + c.kv_lora_rank);
        truth.lse[static_cast<std::size_t>((s * c.heads + h) * c.sq + i)] =
            unit.lse[static_cast<std::size_t>(i * c.heads + h)];
      }
    }
    const auto rows = product(z, c.kv_lora_rank, c.v_head_dim,
                              rows_as_columns(up(c, h, c.qk_nope_head_dim), c.kv_lora_rank));
    for (std::int64_t t = 0; t < c.b * c.sq; ++t)
      std::copy_n(rows.data() + t * c.v_head_dim, c.v_head_dim,
                  truth.out.data() + (t * c.heads + h) * c.v_head_dim);
  }
  return truth;
}

}  // namespace plumbline::mla
