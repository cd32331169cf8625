#include "tests/flash_decode_naive.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "reference/core/keyed_text.hpp"
#include "reference/core/random.hpp"

namespace plumbline::flash_decode::naive {

namespace {

using index = std::int64_t;

constexpr double wild_page = 2147480000;

tensor rows(dtype type, std::vector<index> shape, index gap) {
  std::vector<index> strides(shape.size(), 1);
  for (std::size_t axis = shape.size(); axis-- > 1;)
    strides[axis - 1] = strides[axis] * shape[axis] + (axis + 1 == shape.size() ? gap : 0);
  tensor t(type, std::move(shape), std::move(strides));
  t.poison(0xff);
  return t;
}

void draw_row(tensor& t, std::vector<index> at, random_stream& from, double size) {
  for (index c = 0; c < t.shape().back(); ++c) {
    at.back() = c;
    t.set_value(t.offset(at), size * from.normal());
  }
}

tensor integers(const std::vector<index>& values) {
  tensor t(dtype::i32, {static_cast<index>(values.size())});
  for (std::size_t i = 0; i < values.size(); ++i)
    t.set_value(static_cast<index>(i), static_cast<double>(values[i]));
  return t;
}

tensor cumulative(const std::vector<index>& lengths) {
  std::vector<index> sums(1, 0);
  for (index n : lengths) sums.push_back(sums.back() + n);
  return integers(sums);
}

index total(const std::vector<index>& lengths) {
  return std::accumulate(lengths.begin(), lengths.end(), index{0});
}

std::vector<index> shuffled(index count, random_stream& from) {
  std::vector<index> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), index{0});
  for (std::size_t i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[static_cast<std::size_t>(from.integer(0, static_cast<index>(i) - 1))]);
  return order;
}

index padding(const cache_shape& p, index n) {
  return p.cache_leftpad.empty() ? 0 : p.cache_leftpad[static_cast<std::size_t>(n)];
}

std::vector<index> cache_place(const cache_shape& p, const tensor_set& inputs, index n, index slot,
                               index hk) {
  const index row = p.has_batch_idx ? static_cast<index>(inputs.at("cache_batch_idx").value(n)) : n;
  if (p.page_size == 0) return {row, slot, hk, 0};
  const index entry[] = {row, slot / p.page_size};
  const tensor& table = inputs.at("page_table");
  return {static_cast<index>(table.value(table.offset(entry))), slot % p.page_size, hk, 0};
}

// Length and index tensors, and empty caches; `room` more slots a sequence will be written.
void add_cache(const cache_shape& p, tensor_set& inputs, random_stream& layout,
               const std::vector<index>& room) {
  const index blocks = p.page_size ? p.num_pages : p.batch_cache;
  const index slots = p.page_size ? p.page_size : p.capacity;
  inputs.set("k_cache", rows(p.type, {blocks, slots, p.hk, p.d}, p.gap));
  inputs.set("v_cache", rows(p.type, {blocks, slots, p.hk, p.dv}, p.gap));
  inputs.set("cache_seqlens", integers(p.cache_seqlens));
  if (!p.cache_leftpad.empty()) inputs.set("cache_leftpad", integers(p.cache_leftpad));
  if (p.has_batch_idx) {
    std::vector<index> order = shuffled(p.batch_cache, layout);
    order.resize(static_cast<std::size_t>(p.b));
    inputs.set("cache_batch_idx", integers(order));
  }
  if (p.page_size == 0) return;
  tensor table(dtype::i32, {p.batch_cache, p.max_pages});
  for (index at = 0; at < table.size(); ++at) table.set_value(at, wild_page);
  const std::vector<index> pages = shuffled(p.num_pages, layout);
  std::size_t next = 0;
  for (index n = 0; n < p.b; ++n) {
    const index row = p.has_batch_idx ? static_cast<index>(inputs.at("cache_batch_idx").value(n)) : n;
    const auto s = static_cast<std::size_t>(n);
    const index end = p.cache_seqlens[s] + (room.empty() ? 0 : room[s]);
    for (index page = padding(p, n) / p.page_size; page * p.page_size < end; ++page)
      table.set_value(row * p.max_pages + page, static_cast<double>(pages.at(next++)));
  }
  inputs.set("page_table", std::move(table));
}

void fill_cache(const cache_shape& p, tensor_set& inputs, std::uint64_t seed) {
  random_stream k(seed, "k"), v(seed, "v");
  for (index n = 0; n < p.b; ++n)
    for (index slot = padding(p, n); slot < p.cache_seqlens[static_cast<std::size_t>(n)]; ++slot)
      for (index h = 0; h < p.hk; ++h) {
        draw_row(inputs.at("k_cache"), cache_place(p, inputs, n, slot, h), k, 1);
        draw_row(inputs.at("v_cache"), cache_place(p, inputs, n, slot, h), v, 1);
      }
}

