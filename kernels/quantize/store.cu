#include "kernels/quantize/store.hpp"

namespace plumbline::quantize {
inline namespace PLUMBLINE_SIDE_NAME {

store_params store_params_of(const store_problem& problem, const kernel_arguments& args) {
  const tensor_view slots = args.in("slots"), whole = args.out("cache"), nope_part = args.out("nope_part");
  store_params p = {};
  p.nope = rows_of(args.in(problem.separate ? "k_nope" : "k"));
  p.rope = problem.separate ? rows_of(args.in("k_rope")) : rows_of(args.in("k"), problem.dv);
  p.slots = slots ? slots.as<std::int32_t>() : nullptr;
  p.cache = static_cast<unsigned char*>(problem.layout == cache_layout::split ? nope_part.data : whole.data);
  p.rope_part = static_cast<unsigned char*>(args.out("rope_part").data);
  p.shape = geometry_of(problem);
  p.rule = writer_of(problem.rule, problem.type);
  p.tokens = problem.tokens;
  return p;
}

std::string store_domain(const store_problem& problem) {
  for (const contract& c : store_contracts)
    if (c.in == problem.type) return problem.rule.code == dtype::e4m3 ? "" : "writes e4m3 codes only";
  return "does not take " + std::string(name_of(problem.type));
}

namespace {
const variant<store_problem> store_rows[] = {k_cache_rows(), k_cache_tiles()};
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::quantize

template <>
std::span<const plumbline::variant<plumbline::quantize::store_problem>>
plumbline::table_of<plumbline::quantize::store_problem, plumbline::this_side>() {
  return quantize::store_rows;
}
