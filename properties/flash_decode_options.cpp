// Options of recorded cases: read by name, written from problems.
#include <algorithm>

#include "properties/flash_decode_recorded.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::flash_decode {

namespace {

constexpr std::string_view provenance[] = {"seed",
                                           "note",
                                           "computed_in",
                                           "compare_note",
                                           "case",
                                           "contract",
                                           "operator",
                                           "columns",
                                           "title",
                                           "description",
                                           "role",
                                           "executor",
                                           "changes",
                                           "generator",
                                           "expected",
                                           "append",
                                           "seqlen_k",
                                           "max_seqlen_q",
                                           "max_seqlen_k_new",
                                           "shared_pages",
                                           "empty_percent"};
constexpr std::string_view provenance_prefixes[] = {"source_",   "licence", "license",
                                                    "contract_", "recipe",  "origin"};

bool is_provenance(std::string_view name) {
  for (std::string_view one : provenance)
    if (one == name) return true;
  for (std::string_view prefix : provenance_prefixes)
    if (name.substr(0, prefix.size()) == prefix) return true;
  return false;
}

std::int64_t parse_integer(const std::string& name, const std::string& text) {
  try {
    return keyed_text("x=" + text).integer("x", 0);
  } catch (const bad_argument&) {
    throw bad_argument(name, "expected a whole number, got \"" + text + "\"");
  }
}

}  // namespace

std::int64_t recorded_options::integer(const std::string& name, std::int64_t fallback) {
  read_[name] = true;
  const auto found = from_.options.find(name);
  return found == from_.options.end() ? fallback : parse_integer(name, found->second);
}

bool recorded_options::flag(const std::string& name, bool fallback) {
  const std::int64_t x = integer(name, fallback ? 1 : 0);
  if (x != 0 && x != 1) throw bad_argument(name, "expected 0 or 1, got " + std::to_string(x));
  return x == 1;
}

double recorded_options::real(const std::string& name, double fallback) {
  read_[name] = true;
  const auto found = from_.options.find(name);
  if (found == from_.options.end()) return fallback;
  try {
    return keyed_text("x=" + found->second).real("x", fallback);
  } catch (const bad_argument&) {
    throw bad_argument(name, "expected a number, got \"" + found->second + "\"");
  }
}

std::string recorded_options::word(const std::string& name, const std::string& fallback) {
  read_[name] = true;
  const auto found = from_.options.find(name);
  return found == from_.options.end() ? fallback : found->second;
}

void recorded_options::neutral(const std::string& name, const std::string& value) {
  const auto found = from_.options.find(name);
  if (found != from_.options.end() && found->second == value) read_[name] = true;
}

std::string recorded_options::unsupported(std::span<const std::string_view> known_tensors) const {
  std::string names;
  const auto add = [&](const std::string& name) { names += (names.empty() ? "" : ", ") + name; };
  for (const auto& [name, value] : from_.options)
    if (read_.count(name) == 0 && !is_provenance(name)) add("option " + name + "=" + value);
  for (const auto& [name, value] : from_.tensors)
    if (std::find(known_tensors.begin(), known_tensors.end(), name) == known_tensors.end())
      add("tensor " + name);
  return names;
}

namespace {

std::string real_text(double x) {
  keyed_text text;
  text.put("x", x, x + 1);
  return text.str().substr(2);
}

std::map<std::string, std::string> cache_options(const cache_shape& p) {
  std::map<std::string, std::string> o;
  o["operator"] = "flash_decode";
  o["dtype"] = name_of(p.type);
  o["batch_size"] = std::to_string(p.b);
  o["num_heads"] = std::to_string(p.hq);
  o["num_heads_k"] = std::to_string(p.hk);
  o["head_dim"] = std::to_string(p.d);
  o["head_dim_v"] = std::to_string(p.dv);
  o["page_size"] = std::to_string(p.page_size);
  o["capacity"] = std::to_string(p.capacity);
  if (p.gap > 0) o["gap"] = std::to_string(p.gap);
  return o;
}

template <class Problem>
void put_masks(const Problem& p, std::map<std::string, std::string>& o) {
  o["causal"] = p.causal ? "1" : "0";
  o["window_left"] = std::to_string(p.window_left);
  o["window_right"] = std::to_string(p.window_right);
  o["attention_chunk"] = std::to_string(p.attention_chunk);
}

}  // namespace

std::map<std::string, std::string> options_of_problem(const attend_problem& p) {
  auto o = cache_options(p);
  put_masks(p, o);
  o["seqlen_q"] = std::to_string(p.sq);
  o["softmax_scale"] = real_text(effective_scale(p));
  o["softcap"] = real_text(p.softcap);
  o["num_splits"] = std::to_string(p.num_splits);
  o["out_dtype"] = name_of(p.out_type);
  return o;
}

std::map<std::string, std::string> options_of_problem(const append_problem& p) {
  auto o = cache_options(p);
  put_masks(p, o);
  o["append"] = "1";
  o["seqlen_new"] = std::to_string(p.sn);
  if (p.sq > 0) o["seqlen_q"] = std::to_string(p.sq);
  o["rotary_dim"] = std::to_string(p.rotary_dim);
  o["rotary_interleaved"] = p.rotary_interleaved ? "1" : "0";
  return o;
}

std::map<std::string, std::string> options_of_problem(const combine_problem& p) {
  std::map<std::string, std::string> o;
  o["operator"] = "flash_decode";
  o["batch_size"] = std::to_string(p.b);
  o["num_heads"] = std::to_string(p.hq);
  o["num_splits"] = std::to_string(p.num_splits);
  o["seqlen_q"] = std::to_string(p.sq);
  o["head_dim_v"] = std::to_string(p.dv);
  o["out_dtype"] = name_of(p.out_type);
  if (p.gap > 0) o["gap"] = std::to_string(p.gap);
  return o;
}

}  // namespace plumbline::flash_decode
