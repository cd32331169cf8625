#include "properties/mla/module_noise.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "reference/core/random.hpp"
#include "reference/mla_problem.hpp"
#include "reference/product.hpp"

namespace plumbline::mla {

namespace {

constexpr int runs = 32;  // a deviation is then known to an eighth
using numbers = std::vector<double>;

struct matrix {
  std::int64_t rows, columns;
  numbers values;
};

class rounded_module {
 public:
  rounded_module(const forward_problem& p, const tensor_set& inputs, const tensor* before)
      : p_(p), inputs_(inputs), cos_(inputs.at("cos").values()), sin_(inputs.at("sin").values()) {
    for (const char* name : {"wq", "wq_a", "wq_b", "wkv_a", "wkv_b", "wo"})
      if (inputs.has(name)) {
        const weight_matrix w(inputs, name, p.type);
        weights_[name] = {w.rows(), w.columns(), w.values()};
      }
    for (const char* name : {"q_norm", "kv_norm"})
      if (inputs.has(name)) weights_[name] = {1, inputs.at(name).size(), inputs.at(name).values()};
    x_ = inputs.at("x").values();
    if (before != nullptr) before_ = before->values();
  }

  module_results run(const module_rounding& by, std::uint64_t seed) {
    by_ = by;
    noise_ = random_stream(seed, "roundings");
    made_ = {};
    const numbers q = queries();
    numbers z;
    for (std::int64_t s = 0; s < p_.b; ++s) attend(s, q, z);
    made_.out = linear("wo", z);
    return std::move(made_);
  }

 private:
  double move(double width) { return width == 0 ? 0 : width * (2 * noise_.uniform() - 1); }
  double stored(double y) {
    return y == 0 || by_.stored == 0 ? y : y + move(std::ldexp(by_.stored, std::ilogb(y)));
  }
  double summed(double y, double size, std::int64_t terms) {
    return y + move(by_.summed * std::sqrt(static_cast<double>(terms)) * size);
  }
  // sum a[k] b[k], in four interleaved sums: one would wait for each addition.
  double dot(const double* a, const double* b, std::int64_t n) {
    double y[4] = {}, size[4] = {};
    for (std::int64_t k = 0; k < n; ++k) {
      const double term = a[k] * b[k];
      y[k % 4] += term, size[k % 4] += std::fabs(term);
    }
    return summed((y[0] + y[1]) + (y[2] + y[3]), (size[0] + size[1]) + (size[2] + size[3]), n);
  }

  void quantize(double* x, std::int64_t n) {
    for (std::int64_t from = 0; from < n; from += weight_block) {
      const std::int64_t end = std::min(n, from + weight_block);
      double largest = 1e-4;
      for (std::int64_t k = from; k < end; ++k) largest = std::max(largest, std::fabs(x[k]));
      const double scale = largest / 448;
      for (std::int64_t k = from; k < end; ++k) {
        const int e = x[k] == 0 ? -6 : std::max(-6, std::ilogb(x[k] / scale));
        x[k] += move(scale * std::ldexp(1, e - 4));
      }
    }
  }

  numbers linear(const char* name, numbers x) {
    const matrix& w = weights_.at(name);
    numbers y;
    for (std::size_t at = 0; at < x.size(); at += static_cast<std::size_t>(w.columns)) {
      double* row = x.data() + at;
      if (by_.codes) quantize(row, w.columns);
      for (std::int64_t n = 0; n < w.rows; ++n) {
        const double* of = w.values.data() + n * w.columns;
        double sum = dot(row, of, w.columns), squares = 0;
        for (std::int64_t k = 0; by_.codes && k < w.columns; ++k) squares += row[k] * of[k] * row[k] * of[k];
        if (by_.codes) sum += move(by_.stored * std::sqrt(squares));
        y.push_back(stored(sum));
      }
    }
    return y;
  }

  void norm(double* x, const char* name) {
    const matrix& w = weights_.at(name);
    double squares = 0;
    for (std::int64_t k = 0; k < w.columns; ++k) squares += x[k] * x[k];
    const double scale = 1 / std::sqrt(squares / static_cast<double>(w.columns) + p_.eps);
    const double shared = summed(scale, 4 * scale, w.columns);
    for (std::int64_t k = 0; k < w.columns; ++k)
      x[k] = stored(x[k] * shared * w.values[static_cast<std::size_t>(k)]);
  }

  void rotate(double* x, std::int64_t position) {
    const std::int64_t pairs = p_.qk_rope_head_dim / 2;
    for (std::int64_t i = 0; i < pairs; ++i) {
      const double c = cos_[static_cast<std::size_t>(position * pairs + i)],
                   s = sin_[static_cast<std::size_t>(position * pairs + i)];
      const double a = x[2 * i], b = x[2 * i + 1], size = 2 * (std::fabs(a) + std::fabs(b));
      x[2 * i] = stored(summed(a * c - b * s, size, 1));
      x[2 * i + 1] = stored(summed(a * s + b * c, size, 1));
    }
  }

