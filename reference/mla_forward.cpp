// forward: the module from x to its output, step after step in double.
//
// Keys before start_pos come from the caches as they are, new ones from this call's own steps, unrounded;
// rows of the caches at and behind start_pos are not read.  The naive form reads keys and values of each
// head, the absorbed form latents.
#include <algorithm>

#include "reference/core/bulk_decode.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/mla_module.hpp"
#include "reference/mla_places.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::mla {

namespace {

std::vector<double> linear(const tensor_set& inputs, const std::string& name, dtype type,
                           std::span<const double> x) {
  const weight_matrix weight(inputs, name, type);
  return product(x, weight.columns(), weight.rows(), rows_as_columns(weight, 0));
}

void norm_rows(std::vector<double>& rows, const tensor& weight, double eps) {
  const std::vector<double> w = weight.values();
  for (std::size_t at = 0; at < rows.size(); at += w.size())
    rms_norm(std::span(rows).subspan(at, w.size()), w, eps);
}

// Rotates the last `d` numbers of rows of `width`, `rows_a_token` to a token.
void rotate_rows(const forward_problem& p, const tensor_set& inputs, std::vector<double>& rows,
                 std::int64_t width, std::int64_t rows_a_token) {
  const std::vector<double> cos = inputs.at("cos").values(), sin = inputs.at("sin").values();
  const auto d = static_cast<std::size_t>(p.qk_rope_head_dim), all = static_cast<std::size_t>(width);
  for (std::size_t row = 0; row < rows.size() / all; ++row) {
    const auto token = static_cast<std::int64_t>(row) / rows_a_token % p.sq;
    const std::size_t at = static_cast<std::size_t>(p.start_pos + token) * (d / 2);
    rotate(std::span(rows).subspan(row * all + all - d, d), std::span(cos).subspan(at, d / 2),
           std::span(sin).subspan(at, d / 2));
  }
}

// The steps before the attention.
forward_truth before_attention(const forward_problem& p, const tensor_set& inputs) {
  forward_truth truth;
  const std::vector<double> x = inputs.at("x").values();
  if (p.q_lora_rank > 0) {
    truth.q_latent = linear(inputs, "wq_a", p.type, x);
    norm_rows(truth.q_latent, inputs.at("q_norm"), p.eps);
    truth.q = linear(inputs, "wq_b", p.type, truth.q_latent);
  } else {
    truth.q = linear(inputs, "wq", p.type, x);
  }
  rotate_rows(p, inputs, truth.q, p.qk_head_dim(), p.n_heads);

  const std::vector<double> kv = linear(inputs, "wkv_a", p.type, x);
  for (auto at = kv.begin(); at != kv.end();) {
    truth.latent.insert(truth.latent.end(), at, at + p.kv_lora_rank);
    at += p.kv_lora_rank;
    truth.k_pe.insert(truth.k_pe.end(), at, at + p.qk_rope_head_dim);
    at += p.qk_rope_head_dim;
  }
  norm_rows(truth.latent, inputs.at("kv_norm"), p.eps);
  rotate_rows(p, inputs, truth.k_pe, p.qk_rope_head_dim, 1);
  return truth;
}

// Rows of one sequence: `width` numbers from the cache (.., max_seq_len, ..) up to start_pos, then new ones
// that lie `step` apart.
attention_unit::loader rows_of(const forward_problem& p, const tensor& cache, std::vector<std::int64_t> first,
                               std::int64_t width, const double* fresh, std::int64_t step) {
  return [=, &cache](std::int64_t from, std::int64_t count, double* out) {
    std::vector<std::int64_t> at = first;
    for (std::int64_t j = from; j < from + count; ++j, out += width) {
      at[1] = j;
      if (j < p.start_pos)
        decode_row(cache.type(), element(cache, cache.offset(at)), width, out);
      else
        std::copy_n(fresh + (j - p.start_pos) * step, width, out);
    }
  };
}

latent_core absorbed_core(const forward_problem& p, const tensor_set& inputs, const forward_truth& truth) {
  latent_core core;
  core.b = p.b, core.sq = p.sq, core.heads = p.n_heads;
  core.kv_lora_rank = p.kv_lora_rank, core.qk_nope_head_dim = p.qk_nope_head_dim;
  core.qk_rope_head_dim = p.qk_rope_head_dim, core.v_head_dim = p.v_head_dim;
  core.lengths.assign(static_cast<std::size_t>(p.b), p.end_pos());
  core.softmax_scale = effective_scale(p);
  core.causal = p.causal;
  core.q = truth.q;
  core.wkv_b = weight_matrix(inputs, "wkv_b", p.type).values();
  const std::int64_t rank = p.kv_lora_rank, rope = p.qk_rope_head_dim;
  for (std::int64_t s = 0; s < p.b; ++s) {
    // The core outlives this call: it keeps its own copy of the new rows.
    const auto own = [&](const std::vector<double>& rows, std::int64_t width) {
      const auto from = rows.begin() + s * p.sq * width;
      return std::vector<double>(from, from + p.sq * width);
    };
    core.latents.push_back(
        [&inputs, p, s, rank, rope, latent = own(truth.latent, rank), k_pe = own(truth.k_pe, rope)](
            std::int64_t from, std::int64_t count, double* out) {
          const auto latents = rows_of(p, inputs.at("kv_cache"), {s, 0, 0}, rank, latent.data(), rank);
          const auto rotated = rows_of(p, inputs.at("pe_cache"), {s, 0, 0}, rope, k_pe.data(), rope);
          for (std::int64_t j = from; j < from + count; ++j, out += rank + rope) {
            latents(j, 1, out);
            rotated(j, 1, out + rank);
          }
        });
  }
  return core;
}

void attend_absorbed(const forward_problem& p, const tensor_set& inputs, std::span<const contract> contracts,
                     const attention_options& options, forward_truth& truth) {
  core_truth attended = attend_absorb(absorbed_core(p, inputs, truth), contracts, options);
  truth.units = std::move(attended.units);
  truth.attended = std::move(attended.out);
}

void attend_by_head(const forward_problem& p, const tensor_set& inputs, std::span<const contract> contracts,
                    const attention_options& options, forward_truth& truth) {
  const std::int64_t nope = p.qk_nope_head_dim, rope = p.qk_rope_head_dim, dv = p.v_head_dim;
  const std::int64_t dk = p.qk_head_dim(), heads = p.n_heads;
  const std::vector<double> up = linear(inputs, "wkv_b", p.type, truth.latent);
  for (std::int64_t t = 0; t < p.b * p.sq; ++t)
    for (std::int64_t h = 0; h < heads; ++h) {
      const auto from = up.begin() + (t * heads + h) * (nope + dv);
      truth.k_new.insert(truth.k_new.end(), from, from + nope);
      truth.k_new.insert(truth.k_new.end(), truth.k_pe.begin() + t * rope,
                         truth.k_pe.begin() + (t + 1) * rope);
      truth.v_new.insert(truth.v_new.end(), from + nope, from + nope + dv);
    }
  std::vector<attention_unit> units;
  for (std::int64_t s = 0; s < p.b; ++s)
    for (std::int64_t h = 0; h < heads; ++h) {
      attention_unit unit;
      unit.rows = p.sq, unit.keys = p.end_pos(), unit.dk = dk, unit.dv = dv;
      unit.score_scale = effective_scale(p);
      for (std::int64_t i = 0; i < p.sq; ++i) {
        unit.begin.push_back(0);
        unit.end.push_back(visible_keys(p.causal, i, p.sq, p.end_pos()));
      }
      const std::int64_t row = s * p.sq * heads + h;
      unit.load_q = [&truth, row, dk, heads](std::int64_t from, std::int64_t count, double* out) {
        for (std::int64_t i = from; i < from + count; ++i)
          out = std::copy_n(truth.q.data() + (row + i * heads) * dk, dk, out);
      };
      unit.load_k =
          rows_of(p, inputs.at("k_cache"), {s, 0, h, 0}, dk, truth.k_new.data() + row * dk, heads * dk);
      unit.load_v =
          rows_of(p, inputs.at("v_cache"), {s, 0, h, 0}, dv, truth.v_new.data() + row * dv, heads * dv);
      units.push_back(std::move(unit));
    }
  truth.units = attend(units, contracts, options);
  finish_lse(truth.units);
  truth.attended.resize(static_cast<std::size_t>(p.b * p.sq * heads * dv));
  for (std::size_t u = 0; u < truth.units.size(); ++u)
    for (std::int64_t i = 0; i < p.sq; ++i) {
      const auto s = static_cast<std::int64_t>(u) / heads, h = static_cast<std::int64_t>(u) % heads;
      std::copy_n(truth.units[u].out.data() + i * dv, dv,
                  truth.attended.data() + ((s * p.sq + i) * heads + h) * dv);
    }
}

}  // namespace

forward_truth forward(const forward_problem& p, const tensor_set& inputs, std::span<const contract> contracts,
                      const attention_options& options) {
  check(p, inputs);
  forward_truth truth = before_attention(p, inputs);
  if (p.form == attention_form::naive)
    attend_by_head(p, inputs, contracts, options, truth);
  else
    attend_absorbed(p, inputs, contracts, options, truth);
  truth.out = linear(inputs, "wo", p.type, truth.attended);
  return truth;
}

latent_core core_of(const forward_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  if (p.form != attention_form::absorb) throw bad_argument("form", "expected absorb, got naive");
  return absorbed_core(p, inputs, before_attention(p, inputs));
}

}  // namespace plumbline::mla
