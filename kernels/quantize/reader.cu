#include "kernels/quantize/reader.hpp"

namespace plumbline::quantize {
inline namespace PLUMBLINE_SIDE_NAME {

read_params read_params_of(const dequantize_problem& problem, const kernel_arguments& args) {
  const bool split = problem.layout == cache_layout::split;
  const tensor_view indices = args.in("indices"), out = args.out("out");
  read_params p = {};
  p.cache = static_cast<const unsigned char*>(args.in(split ? "nope_part" : "cache").data);
  p.rope_part = split ? static_cast<const unsigned char*>(args.in("rope_part").data) : nullptr;
  p.indices = indices ? indices.as<std::int32_t>() : nullptr;
  p.out = out.data;
  p.out_row = out.stride[0];
  p.shape = geometry_of(problem);
  p.tokens = problem.tokens;
  p.extra = problem.extra;
  return p;
}

std::string read_domain(const dequantize_problem& problem) {
  for (const contract& c : read_contracts)
    if (c.in == problem.type) return "";
  return "does not take " + std::string(name_of(problem.type));
}

namespace {
const variant<dequantize_problem> reader_rows[] = {dequantize(), gather_dequantize()};
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::quantize

template <>
std::span<const plumbline::variant<plumbline::quantize::dequantize_problem>>
plumbline::table_of<plumbline::quantize::dequantize_problem, plumbline::this_side>() {
  return quantize::reader_rows;
}
