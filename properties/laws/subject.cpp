#include "properties/laws/subject.hpp"

#include <cstdio>
#include <cstring>

#include "properties/judge/bytes_judge.hpp"
#include "reference/core/random.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::laws {

using flash_decode::append_problem;
using flash_decode::attend_problem;
using flash_decode::combine_problem;

namespace {

template <class Problem>
tensor_set fresh_outputs(const Problem& p, const tensor_set&) {
  tensor_set outputs = flash_decode::make_outputs(p);
  for (auto& e : outputs) e.value.poison(output_poison);
  return outputs;
}

// A copy of the elements alone: padding and zones around them hold the guard pattern, whatever the input's
// held.
tensor between_guards(const tensor& t) {
  tensor clean(t.type(), {t.shape().begin(), t.shape().end()}, {t.strides().begin(), t.strides().end()});
  const std::int64_t bytes = static_cast<std::int64_t>(size_of(t.type()));
  for (std::int64_t block = 0; block < t.dim(0); ++block)
    for (std::int64_t slot = 0; slot < t.dim(1); ++slot)
      for (std::int64_t h = 0; h < t.dim(2); ++h) {
        const std::int64_t index[] = {block, slot, h, 0};
        const std::int64_t offset = t.offset(index) * bytes;
        std::memcpy(clean.data() + offset, t.data() + offset, static_cast<std::size_t>(t.dim(3) * bytes));
      }
  return clean;
}

tensor_set fresh_outputs(const append_problem& p, const tensor_set& inputs) {
  tensor_set outputs = flash_decode::make_outputs(p, inputs);
  for (const char* name : {"k_cache", "v_cache"}) outputs.set(name, between_guards(outputs.at(name)));
  if (tensor* q = outputs.find("q_rotated")) q->poison(output_poison);
  return outputs;
}

}  // namespace

template <class Problem>
attempt subject<Problem>::run(const Problem& p, const tensor_set& given, const run_options& how) const {
  attempt a;
  tensor_set copies = given;
  a.outputs = fresh_outputs(p, given);
  const auto call = [&](const kernel_arguments& arguments, launcher& place) { row.run(p, arguments, place); };
  a.why_not = where.run(call, copies, a.outputs, how);
  return a;
}

template <class Problem>
std::vector<law_result> check_laws(std::span<const law<Problem>> all, const subject<Problem>& s,
                                   bool every_law) {
  std::vector<law_result> results;
  std::vector<const law<Problem>*> admitted;
  for (const law<Problem>& one : all) {
    if (!promises(s.row.claims, one.needed)) continue;
    const std::string why_not = one.concerns(s);
    if (why_not.empty()) {
      admitted.push_back(&one);
    } else if (every_law) {
      results.push_back({std::string(one.name), outcome::skipped, why_not});
    }
  }
  if (!every_law && admitted.size() > 1) {
    random_stream choice(s.seed, "law");
    admitted = {admitted[static_cast<std::size_t>(
        choice.integer(0, static_cast<std::int64_t>(admitted.size()) - 1))]};
  }
  for (const law<Problem>* one : admitted) {
    std::string broken = one->broken(s);
    const outcome result = broken.empty() ? outcome::pass : outcome::fail;
    results.push_back({std::string(one->name), result, std::move(broken)});
    if (result == outcome::fail && one->schedule) results.back().schedule = one->schedule(s);
  }
  return results;
}

std::string difference(const tensor_set& first, const tensor_set& second, std::string_view what) {
  for (const auto& [name, value] : first) {
    const tensor* other = second.find(name);
    if (other == nullptr) return std::string(what) + ": no output " + name;
    if (same_elements(value, *other)) continue;
    return std::string(what) + " gives other bits: " + judge_bytes(name, value, *other).message;
  }
  return "";
}

std::string shown(double x) {
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", x);
  return text;
}

std::string describe(const fault& why, std::string_view what) {
  const std::string line = why.message.substr(0, why.message.find('\n'));
  return std::string(what) + " did not complete: " + why.kind + ": " + line;
}

std::string_view law_of(const fault& why) {
  for (std::string_view kind : {"stray write", "input changed", "changed input", "guard"})
    if (why.kind.find(kind) != std::string::npos) return "touches_nothing_else";
  return "completes";
}

template struct subject<attend_problem>;
template struct subject<append_problem>;
template struct subject<combine_problem>;
template std::vector<law_result> check_laws(std::span<const law<attend_problem>>,
                                            const subject<attend_problem>&, bool);
template std::vector<law_result> check_laws(std::span<const law<append_problem>>,
                                            const subject<append_problem>&, bool);
template std::vector<law_result> check_laws(std::span<const law<combine_problem>>,
                                            const subject<combine_problem>&, bool);

}  // namespace plumbline::laws
