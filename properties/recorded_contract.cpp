#include "properties/recorded_contract.hpp"

#include "properties/recorded_options.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline {

namespace {

contract named(std::string_view name, std::span<const contract> known) {
  std::string names;
  for (const contract& c : known) {
    if (c.name == name) return c;
    names += (names.empty() ? "" : ", ") + std::string(c.name);
  }
  throw bad_argument("contract", "expected one of " + names + ", got \"" + std::string(name) + "\"");
}

contract of_type(const contract& promised, dtype in) {
  if (promised.in == in) return promised;
  throw bad_argument("contract", "expected one for inputs of " + std::string(name_of(in)) + ", got \"" +
                                     std::string(promised.name) + "\"");
}

constexpr std::string_view prefix = "contract_";
constexpr std::string_view fields[] = {"sums",    "acc_qk",   "acc_pv",         "p_type",
                                       "p_scale", "p_shift",  "l_from_rounded", "e_exp",
                                       "e_tanh",  "out_type", "part_type",      "lse_base2"};

// True when the case spells out a contract; a field that no contract has is refused.
bool spelled_out(const recorded_case& c) {
  bool any = false;
  for (const auto& [name, value] : c.options) {
    if (name.rfind(prefix, 0) != 0) continue;
    any = true;
    if (std::find(std::begin(fields), std::end(fields), name.substr(prefix.size())) == std::end(fields))
      throw bad_argument(name, "no contract has such a field");
  }
  return any;
}

// Reads the fields of a contract; each keeps its value when the case says nothing of it.
class contract_reader {
 public:
  explicit contract_reader(const recorded_case& c) : options_(c) {}

  void read(const char* field, double& x) { x = options_.real(name(field), x); }
  void read(const char* field, bool& x) { x = options_.flag(name(field), x); }
  void read(const char* field, dtype& x) {
    const std::string text = options_.word(name(field), std::string(name_of(x)));
    const auto type = dtype_from(text);
    if (!type)
      throw bad_argument(name(field),
                         "expected a dtype such as f32, bf16, f16 or e4m3, got \"" + text + "\"");
    x = *type;
  }
  /// One of a few words.
  template <class Value, std::size_t N>
  void read(const char* field, Value& x, const std::pair<std::string_view, Value> (&words)[N]) {
    if (!options_.has(name(field))) return;
    const std::string text = options_.word(name(field), "");
    std::string known;
    for (const auto& [word, value] : words) {
      if (word == text) {
        x = value;
        return;
      }
      known += (known.empty() ? "" : ", ") + std::string(word);
    }
    throw bad_argument(name(field), "expected one of " + known + ", got \"" + text + "\"");
  }

 private:
  static std::string name(const char* field) { return std::string(prefix) + field; }
  recorded_options options_;
};

constexpr std::pair<std::string_view, accumulation> sums[] = {
    {"f32", accumulation::f32}, {"tc25", accumulation::tc25}, {"f13", accumulation::f13}};
constexpr std::pair<std::string_view, p_shift> shifts[] = {
    {"score", p_shift::score}, {"integer", p_shift::integer}, {"any", p_shift::any}};

}  // namespace

std::optional<contract> contract_of(const recorded_case& c, std::string_view name,
                                    std::span<const contract> known, dtype in, dtype out) {
  if (!name.empty()) return of_type(named(name, known), in);
  if (const auto at = c.options.find("contract"); at != c.options.end())
    return of_type(named(at->second, known), in);
  if (!spelled_out(c)) return std::nullopt;
  contract made = plain_attention;
  made.name = "from the case";
  made.in = in;
  made.out_type = out;
  contract_reader from(c);
  if (!known.empty() && std::holds_alternative<product_promise>(known.front().promise)) {
    if (c.options.count("contract_sums") == 0)
      throw bad_argument("contract_sums", "expected f32, tc25 or f13, the way a product sums");
    product_promise how;
    from.read("sums", how.sums, sums);
    made.promise = how;
    return made;
  }
  attention_promise& how = made.attention();
  from.read("acc_qk", how.acc_qk, sums);
  from.read("acc_pv", how.acc_pv, sums);
  from.read("p_type", how.p_type);
  from.read("p_scale", how.p_scale);
  from.read("p_shift", how.shift, shifts);
  from.read("l_from_rounded", how.l_from_rounded);
  from.read("e_exp", how.e_exp);
  from.read("e_tanh", how.e_tanh);
  from.read("out_type", made.out_type);
  from.read("part_type", how.part_type);
  from.read("lse_base2", how.lse_base2);
  return made;
}

void require_contract_for(const recorded_case& c, std::string_view name, std::span<const contract> known,
                          dtype in) {
  const auto said = c.options.find("contract");
  if (said != c.options.end()) of_type(named(said->second, known), in);
  for (const contract& one : known)
    if (one.name == name) of_type(one, in);
}

}  // namespace plumbline
