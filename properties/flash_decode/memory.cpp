// How much memory a case of flash_decode takes on the host, from its problem alone.
//
// The caches (or the partials) outweigh all else.  Generating, checking and judging hold them in their own
// format, as doubles and as copies, at most this many bytes an element together: measured on problems of a
// hundred million elements, bf16 and f32, dense and paged, and rounded up.
#include "properties/flash_decode/operations.hpp"
#include "properties/generate/far_rows.hpp"

namespace plumbline::flash_decode {

namespace {

constexpr double bytes_an_element = 18;

double cache_elements(const cache_shape& p) {
  const double slots = p.page_size > 0 ? static_cast<double>(p.num_pages) * static_cast<double>(p.page_size)
                                       : static_cast<double>(p.batch_cache) * static_cast<double>(p.capacity);
  return slots * static_cast<double>(p.hk) *
         (static_cast<double>(p.d + p.dv) + 2 * generate::held_of_gap(p.gap));
}

double rows(std::int64_t b, std::int64_t tokens, std::int64_t heads) {
  return static_cast<double>(b) * static_cast<double>(tokens) * static_cast<double>(heads);
}

}  // namespace

double memory_needed(const attend_problem& p) {
  return bytes_an_element * (cache_elements(p) + rows(p.b, p.sq, p.hq) * static_cast<double>(p.d + 3 * p.dv));
}

double memory_needed(const append_problem& p) {
  return bytes_an_element * (cache_elements(p) + rows(p.b, p.sn, p.hk) * static_cast<double>(p.d + p.dv));
}

double memory_needed(const combine_problem& p) {
  return bytes_an_element * rows(p.b, p.sq, p.hq) * static_cast<double>(p.num_splits + 2) *
         (static_cast<double>(p.dv) + generate::held_of_gap(p.gap));
}

}  // namespace plumbline::flash_decode
