// Bad arguments of dequantize are refused before a launch, by name.
#include "properties/laws/refusal.hpp"
#include "properties/quantize/cache_inputs.hpp"
#include "properties/quantize/dequantize_laws.hpp"

namespace plumbline::laws {

using quantize::cache_layout;
using quantize::dequantize_problem;

namespace {

using call = refused_call<dequantize_problem>;

call good() {
  dequantize_problem p;
  p.tokens = 3;
  p.page_size = 4;
  p.num_pages = 2;
  p.has_indices = true;
  return {p, generate::draw_inputs(p, "codes", 1)};
}

constexpr refusal<dequantize_problem> rows[] = {
    {"tile", [](call& c) { c.problem.tile = 60; }},
    {"d", [](call& c) { c.problem.d = 511; }},
    {"dtype", [](call& c) { c.problem.type = dtype::i8; }},
    {"out_type", [](call& c) { c.problem.out_type = dtype::i32; }},
    {"scale_type", [](call& c) { c.problem.scale_type = dtype::e8m0; }},
    {"tokens", [](call& c) { c.problem.tokens = -1; }},
    {"extra", [](call& c) { c.problem.extra = -1; }},
    {"cache", [](call& c) { c.inputs.erase("cache"); }},
    {"cache", [](call& c) { c.problem.num_pages = 3; }},
    {"cache", [](call& c) { c.problem.page_gap = 16; }},
    {"indices", [](call& c) { c.inputs.erase("indices"); }},
    {"indices", [](call& c) { c.inputs.at("indices").as<std::int32_t>()[1] = 8; }},
    {"indices", [](call& c) { c.inputs.at("indices").as<std::int32_t>()[1] = -1; }},
    {"indices", [](call& c) { c.problem.tokens = 4; }},
    {"indices", [](call& c) { c.problem.has_indices = false; }}};

}  // namespace

std::string broken_dequantize_refusals(const dequantize_subject&) {
  return first_accepted<dequantize_problem>(good(), rows);
}

}  // namespace plumbline::laws
