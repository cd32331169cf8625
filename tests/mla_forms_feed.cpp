#include "tests/mla_forms_feed.hpp"

#include <algorithm>
#include <cmath>

#include "reference/core/random.hpp"
#include "reference/mla_cache_format.hpp"
#include "reference/product.hpp"
#include "reference/quantize.hpp"

namespace plumbline::mla::forms {

namespace {

using integer = std::int64_t;
using numbers = std::vector<double>;

constexpr integer rank = 512, rope = 64, nope = 128, v_dim = 128, page = 64;
constexpr dtype type = dtype::bf16;

numbers normal(integer count, double size, const char* name) {
  random_stream r(1, name);
  numbers x(static_cast<std::size_t>(count));
  for (double& one : x) one = round_to(type, size * r.normal());
  return x;
}

// (heads, rows, rank)
numbers draw_weights(integer heads, integer rows, weights kind, const char* name) {
  if (kind == weights::dense) return normal(heads * rows * rank, 1 / std::sqrt(rank), name);
  random_stream r(1, name);
  numbers w(static_cast<std::size_t>(heads * rows * rank), 0.0);
  for (integer h = 0; h < heads; ++h) {
    std::vector<integer> columns(rank);
    for (integer c = 0; c < rank; ++c) columns[static_cast<std::size_t>(c)] = c;
    for (integer row = 0; row < rows; ++row) {
      std::swap(columns[static_cast<std::size_t>(row)],
                columns[static_cast<std::size_t>(r.integer(row, rank - 1))]);
      w[static_cast<std::size_t>((h * rows + row) * rank + columns[static_cast<std::size_t>(row)])] =
          r.chance(0.5) ? 1 : -1;
    }
  }
  return w;
}

void put(tensor& t, std::vector<integer> index, const double* x, integer count) {
  const integer first = t.offset(index);
  for (integer i = 0; i < count; ++i) t.set_value(first + i, x[i]);
}

// Quantizes the latents into rows of `cache`, amax / 448 as fp32 scale, and puts into `latents` what a reader
// makes of the row.
void store_rows(const quantize::cache_shape& shape, tensor& cache, numbers& latents, const numbers& k_pe) {
  const integer keys = static_cast<integer>(k_pe.size()) / rope;
  for (integer j = 0; j < keys; ++j) {
    double* row = latents.data() + j * rank;
    std::vector<std::uint8_t> codes;
    std::vector<float> scales;
    for (integer first = 0; first < rank; first += shape.tile) {
      double largest = 0;
      for (integer c = first; c < first + shape.tile; ++c) largest = std::max(largest, std::fabs(row[c]));
      scales.push_back(static_cast<float>(largest / 448));
      for (integer c = first; c < first + shape.tile; ++c)
        codes.push_back(static_cast<std::uint8_t>(encode(dtype::e4m3, row[c] / scales.back())));
    }
    std::vector<std::uint16_t> rotated(rope), read(rank + rope);
    for (integer c = 0; c < rope; ++c)
      rotated[static_cast<std::size_t>(c)] =
          static_cast<std::uint16_t>(encode(type, k_pe[static_cast<std::size_t>(j * rope + c)]));
    quantize::write_slot(shape, j, codes.data(), scales.data(),
                         reinterpret_cast<const std::byte*>(rotated.data()), cache.data());
    quantize::read_slot(shape, type, quantize::slot_of(shape, j, cache.data()),
                        reinterpret_cast<std::byte*>(read.data()));
    for (integer c = 0; c < rank; ++c) row[c] = decode(type, read[static_cast<std::size_t>(c)]);
  }
}

void give_keys_by_head(feed& f, const numbers& latents, const numbers& k_pe, const numbers& w_uk,
                       integer heads, integer keys) {
  const numbers k = product(latents, rank, heads * nope, rows_as_columns(w_uk.data(), rank)),
                v = product(latents, rank, heads * v_dim, rows_as_columns(f.w_uv.data(), rank));
  for (integer j = 0; j < keys; ++j)
    for (integer h = 0; h < heads; ++h) {
      put(f.by_head_inputs.at("k"), {0, j, h, 0}, &k[static_cast<std::size_t>((j * heads + h) * nope)], nope);
      put(f.by_head_inputs.at("k"), {0, j, h, nope}, &k_pe[static_cast<std::size_t>(j * rope)], rope);
      put(f.by_head_inputs.at("v"), {0, j, h, 0}, &v[static_cast<std::size_t>((j * heads + h) * v_dim)],
          v_dim);
    }
}

void give_queries(feed& f, const numbers& q, const numbers& w_uk, integer heads, integer queries) {
  numbers absorbed(rank);
  for (integer i = 0; i < queries; ++i)
    for (integer h = 0; h < heads; ++h) {
      const double* own = &q[static_cast<std::size_t>((i * heads + h) * (nope + rope))];
      std::fill(absorbed.begin(), absorbed.end(), 0.0);
      for (integer d = 0; d < nope; ++d)
        for (integer c = 0; c < rank; ++c)
          absorbed[static_cast<std::size_t>(c)] +=
              own[d] * w_uk[static_cast<std::size_t>((h * nope + d) * rank + c)];
      put(f.by_head_inputs.at("q"), {0, i, h, 0}, own, nope + rope);
      for (tensor_set* inputs : {&f.paged_inputs, &f.listed_inputs}) {
        put(inputs->at("q"), {0, i, h, 0}, absorbed.data(), rank);
        put(inputs->at("q"), {0, i, h, rank}, own + nope, rope);
      }
    }
}

}  // namespace

feed make_feed(const model& m, const condition& c, weights kind) {
  feed f;
  const double scale = model_softmax_scale(nope + rope, 16384, 4096, 40, m.mscale);
  f.by_head.sq = f.paged.sq = f.listed.sq = c.queries;
  f.by_head.hq = f.by_head.hk = f.paged.hq = f.listed.hq = m.heads;
  f.by_head.softmax_scale = f.paged.softmax_scale = f.listed.softmax_scale = scale;
  f.by_head.causal = f.paged.causal = c.causal;
  f.by_head.capacity = c.keys;
  f.by_head.cache_seqlens = f.paged.cache_seqlens = {c.keys};
  f.paged.page_size = f.listed.page_size = page;
  f.paged.num_pages = f.paged.max_pages = f.listed.num_pages = (c.keys + page - 1) / page;
  f.listed.format = kv_format::v32;
  f.listed.qk_rope_head_dim = rope;
  f.listed.topk = c.keys;
  f.by_head_inputs = empty_inputs(f.by_head);
  f.paged_inputs = empty_inputs(f.paged);
  f.listed_inputs = empty_inputs(f.listed);

  numbers latents = normal(c.keys * rank, 1, "latents");
  const numbers k_pe = normal(c.keys * rope, 1, "k_pe");
  const numbers q = normal(c.queries * m.heads * (nope + rope), 1, "q");
  const numbers w_uk = draw_weights(m.heads, nope, kind, "w_uk");
  f.w_uv = draw_weights(m.heads, v_dim, kind, "w_uv");
  store_rows(stored_cache(f.listed), f.listed_inputs.at("k_cache"), latents, k_pe);

  tensor& entries = f.paged_inputs.at("block_table");
  for (integer n = 0; n < entries.size(); ++n) entries.set_value(n, static_cast<double>(n));
  for (integer j = 0; j < c.keys; ++j) {
    tensor& cache = f.paged_inputs.at("k_cache");
    put(cache, {j / page, j % page, 0, 0}, &latents[static_cast<std::size_t>(j * rank)], rank);
    put(cache, {j / page, j % page, 0, rank}, &k_pe[static_cast<std::size_t>(j * rope)], rope);
    for (integer i = 0; i < c.queries; ++i) {
      const double entry = j < visible_keys(c.causal, i, c.queries, c.keys) ? static_cast<double>(j) : -1.0;
      put(f.listed_inputs.at("indices"), {0, i, j}, &entry, 1);
    }
  }
  give_keys_by_head(f, latents, k_pe, w_uk, m.heads, c.keys);
  give_queries(f, q, w_uk, m.heads, c.queries);
  return f;
}

}  // namespace plumbline::mla::forms