  // (b, sq, n_heads, qk_head_dim), rotated.
  numbers queries() {
    numbers q;
    if (p_.q_lora_rank > 0) {
      numbers down = linear("wq_a", x_);
      for (std::int64_t t = 0; t < p_.b * p_.sq; ++t) norm(down.data() + t * p_.q_lora_rank, "q_norm");
      q = linear("wq_b", std::move(down));
    } else {
      q = linear("wq", x_);
    }
    const std::int64_t d = p_.qk_head_dim();
    for (std::int64_t row = 0; row < p_.b * p_.sq * p_.n_heads; ++row)
      rotate(q.data() + row * d + p_.qk_nope_head_dim, p_.start_pos + row / p_.n_heads % p_.sq);
    return q;
  }

  // Latents and rotated keys of tokens at positions from `first` on, (kv_lora_rank + qk_rope_head_dim) each.
  numbers rows_of(const numbers& x, std::int64_t first) {
    numbers rows = linear("wkv_a", x);
    const std::int64_t rank = p_.kv_lora_rank, width = rank + p_.qk_rope_head_dim;
    for (std::int64_t t = 0; t * width < static_cast<std::int64_t>(rows.size()); ++t) {
      norm(rows.data() + t * width, "kv_norm");
      rotate(rows.data() + t * width + rank, first + t);
    }
    return rows;
  }

  static numbers tokens_of(const numbers& x, std::int64_t s, std::int64_t count, std::int64_t dim) {
    const auto from = x.begin() + s * count * dim;
    return numbers(from, from + count * dim);
  }

  // Rows of a cache in front of start_pos.
  numbers cached(const char* name, std::int64_t s, std::int64_t width) const {
    const tensor& t = inputs_.at(name);
    numbers rows;
    for (std::int64_t i = 0; i < p_.start_pos * width; ++i)
      rows.push_back(t.value(s * p_.max_seq_len * width + i));
    return rows;
  }

  // Latents and rotated keys of a sequence: from what was there, then from x.  Exact caches of the naive form
  // hold no latents: then those of x alone.
  numbers latents(std::int64_t s) {
    const std::int64_t rank = p_.kv_lora_rank, rope = p_.qk_rope_head_dim;
    numbers rows;
    if (!before_.empty()) {
      rows = rows_of(tokens_of(before_, s, p_.start_pos, p_.dim), 0);
    } else if (p_.start_pos > 0 && p_.form == attention_form::absorb) {
      const numbers c = cached("kv_cache", s, rank), pe = cached("pe_cache", s, rope);
      for (std::int64_t j = 0; j < p_.start_pos; ++j) {
        rows.insert(rows.end(), c.begin() + j * rank, c.begin() + (j + 1) * rank);
        rows.insert(rows.end(), pe.begin() + j * rope, pe.begin() + (j + 1) * rope);
      }
    }
    const numbers fresh = rows_of(tokens_of(x_, s, p_.sq, p_.dim), p_.start_pos);
    for (std::int64_t t = 0; t < p_.sq; ++t) {
      const double* row = fresh.data() + t * (rank + rope);
      made_.latent.insert(made_.latent.end(), row, row + rank);
      made_.k_pe.insert(made_.k_pe.end(), row + rank, row + rank + rope);
    }
    rows.insert(rows.end(), fresh.begin(), fresh.end());
    return rows;
  }

  // Keys and values of every head, (end_pos, heads, ..), brought up from the latents or as the caches have
  // them.
  struct heads_rows {
    numbers keys, values;
  };
  heads_rows by_head(std::int64_t s, const numbers& rows) {
    const std::int64_t rank = p_.kv_lora_rank, rope = p_.qk_rope_head_dim, width = rank + rope;
    const std::int64_t nope = p_.qk_nope_head_dim, dv = p_.v_head_dim, heads = p_.n_heads;
    const std::int64_t brought = static_cast<std::int64_t>(rows.size()) / width;
    heads_rows all;
    if (brought < p_.end_pos())
      all = {cached("k_cache", s, heads * (nope + rope)), cached("v_cache", s, heads * dv)};
    numbers compressed;
    for (std::int64_t j = 0; j < brought; ++j)
      compressed.insert(compressed.end(), rows.data() + j * width, rows.data() + j * width + rank);
    const numbers up = linear("wkv_b", std::move(compressed));
    for (std::int64_t row = 0; row < brought * heads; ++row) {
      const double* from = up.data() + row * (nope + dv);
      const double* rotated = rows.data() + row / heads * width + rank;
      all.keys.insert(all.keys.end(), from, from + nope);
      all.keys.insert(all.keys.end(), rotated, rotated + rope);
      all.values.insert(all.values.end(), from + nope, from + nope + dv);
    }
    made_.k_new.insert(made_.k_new.end(), all.keys.begin() + p_.start_pos * heads * (nope + rope),
                       all.keys.end());
    made_.v_new.insert(made_.v_new.end(), all.values.begin() + p_.start_pos * heads * dv, all.values.end());
    return all;
  }

