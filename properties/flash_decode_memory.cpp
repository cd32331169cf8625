// How much memory a case of flash_decode takes on the host, from its text alone.
//
// The caches (or the partials) outweigh all else.  Generating, checking and judging hold them in their own
// format, as doubles and as copies, at most this many bytes an element together: measured on problems of a
// hundred million elements, bf16 and f32, dense and paged, and rounded up.
#include "properties/flash_decode.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::flash_decode {

namespace {

constexpr double bytes_an_element = 18;

double cache_elements(const cache_shape& p) {
  const double slots = p.page_size > 0 ? static_cast<double>(p.num_pages) * static_cast<double>(p.page_size)
                                       : static_cast<double>(p.batch_cache) * static_cast<double>(p.capacity);
  return slots * static_cast<double>(p.hk) * static_cast<double>(p.d + p.dv + 2 * p.gap);
}

double rows(std::int64_t b, std::int64_t tokens, std::int64_t heads) {
  return static_cast<double>(b) * static_cast<double>(tokens) * static_cast<double>(heads);
}

}  // namespace

double memory_needed(const case_spec& spec) {
  const keyed_text text(spec.problem);
  double elements = 0;
  if (spec.function == "attend") {
    const attend_problem p = parse_attend(text);
    elements = cache_elements(p) + rows(p.b, p.sq, p.hq) * static_cast<double>(p.d + 3 * p.dv);
  } else if (spec.function == "append") {
    const append_problem p = parse_append(text);
    elements = cache_elements(p) + rows(p.b, p.sn, p.hk) * static_cast<double>(p.d + p.dv);
  } else if (spec.function == "combine") {
    const combine_problem p = parse_combine(text);
    elements =
        rows(p.b, p.sq, p.hq) * static_cast<double>(p.num_splits + 2) * static_cast<double>(p.dv + p.gap);
  }
  return elements * bytes_an_element;
}

}  // namespace plumbline::flash_decode
