// z-lab/dflash #2 and three changes beside it, as changes of the generation loop.
//
// What is proposed turns one thing in the loop of drafting_loop.hpp.  A subject that promises a trajectory is
// held to every round: blocks, embeddings that the draft saw, rows of its cache.  One that promises the text
// alone is held to that: a worse draft may cost rounds and no token.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "kernels/core/promises.hpp"
#include "properties/generate/draws.hpp"
#include "properties/generate/edits.hpp"
#include "properties/judge/bytes_judge.hpp"
#include "properties/judge/joined.hpp"
#include "properties/laws/reruns.hpp"
#include "reference/core/random.hpp"
#include "reference/dflash.hpp"
#include "tests/claims/drafting_loop.hpp"
#include "tests/claims/subjects.hpp"

namespace plumbline::claims {

namespace {

using namespace drafting;

template <unsigned Flaws>
void run(const generation_problem& p, const kernel_arguments& args, launcher&) {
  const auto bytes_of = [](const tensor& t) {
    return static_cast<std::size_t>(t.size()) * size_of(t.type());
  };
  tensor_set inputs = empty_inputs(p);
  for (auto& [name, t] : inputs) std::memcpy(t.data(), args.in(name).data, bytes_of(t));
  tensor_set outputs = make_outputs(p);
  put(p, drafting::run(p, inputs, Flaws), outputs);
  for (const auto& [name, t] : outputs) std::memcpy(args.out(name).data, t.data(), bytes_of(t));
}

constexpr contract trajectory[] = {movement("f32/trajectory", dtype::f32, dtype::i32)};
constexpr contract text_alone[] = {movement("f32/text", dtype::f32, dtype::i32)};

std::string drawn_by_position(const generation_problem& p) {
  return p.numbers_in_turn ? "says nothing of numbers drawn in turn" : "";
}
std::string drawn_in_turn(const generation_problem& p) {
  return p.numbers_in_turn ? "" : "says nothing of numbers by position";
}
std::string greedy(const generation_problem& p) {
  return p.temperature < dflash::least_temperature ? "" : "says nothing of sampling";
}

template <unsigned Flaws>
constexpr variant<generation_problem> subject(std::string_view name, std::span<const contract> promise,
                                              std::string (*domain)(const generation_problem&)) {
  return {name, promise, claim::same_bits_run_to_run, domain, run<Flaws>};
}

constexpr auto all = takes_all<generation_problem>;

constexpr variant<generation_problem> rows[] = {
    subject<memo_by_address>("memo_by_address", trajectory, all),
    subject<memo_by_contents>("memo_by_contents", trajectory, all),
    subject<memo_by_masks>("memo_by_contents_with_fault", trajectory, all),
    subject<crops_every_4_blocks>("crops_every_4_blocks", trajectory, all),
    subject<masks_stripped>("masks_stripped", trajectory, all),
    subject<0>("cut_by_position", trajectory, all),
    subject<text_one_short>("cut_by_position_with_fault", trajectory, all),
    subject<draft_is_sampled>("sampled_draft", text_alone, drawn_by_position),
    subject<draft_is_sampled | unchecked_draft>("sampled_draft_with_fault", text_alone, drawn_by_position),
    subject<draft_is_sampled>("sampled_draft_in_turn", text_alone, drawn_in_turn),
    subject<draft_in_int8>("int8_draft", text_alone, greedy),
    subject<draft_in_int8 | unchecked_draft>("int8_draft_with_fault", text_alone, greedy),
    subject<target_in_int8>("int8_target", text_alone, greedy)};

std::span<const variant<generation_problem>> subjects(side where) {
  if (where != side::host) return {};
  return rows;
}

constexpr std::string_view regimes[] = {"normal"};

generation_problem draw(const contract&, std::string_view, std::uint64_t seed, std::uint64_t index) {
  generate::draws draw(seed, index, "generation");
  generation_problem p;
  p.prompt_len = draw.between(1, 6), p.max_new = draw.between(1, 16), p.block_size = draw.between(1, 6);
  p.vocab_size = draw.between(2, 7), p.mask_id = draw.between(0, p.vocab_size - 1);
  p.layers = draw.between(1, 2);
  p.temperature = draw.chance(55) ? 0 : draw.chance(50) ? 1 : 0.5;
  p.numbers_in_turn = draw.chance(50);
  return p;
}

std::vector<generation_problem> smaller(const generation_problem& from) {
  generate::edits<generation_problem> all(from);
  for (std::int64_t generation_problem::*member :
       {&generation_problem::prompt_len, &generation_problem::max_new, &generation_problem::block_size,
        &generation_problem::vocab_size, &generation_problem::layers})
    for (const std::int64_t value : {std::int64_t{1}, std::int64_t{2}, from.*member / 2, from.*member - 1})
      if (value < from.*member)
        all.add([&](generation_problem& p) {
          p.*member = value;
          p.mask_id = std::min(p.mask_id, p.vocab_size - 1);
        });
  all.add([](generation_problem& p) { p.temperature = 0; });
  all.add([](generation_problem& p) { p.numbers_in_turn = false; });
  all.add([](generation_problem& p) { p.mask_id = 0; });
  return all.take();
}

tensor_set draw_inputs(const generation_problem& p, std::string_view, std::uint64_t seed) {
  tensor_set inputs = empty_inputs(p);
  for (auto& [name, t] : inputs) {
    random_stream draw(seed, name);
    const bool gain = t.rank() == 1;
    const double size = t.rank() == 2 ? 2 / std::sqrt(static_cast<double>(t.dim(1))) : 1;
    for (std::int64_t i = 0; i < t.size(); ++i)
      t.set_value(i, name == "prompt"     ? static_cast<double>(draw.integer(0, p.vocab_size - 1))
                     : name == "uniforms" ? draw.uniform() * (1 - 0x1p-20)
                     : gain               ? 1 + 0.25 * draw.normal()
                                          : size * draw.normal());
  }
  return inputs;
}

verdict judge(const generation_problem& p, const contract& promised, const tensor_set& inputs,
              const tensor_set& outputs) {
  tensor_set truth = make_outputs(p);
  put(p, true_generation(p, inputs), truth);
  verdict v = judge_bytes("ids", truth.at("ids"), outputs.at("ids"));
  if (promised.name == text_alone[0].name) return v;
  for (const char* name : {"noise", "rounds", "blocks"})
    v = joined(std::move(v), judge_bytes(name, truth.at(name), outputs.at(name)));
  return v;
}

std::span<const laws::law<generation_problem>> own_laws() {
  static const laws::law<generation_problem> again[] = {{"same_bits_run_to_run", claim::same_bits_run_to_run,
                                                         laws::concerns_all<generation_problem>,
                                                         laws::broken_run_to_run<generation_problem>}};
  return again;
}

material<generation_problem> no_record(const recorded_case&) {
  throw bad_argument("case", "a generation is in no file of cases");
}

const function_tables<generation_problem> tables = {
    .parts = {.op = operator_name,
              .name = "dflash_generation",
              .table = subjects,
              .takes = [](dtype in) { return in == dtype::f32; },
              .regimes = regimes,
              .laws = own_laws,
              .classes = [] { return std::span<const generate::problem_class<generation_problem>>(); },
              .smaller = smaller,
              .parse = parse_generation,
              .options_of_problem =
                  [](const generation_problem& p) {
                    return std::map<std::string, std::string>{{"problem", to_text(p)}};
                  },
              .memory_needed = [](const generation_problem&) { return 0.0; },
              .budgets = [](std::span<const contract>) { return std::string("tokens and copies: exact\n"); },
              .meanings = [] { return std::span<const meaning>(); }},
    .draw_regime = [](std::uint64_t, std::uint64_t) { return regimes[0]; },
    .draw = draw,
    .inputs = draw_inputs,
    .type_of = [](const generation_problem&) { return dtype::f32; },
    .judge = judge,
    .groups = {},
    .judge_recorded =
        [](const recorded_case& c, std::string_view) {
          no_record(c);
          return external_judgement{};
        },
    .read = no_record};

}  // namespace

const operation& dflash_generation() {
  static const table_operation<generation_problem> one(tables);
  return one;
}

}  // namespace plumbline::claims