// Token rows (b, tokens, heads, width), or (total, heads, width) when `lengths` are given.
tensor token_tensor(dtype type, index b, index longest, const std::vector<index>& lengths, index heads,
                    index width, index gap, random_stream& from) {
  std::vector<index> shape = {b, longest, heads, width};
  if (!lengths.empty()) shape = {total(lengths), heads, width};
  tensor t = rows(type, shape, gap);
  const index outer = lengths.empty() ? b * longest : shape[0];
  for (index token = 0; token < outer; ++token)
    for (index h = 0; h < heads; ++h) {
      std::vector<index> at = {token, h, 0};
      if (lengths.empty()) at = {token / longest, token % longest, h, 0};
      draw_row(t, at, from, 1);
    }
  return t;
}

std::vector<double> values_at(const tensor& t, std::vector<index> at) {
  std::vector<double> row(static_cast<std::size_t>(t.shape().back()));
  for (std::size_t c = 0; c < row.size(); ++c) {
    at.back() = static_cast<index>(c);
    row[c] = t.value(t.offset(at));
  }
  return row;
}

double factor(const tensor_set& inputs, const char* name, index n, index hk) {
  const tensor* t = inputs.find(name);
  const index at[] = {n, hk};
  return t ? t->value(t->offset(at)) : 1.0;
}

bool masked(const attend_problem& p, index i, index j, index sq, index sk) {
  const index stand = i + sk - sq, right = p.causal ? 0 : p.window_right;
  if (right >= 0 && j > stand + right) return true;
  if (p.window_left >= 0 && j < stand - p.window_left) return true;
  if (p.attention_chunk == 0) return false;
  const auto chunk_of = [&](index x) {
    return std::floor(static_cast<double>(x) / static_cast<double>(p.attention_chunk));
  };
  return chunk_of(j) != chunk_of(stand);
}

}  // namespace

attend_problem attend_from(const std::string& text) { return parse_attend(keyed_text(text)); }
append_problem append_from(const std::string& text) { return parse_append(keyed_text(text)); }

tensor_set make_inputs(const attend_problem& p, std::uint64_t seed, std::uint64_t layout) {
  random_stream order(layout, "layout"), q(seed, "q");
  tensor_set inputs;
  inputs.set("q", token_tensor(p.type, p.b, p.sq, p.seqlens_q, p.hq, p.d, p.gap, q));
  add_cache(p, inputs, order, {});
  fill_cache(p, inputs, seed);
  if (!p.seqlens_q.empty()) inputs.set("cu_seqlens_q", cumulative(p.seqlens_q));
  if (p.type == dtype::e4m3)
    for (const char* name : {"q_descale", "k_descale", "v_descale"}) {
      random_stream from(seed, name);
      tensor t(dtype::f32, {p.b, p.hk});
      for (index at = 0; at < t.size(); ++at) t.set_value(at, 0.5 + from.uniform());
      inputs.set(name, std::move(t));
    }
  check(p, inputs);
  return inputs;
}

tensor_set make_inputs(const append_problem& p, std::uint64_t seed) {
  random_stream order(seed, "layout"), k(seed, "k_new"), v(seed, "v_new"), q(seed, "q"), angle(seed, "angle");
  std::vector<index> room = p.seqlens_new;
  if (room.empty()) room.assign(static_cast<std::size_t>(p.b), p.sn);
  tensor_set inputs;
  inputs.set("k_new", token_tensor(p.type, p.b, p.sn, p.seqlens_new, p.hk, p.d, p.gap, k));
  inputs.set("v_new", token_tensor(p.type, p.b, p.sn, p.seqlens_new, p.hk, p.dv, p.gap, v));
  add_cache(p, inputs, order, room);
  fill_cache(p, inputs, seed);
  if (!p.seqlens_new.empty()) inputs.set("cu_seqlens_k_new", cumulative(p.seqlens_new));
  if (p.rotary_dim > 0) {
    tensor cos(p.type, {p.seqlen_rotary, p.rotary_dim / 2}), sin = cos;
    for (index at = 0; at < cos.size(); ++at) {
      cos.set_value(at, 2 * angle.uniform() - 1);
      sin.set_value(at, 2 * angle.uniform() - 1);
    }
    inputs.set("rotary_cos", std::move(cos));
    inputs.set("rotary_sin", std::move(sin));
    if (!p.rotary_seqlens.empty()) inputs.set("rotary_seqlens", integers(p.rotary_seqlens));
    if (p.sq > 0) inputs.set("q", token_tensor(p.type, p.b, p.sq, p.seqlens_q, p.hq, p.d, p.gap, q));
    if (p.sq > 0 && !p.seqlens_q.empty()) inputs.set("cu_seqlens_q", cumulative(p.seqlens_q));
  }
  check(p, inputs);
  return inputs;
}