  void attend(std::int64_t s, const numbers& q, numbers& z) {
    const numbers rows = latents(s);
    const std::int64_t rank = p_.kv_lora_rank, rope = p_.qk_rope_head_dim, width = rank + rope;
    const std::int64_t nope = p_.qk_nope_head_dim, dv = p_.v_head_dim, heads = p_.n_heads;
    const bool naive = p_.form == attention_form::naive;
    const heads_rows of_heads = naive ? by_head(s, rows) : heads_rows{};
    const double* w = weights_.at("wkv_b").values.data();
    const double scale = effective_scale(p_);
    for (std::int64_t i = 0; i < p_.sq; ++i)
      for (std::int64_t h = 0; h < heads; ++h) {
        const double* query = q.data() + ((s * p_.sq + i) * heads + h) * (nope + rope);
        const double* own = w + h * (nope + dv) * rank;
        numbers absorbed;
        for (std::int64_t c = 0; !naive && c < rank; ++c) {
          double y = 0, size = 0;
          for (std::int64_t d = 0; d < nope; ++d)
            y += query[d] * own[d * rank + c], size += std::fabs(query[d] * own[d * rank + c]);
          absorbed.push_back(stored(summed(y, size, nope)));
        }
        const std::int64_t visible = visible_keys(p_.causal, i, p_.sq, p_.end_pos());
        const std::int64_t values = naive ? dv : rank;
        const numbers weights = softmax_of(visible, [&](std::int64_t j) {
          const double* key =
              naive ? of_heads.keys.data() + (j * heads + h) * (nope + rope) : rows.data() + j * width;
          const double rotated = dot(query + nope, key + (naive ? nope : rank), rope);
          const double score = naive ? dot(query, key, nope) + rotated
                                     : stored(dot(absorbed.data(), key, rank)) + stored(rotated);
          return stored(scale * stored(score));
        });
        numbers o(static_cast<std::size_t>(values));
        for (std::int64_t c = 0; c < values; ++c) {
          double y = 0, size = 0;
          for (std::int64_t j = 0; j < visible; ++j) {
            const double v = naive ? of_heads.values[static_cast<std::size_t>((j * heads + h) * dv + c)]
                                   : rows[static_cast<std::size_t>(j * width + c)];
            const double term = weights[static_cast<std::size_t>(j)] * v;
            y += term, size += std::fabs(term);
          }
          o[static_cast<std::size_t>(c)] = stored(summed(y, size, visible));
        }
        if (naive)
          z.insert(z.end(), o.begin(), o.end());
        else
          for (std::int64_t d = 0; d < dv; ++d)
            z.push_back(stored(dot(o.data(), own + (nope + d) * rank, rank)));
      }
  }

  template <class Score>
  numbers softmax_of(std::int64_t visible, Score score) {
    numbers w;
    for (std::int64_t j = 0; j < visible; ++j) w.push_back(score(j));
    const double largest = w.empty() ? 0 : *std::max_element(w.begin(), w.end());
    double sum = 0;
    for (double& x : w) x = summed(std::exp(x - largest), 8 * std::exp(x - largest), 1), sum += x;
    sum = summed(sum, sum, visible);
    for (double& x : w) x = stored(x / sum);
    return w;
  }

  const forward_problem& p_;
  const tensor_set& inputs_;
  std::map<std::string, matrix> weights_;
  numbers cos_, sin_, x_, before_;
  module_rounding by_ = {0, 0};
  random_stream noise_ = random_stream(0, "roundings");
  module_results made_;
};

constexpr numbers module_results::*parts[] = {&module_results::out, &module_results::latent,
                                              &module_results::k_pe, &module_results::k_new,
                                              &module_results::v_new};

}  // namespace

module_results module_deviation(const forward_problem& p, const tensor_set& inputs, const tensor* before,
                                const module_rounding& rounding) {
  // Double's own roundoff would drown in that of this emulation: errors are linear that far down.
  constexpr double least = 0x1p-30;
  const double shrink = std::min(1.0, rounding.stored / least);
  module_rounding by = rounding;
  by.stored /= shrink, by.summed /= shrink;

  rounded_module module(p, inputs, before);
  const module_results exact = module.run({0, 0}, 0);
  module_results all = exact;
  for (const auto part : parts) std::fill((all.*part).begin(), (all.*part).end(), 0.0);
  for (int n = 1; n <= runs; ++n) {
    const module_results one = module.run(by, static_cast<std::uint64_t>(n));
    for (const auto part : parts)
      for (std::size_t i = 0; i < (all.*part).size(); ++i) {
        const double e = (one.*part)[i] - (exact.*part)[i];
        (all.*part)[i] += e * e / runs;
      }
  }
  for (const auto part : parts)
    for (double& x : all.*part) x = shrink * std::sqrt(x);
  return all;
}

}  // namespace plumbline::mla
