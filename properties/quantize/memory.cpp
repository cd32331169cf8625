// How much memory a case of quantize takes on the host, from its problem alone.
//
// Elements live in their own format, as doubles in the judge and as copies of inputs and outputs: at most
// this many bytes an element, rounded up.
#include "properties/generate/far_rows.hpp"
#include "properties/quantize/operations.hpp"

namespace plumbline::quantize {

namespace {

constexpr double bytes_an_element = 24, copies_of_a_cache = 8;

double product(std::int64_t a, std::int64_t b) { return static_cast<double>(a) * static_cast<double>(b); }
double rows_of(std::int64_t rows, std::int64_t width, std::int64_t gap) {
  return static_cast<double>(rows) * (static_cast<double>(width) + generate::held_of_gap(gap));
}
double cache_bytes(const cache_shape& p) {
  return copies_of_a_cache * rows_of(p.num_pages, p.page_size * slot_bytes(p), p.page_gap);
}

}  // namespace

double memory_needed(const store_problem& p) {
  return bytes_an_element * rows_of(p.tokens, p.d, p.gap) + cache_bytes(p);
}

double memory_needed(const dequantize_problem& p) {
  return bytes_an_element * rows_of(p.tokens + p.extra, p.d, p.gap) + cache_bytes(p);
}

double memory_needed(const groups_problem& p) { return bytes_an_element * rows_of(p.rows, p.k, p.gap); }

double memory_needed(const weight_dequant_problem& p) { return bytes_an_element * product(p.m, p.n); }

double memory_needed(const block_gemm_problem& p) {
  return bytes_an_element * (product(p.m, p.k) + product(p.n, p.k)) +
         5 * bytes_an_element * product(p.m, p.n);
}

double memory_needed(const scatter_problem& p) {
  return bytes_an_element * (product(p.rows, p.nope_width + p.rope_width) +
                             rows_of(p.tokens, p.nope_width + p.rope_width, 2 * p.gap));
}

}  // namespace plumbline::quantize
