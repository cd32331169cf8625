// How much memory a case of dflash takes on the host, from its problem alone.
//
// Elements live in their own format, as doubles of the truth and as copies; of rows far apart only the pages
// that hold elements exist.
#include <algorithm>

#include "properties/dflash/operations.hpp"
#include "properties/generate/far_rows.hpp"

namespace plumbline::dflash {

namespace {

constexpr double bytes_a_row_element = 32, bytes_a_weight = 12, bytes_a_result = 120, bytes_a_cached = 24;

double width_of(std::int64_t elements, std::int64_t gap) {
  return static_cast<double>(elements) + generate::held_of_gap(gap);
}

}  // namespace

double memory_needed(const project_problem& p) {
  const auto width = static_cast<double>((p.hq + 2 * p.hk) * p.d);
  return bytes_a_row_element * static_cast<double>(p.b * p.new_rows()) * width_of(p.hidden_size, p.gap) +
         bytes_a_weight * width * static_cast<double>(p.hidden_size) +
         bytes_a_result * static_cast<double>(p.b * p.new_rows()) * width;
}

double memory_needed(const attention_problem& p) {
  const auto rows = static_cast<double>(p.b * p.block_size * p.hq);
  const auto cached = static_cast<double>(p.batch_cache * p.capacity * p.hk);
  return (bytes_a_cached * cached + bytes_a_result * rows) * width_of(p.d, p.gap) +
         8.0 * rows * static_cast<double>(p.capacity) +
         bytes_a_weight * static_cast<double>(p.hidden_size * p.hq * p.d) +
         bytes_a_result * static_cast<double>(p.b * p.block_size * p.hidden_size);
}

double memory_needed(const accept_problem& p) {
  return bytes_a_result * static_cast<double>(p.b * p.block_size) * width_of(p.vocab_size, p.gap);
}

double memory_needed(const crop_problem& p) {
  return bytes_a_cached * static_cast<double>(p.layers * p.b * p.capacity * p.hk) * width_of(p.d, p.gap);
}

double memory_needed(const steps_problem& p) {
  double rows = 0, fresh = 0;
  for (const step_call& call : calls_of(p)) {
    if (call.kind != 'c')
      rows += static_cast<double>(static_cast<std::int64_t>(call.parts.size()) * p.block_size * p.hq);
    fresh = static_cast<double>(call.new_rows.back() * p.hk);
  }
  return (bytes_a_cached * static_cast<double>(p.slots * p.capacity * p.hk) + bytes_a_row_element * fresh +
          bytes_a_result * rows) *
             width_of(p.d, p.gap) +
         8.0 * rows * static_cast<double>(p.capacity);
}

}  // namespace plumbline::dflash