// The bounds, with u the unit roundoff of fp32, D = sum |q k| * scale, N keys, S1 = sum w |v|: a score is off
// by at most e = (2 d + 8) u D (sums of d products, truncated ones too) plus 4 u |s - max| and the tanh; a
// weight by e and the exponential, and by the rounding of P where it enters the values.  Sums of N terms add
// 2 N u.  P that falls below its type's smallest step loses at most half of it.
truth attend(const attend_problem& p, const tensor_set& inputs, const contract& promised) {
  const index group = p.hq / p.hk;
  const double u = unit_roundoff(dtype::f32), scale = effective_scale(p);
  const bool packed = !p.seqlens_q.empty();
  truth t;
  const index tokens = packed ? total(p.seqlens_q) : p.b * p.sq;
  t.out.assign(static_cast<std::size_t>(tokens * p.hq * p.dv), 0);
  t.out_bound = t.out;
  t.lse.assign(static_cast<std::size_t>(tokens * p.hq), 0);
  t.lse_bound = t.lse;
  index first = 0;
  for (index n = 0; n < p.b; ++n) {
    const auto sequence = static_cast<std::size_t>(n);
    const index sq = packed ? p.seqlens_q[sequence] : p.sq;
    const index sk = p.cache_seqlens[sequence] - padding(p, n);
    for (index i = 0; i < sq; ++i)
      for (index h = 0; h < p.hq; ++h) {
        const index hk = h / group;
        const double to_score =
            scale * factor(inputs, "q_descale", n, hk) * factor(inputs, "k_descale", n, hk);
        const double value_scale = factor(inputs, "v_descale", n, hk);
        std::vector<index> q_at = {n, i, h, 0};
        if (packed) q_at = {first + i, h, 0};
        const std::vector<double> q = values_at(inputs.at("q"), q_at);
        std::vector<double> score;
        std::vector<std::vector<double>> value;
        double score_error = 0;
        for (index j = 0; j < sk; ++j) {
          if (masked(p, i, j, sq, sk)) continue;
          const std::vector<index> at = cache_place(p, inputs, n, padding(p, n) + j, hk);
          const std::vector<double> k = values_at(inputs.at("k_cache"), at);
          double sum = 0, sizes = 0;
          for (std::size_t c = 0; c < k.size(); ++c) sum += q[c] * k[c], sizes += std::fabs(q[c] * k[c]);
          const double s = sum * to_score;
          score.push_back(p.softcap > 0 ? p.softcap * std::tanh(s / p.softcap) : s);
          value.push_back(values_at(inputs.at("v_cache"), at));
          score_error = std::max(score_error, (2 * static_cast<double>(p.d) + 8) * u * sizes * to_score);
        }
        const index row = packed ? first + i : n * p.sq + i;
        const auto lse_at = static_cast<std::size_t>(packed ? h * tokens + row : (n * p.hq + h) * p.sq + i);
        if (score.empty()) {
          t.lse[lse_at] = -HUGE_VAL;
          continue;
        }
        const double highest = *std::max_element(score.begin(), score.end());
        double sum = 0, range = 0;
        for (double s : score) sum += std::exp(s - highest), range = std::max(range, highest - s);
        if (p.softcap > 0) score_error += promised.attention().e_tanh * p.softcap;
        const double keys = static_cast<double>(score.size());
        const double weight_error =
            2 * score_error + 4 * u * range + promised.attention().e_exp + 2 * (keys + 16) * u;
        const double p_round =
            promised.attention().p_type == dtype::f32 ? 0 : unit_roundoff(promised.attention().p_type);
        const double p_flush =
            promised.attention().p_type == dtype::f32
                ? 0
                : ulp(promised.attention().p_type, 0) / 2 / promised.attention().p_scale * keys / sum;
        t.lse[lse_at] = highest + std::log(sum);
        t.lse_bound[lse_at] =
            weight_error + 4 * u * (std::fabs(highest) + std::fabs(t.lse[lse_at]) + std::log(keys) + 1);
        for (index c = 0; c < p.dv; ++c) {
          double r = 0, size = 0, largest = 0;
          for (std::size_t j = 0; j < score.size(); ++j) {
            const double w = std::exp(score[j] - highest) / sum, v = value[j][static_cast<std::size_t>(c)];
            r += w * v, size += w * std::fabs(v), largest = std::max(largest, std::fabs(v));
          }
          r *= value_scale;
          const auto at = static_cast<std::size_t>((row * p.hq + h) * p.dv + c);
          t.out[at] = r;
          t.out_bound[at] = ulp(promised.out_type, r) +
                            value_scale * (size * (2 * weight_error + p_round) + p_flush * largest);
        }
      }
    first += sq;
  }
  return t;
}

std::string disagreement(const truth& t, const tensor_set& outputs) {
  const auto compare = [](const char* name, const std::vector<double>& found,
                          const std::vector<double>& right, const std::vector<double>& bound) -> std::string {
    if (found.size() != right.size()) return std::string(name) + ": wrong number of elements";
    for (std::size_t at = 0; at < found.size(); ++at)
      if (!(found[at] == right[at] || std::fabs(found[at] - right[at]) <= bound[at]))
        return std::string(name) + "[" + std::to_string(at) + "] = " + std::to_string(found[at]) +
               ", expected " + std::to_string(right[at]) + " within " + std::to_string(bound[at]);
    return "";
  };
  const std::string out = compare("out", outputs.at("out").values(), t.out, t.out_bound);
  return out.empty() ? compare("lse", outputs.at("lse").values(), t.lse, t.lse_bound) : out;
}

}  // namespace plumbline::flash_decode::naive
