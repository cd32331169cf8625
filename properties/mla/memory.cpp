// How much memory a case of mla's steps takes on the host, from its problem alone.
//
// Elements live in their own format, as doubles in the judge and as copies of inputs and outputs: at most
// this many bytes an element, rounded up.
#include "properties/generate/far_rows.hpp"
#include "properties/mla/operations.hpp"

namespace plumbline::mla {

namespace {

constexpr double bytes_an_element = 32, bytes_a_cached_element = 16;

double product(std::int64_t a, std::int64_t b) { return static_cast<double>(a) * static_cast<double>(b); }

}  // namespace

double memory_needed(const rms_norm_problem& p) {
  return bytes_an_element * static_cast<double>(p.tokens) *
         (static_cast<double>(p.dim) + generate::held_of_gap(p.gap));
}

double memory_needed(const rotary_problem& p) {
  return bytes_an_element *
         (product(p.b * p.sq, p.heads) * (static_cast<double>(p.d) + generate::held_of_gap(p.gap)) +
          product(p.rotary_rows, p.d));
}

double memory_needed(const write_cache_problem& p) {
  const std::int64_t width = p.kv_lora_rank + p.qk_rope_head_dim;
  const double pages = static_cast<double>(p.num_pages) *
                       (product(p.page_size, width + p.gap) + generate::held_of_gap(p.page_gap * width));
  return bytes_an_element * product(p.tokens, width + 2 * p.gap) + bytes_a_cached_element * pages;
}

double memory_needed(const schedule_problem& p) {
  constexpr double bytes_a_part = 200, bytes_a_request = 100;
  return bytes_a_part * static_cast<double>(p.num_sm_parts) + bytes_a_request * static_cast<double>(p.b);
}

double memory_needed(const combine_problem& p) {
  double rows = static_cast<double>(p.b);
  for (const std::int64_t n : p.splits) rows += static_cast<double>(n);
  return bytes_an_element * rows * product(p.sq, p.hq) * static_cast<double>(p.dv + p.gap);
}

double memory_needed(const project_problem& p) {
  constexpr double bytes_a_weight = 6, bytes_a_result = 64;
  const projection_shape shape = shape_of(p);
  const double rows = product(p.tokens, p.kind == projection::linear ? 1 : p.heads);
  return bytes_a_weight * product(shape.rows, shape.columns) +
         bytes_an_element * rows * static_cast<double>(shape.inner + p.gap) +
         (bytes_a_result + static_cast<double>(shape.inner) / 16) * rows *
             static_cast<double>(shape.outer + p.gap);
}

// Weights once as given, once as the call's copy and once as the judge's; every step's rows as doubles.
double memory_needed(const forward_problem& p) {
  const forward_steps steps = steps_of(p);
  double bytes = 0;
  for (const project_problem* step : {&steps.q_down, &steps.q, &steps.kv, &steps.up, &steps.out})
    if (step->in_features > 0 && step->out_features > 0) bytes += memory_needed(*step);
  const double cached = p.form == attention_form::naive
                            ? product(p.n_heads, p.qk_head_dim() + p.v_head_dim)
                            : static_cast<double>(p.kv_lora_rank + p.qk_rope_head_dim);
  return bytes + bytes_an_element * cached * product(p.max_batch_size, p.max_seq_len);
}

}  // namespace plumbline::mla
