#include "properties/flash_decode_contract.hpp"

#include "kernels/core/table.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::flash_decode {

namespace {

template <class Problem>
void search(std::span<const variant<Problem>> rows, std::string_view name, std::optional<contract>& found,
            std::string& known) {
  for (const auto& row : rows)
    for (const contract& c : row.contracts) {
      if (c.name == name) found = c;
      known += (known.empty() ? "" : ", ") + std::string(c.name);
    }
}

contract named(std::string_view name) {
  std::optional<contract> found;
  std::string known;
  search(variants_of<attend_problem>(side::host), name, found, known);
  search(variants_of<append_problem>(side::host), name, found, known);
  search(variants_of<combine_problem>(side::host), name, found, known);
  if (!found)
    throw bad_argument("contract", "expected one of " + known + ", got \"" + std::string(name) + "\"");
  return *found;
}

const std::string* option(const recorded_case& c, const std::string& name) {
  const auto at = c.options.find("contract_" + name);
  return at == c.options.end() ? nullptr : &at->second;
}

dtype type_of(const std::string& name, const std::string& text) {
  if (const auto t = dtype_from(text)) return *t;
  throw bad_argument("contract_" + name, "expected f32, bf16, f16 or e4m3, got \"" + text + "\"");
}

accumulation sums_of(const std::string& name, const std::string& text) {
  if (text == "f32") return accumulation::f32;
  if (text == "tc25") return accumulation::tc25;
  if (text == "f13") return accumulation::f13;
  throw bad_argument("contract_" + name, "expected f32, tc25 or f13, got \"" + text + "\"");
}

double number_of(const std::string& text) { return keyed_text("x=" + text).real("x", 0); }

}  // namespace

std::optional<contract> contract_of(const recorded_case& c, std::string_view name, dtype in, dtype out) {
  if (!name.empty()) return named(name);
  if (const auto at = c.options.find("contract"); at != c.options.end()) return named(at->second);
  contract made;
  made.name = "from the case";
  made.in = in;
  made.out_type = out;
  bool any = false;
  const auto each = [&](const char* field, auto set) {
    if (const std::string* text = option(c, field)) any = true, set(*text);
  };
  each("acc_qk", [&](const std::string& t) { made.acc_qk = sums_of("acc_qk", t); });
  each("acc_pv", [&](const std::string& t) { made.acc_pv = sums_of("acc_pv", t); });
  each("p_type", [&](const std::string& t) { made.p_type = type_of("p_type", t); });
  each("p_scale", [&](const std::string& t) { made.p_scale = number_of(t); });
  each("p_shift", [&](const std::string& t) {
    if (t != "score" && t != "integer" && t != "any")
      throw bad_argument("contract_p_shift", "expected score, integer or any, got \"" + t + "\"");
    made.shift = t == "score" ? p_shift::score : t == "integer" ? p_shift::integer : p_shift::any;
  });
  each("l_from_rounded", [&](const std::string& t) { made.l_from_rounded = t == "1"; });
  each("e_exp", [&](const std::string& t) { made.e_exp = number_of(t); });
  each("e_tanh", [&](const std::string& t) { made.e_tanh = number_of(t); });
  each("out_type", [&](const std::string& t) { made.out_type = type_of("out_type", t); });
  each("part_type", [&](const std::string& t) { made.part_type = type_of("part_type", t); });
  each("lse_base2", [&](const std::string& t) { made.lse_base2 = t == "1"; });
  if (!any) return std::nullopt;
  return made;
}

}  // namespace plumbline::flash_decode
