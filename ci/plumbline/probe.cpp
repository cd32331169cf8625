// probe: vectors on which possible tensor cores differ, asked of the one that is there.
#include <fmt/format.h>

#include <algorithm>

#include "ci/plumbline/case_files.hpp"
#include "ci/plumbline/interrupt.hpp"
#include "ci/plumbline/result_file.hpp"
#include "ci/plumbline/run_report.hpp"
#include "ci/plumbline/terminal.hpp"
#include "ci/plumbline/text_table.hpp"
#include "ci/plumbline/verbs.hpp"
#include "fixtures/store.hpp"
#include "kernels/probe/probe.hpp"
#include "reference/core/counted.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::program {

namespace {

using probe::answer;

std::vector<const probe::probe*> chosen(const std::vector<std::string>& names) {
  std::vector<const probe::probe*> all;
  for (const probe::probe& p : probe::every_probe())
    if (names.empty() || std::find(names.begin(), names.end(), p.name) != names.end()) all.push_back(&p);
  for (const std::string& name : names)
    if (std::none_of(all.begin(), all.end(), [&](const auto* p) { return p->name == name; }))
      throw bad_argument("NAME", "expected a probe (plumbline probe --list names them), got '" + name + "'");
  return all;
}

std::string listing(const std::vector<const probe::probe*>& all) {
  std::string text;
  for (const probe::probe* p : all) {
    text += fmt::format("{}\n  {}\n  {}, {}\n", p->name, p->question, probe::name_of(p->what),
                        counted(p->vectors.size(), "vector"));
    for (const probe::alternative& a : p->alternatives)
      text += fmt::format("  {} {}\n", &a == &p->alternatives[0] ? "model:" : "or:   ", a.name);
  }
  return text;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : "; ") + name;
  return text;
}

bool as_modelled(const probe::probe& p, const answer& a) {
  const std::vector<std::string> matched = a.matched(p);
  return std::find(matched.begin(), matched.end(), p.alternatives[0].name) != matched.end();
}

/// What the device does, in words; of none of the alternatives the closest with its count.
std::string verdict(const probe::probe& p, const answer& a) {
  if (!a.got.why_not.empty()) return "not answered: " + a.got.why_not;
  const std::vector<std::string> matched = a.matched(p);
  if (!matched.empty()) return joined(matched);
  const auto best = std::max_element(a.agreeing.begin(), a.agreeing.end()) - a.agreeing.begin();
  return fmt::format("none of them; closest with {} of {}: {}", a.agreeing[static_cast<std::size_t>(best)],
                     p.vectors.size(), p.alternatives[static_cast<std::size_t>(best)].name);
}

tensor codes_of(dtype type, std::vector<std::int64_t> shape, const std::vector<std::uint32_t>& codes) {
  tensor t(type, std::move(shape));
  for (std::size_t i = 0; i < codes.size(); ++i) t.set_code(static_cast<std::int64_t>(i), codes[i]);
  return t;
}

fixtures::stored_case stored(const probe::probe& p, const answer& a) {
  fixtures::stored_case one;
  one.group = "probe", one.name = p.name;
  one.attributes = {
      {"question", p.question}, {"instruction", probe::name_of(p.what)}, {"answer", verdict(p, a)}};
  const auto count = static_cast<std::int64_t>(p.vectors.size());
  const auto stored_as = [](dtype t) { return t == dtype::tf32 ? dtype::f32 : t; };
  std::vector<std::uint32_t> factors_a, factors_b, accumulators;
  for (const probe::vector& v : p.vectors) {
    factors_a.insert(factors_a.end(), v.a.begin(), v.a.end());
    factors_b.insert(factors_b.end(), v.b.begin(), v.b.end());
    accumulators.push_back(v.c);
  }
  one.tensors.set("a", codes_of(stored_as(p.what.a), {count, p.what.k}, factors_a));
  one.tensors.set("b", codes_of(stored_as(p.what.b), {count, p.what.k}, factors_b));
  one.tensors.set("c", codes_of(p.what.sum, {count}, accumulators));
  if (a.got.why_not.empty()) one.tensors.set("d", codes_of(p.what.sum, {count}, a.got.d));
  for (std::size_t i = 0; i < a.predicted.size(); ++i) {
    const std::string name = fmt::format("predicted_{}", i);
    one.tensors.set(name, codes_of(p.what.sum, {count}, a.predicted[i]));
    one.tensor_attributes[name]["alternative"] = p.alternatives[i].name;
    if (a.got.why_not.empty()) one.tensor_attributes[name]["agreeing"] = std::to_string(a.agreeing[i]);
  }
  return one;
}

}  // namespace

int run_probe(const instrument& all, const probe_request& asked) {
  note_interrupts();
  const std::vector<const probe::probe*> probes = chosen(asked.names);
  if (asked.list) {
    say(listing(probes));
    return all_pass;
  }
  std::string why_not;
  const std::unique_ptr<executor> on = all.make_executor(asked.on, why_not);
  if (!on) throw cannot_run(why_not);
  const result_file out("--out", asked.out);
  const stream text = out.takes_standard_output() ? stream::error : stream::output;
  progress bar(text);

  text_table table({"probe", "instruction", ">telling", "answer", "as modelled"});
  std::vector<fixtures::stored_case> cases;
  std::size_t asked_of = 0, as_expected = 0, unanswered = 0;
  for (const probe::probe* p : probes) {
    if (interrupted_by()) break;
    bar.show("probes", static_cast<std::int64_t>(asked_of++), static_cast<std::int64_t>(probes.size()),
             p->name);
    const probe::answer a = ask(*p, *on);
    const bool expected = a.got.why_not.empty() && as_modelled(*p, a);
    as_expected += expected, unanswered += !a.got.why_not.empty();
    table.add({p->name, probe::name_of(p->what), fmt::format("{} of {}", a.telling, p->vectors.size()),
               verdict(*p, a), expected ? "yes" : "NO"});
    if (out.wanted()) cases.push_back(stored(*p, a));
  }
  const bool partial = asked_of < probes.size();
  const std::string whose = fmt::format("{}: {} of {} answered as the host's model says, {} not answered\n",
                                        on->machine(), as_expected, counted(asked_of, "probe"), unanswered);
  bar.print(table.str(terminal_width(text)) + "\n" +
            (partial ? fmt::format("interrupted, partial result: {} of {}\n", asked_of,
                                   counted(probes.size(), "probe"))
                     : "") +
            whose);
  if (!cases.empty())
    require_written({out.write(as_file(
        cases, {{"written_by", "plumbline probe"}, {"executor", asked.on}, {"machine", on->machine()}}))});
  if (partial) return 128 + interrupted_by();
  return as_expected == probes.size() ? all_pass : found_something;
}

}  // namespace plumbline::program
