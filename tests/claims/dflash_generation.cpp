// z-lab/dflash #2 and three changes beside it, as changes of the generation loop.
//
// The loop is written out once, as upstream has it, with a buffer of ids that masks fill; what is proposed
// turns one thing in it.  A subject that promises a trajectory is held to every round: blocks, embeddings
// that the draft saw, rows of its cache.  One that promises the text alone is held to that: a worse draft may
// cost rounds and no token.
#include <algorithm>
#include <cmath>
#include <map>

#include "kernels/core/promises.hpp"
#include "properties/generate/draws.hpp"
#include "properties/generate/edits.hpp"
#include "properties/judge/bytes_judge.hpp"
#include "properties/judge/joined.hpp"
#include "properties/laws/reruns.hpp"
#include "reference/core/random.hpp"
#include "reference/dflash.hpp"
#include "tests/claims/generation.hpp"
#include "tests/claims/subjects.hpp"

namespace plumbline::claims {

namespace {

using dflash::int_list;

enum flaw : unsigned {
  memo_by_address = 1u << 0,       // embeddings kept under the address of the block's ids
  memo_by_contents = 1u << 1,      // ... under the ids
  memo_by_masks = 1u << 2,         // planted: ... under the ids behind the first
  crops_every_4_blocks = 1u << 3,  // the draft's cache, when 4 blocks divide the start
  masks_stripped = 1u << 4,        // every id that equals the mask is taken out of the text
  text_one_short = 1u << 5,        // planted: the text is cut a token early
  draft_is_sampled = 1u << 6,      // the draft draws its tokens at the target's temperature
  draft_in_int8 = 1u << 7,         // weights of the draft as int8 codes with a scale a row
  target_in_int8 = 1u << 8,        // ... of the target
  unchecked_draft = 1u << 9,       // planted: the draft's token stands where it was refused
};

// Codes -127 to 127 of the largest magnitude of a row.
void to_int8(tensor& weight) {
  const std::int64_t width = weight.dim(weight.rank() - 1);
  for (std::int64_t row = 0; row < weight.size() / width; ++row) {
    double most = 0;
    for (std::int64_t i = 0; i < width; ++i) most = std::max(most, std::fabs(weight.value(row * width + i)));
    const double scale = most / 127;
    for (std::int64_t i = 0; scale > 0 && i < width; ++i)
      weight.set_value(row * width + i, std::nearbyint(weight.value(row * width + i) / scale) * scale);
  }
}

class loop {
 public:
  loop(const generation_problem& p, const tensor_set& inputs, unsigned flaws)
      : p_(p),
        flaws_(flaws),
        inputs_(inputs),
        target_(p, inputs_),
        draft_(p, inputs_),
        uniforms_(p, inputs_) {
    for (auto& [name, weight] : inputs_)
      if (weight.rank() == 2 && ((has(draft_in_int8) && name.rfind("draft_", 0) == 0) ||
                                 (has(target_in_int8) && name.rfind("target_", 0) == 0)))
        to_int8(weight);
  }

  generation_record run() {
    const std::int64_t prompt = p_.prompt_len, end = prompt + p_.max_new;
    int_list ids(static_cast<std::size_t>(end + p_.block_size), p_.mask_id);
    for (std::int64_t i = 0; i < prompt; ++i)
      at(ids, i) = static_cast<std::int64_t>(inputs_.at("prompt").value(i));
    const int_list given(ids.begin(), ids.begin() + prompt);
    const std::vector<double> logits = target_.logits(given, 0);
    at(ids, prompt) = chosen(p_, {logits.end() - p_.vocab_size, logits.end()}, uniforms_.take(prompt, 1))[0];
    std::int64_t start = prompt, context = prompt;
    while (start < end) {
      int_list block(ids.begin() + start, ids.begin() + start + p_.block_size);
      record_.rounds.push_back({start, 0, draft_.rows(), {}, {}});
      generation_record::round& round = record_.rounds.back();
      if (p_.block_size > 1) draft(block, start, context, round);
      round.block = block;
      const int_list posterior =
          chosen(p_, target_.logits(block, start), uniforms_.take(start + 1, p_.block_size));
      const dflash::agreement one = dflash::agreement_of(block, posterior);
      round.accepted = one.accepted;
      std::copy_n(block.begin(), one.accepted + 1, ids.begin() + start);
      at(ids, start + one.accepted + 1) = has(unchecked_draft) && one.accepted + 1 < p_.block_size
                                              ? at(block, one.accepted + 1)
                                              : one.next_token;
      start += one.accepted + 1;
      target_.crop(start);
      context = one.accepted + 1;
    }
    ids.resize(static_cast<std::size_t>(std::min(start + 1, end) - (has(text_one_short) ? 1 : 0)));
    if (has(masks_stripped)) std::erase(ids, p_.mask_id);
    record_.ids = std::move(ids);
    return std::move(record_);
  }

 private:
  bool has(flaw one) const { return (flaws_ & one) != 0; }
  static std::int64_t& at(int_list& list, std::int64_t i) { return list[static_cast<std::size_t>(i)]; }

  void draft(int_list& block, std::int64_t start, std::int64_t context, generation_record::round& round) {
    round.noise = embedded(block);
    const std::vector<double> logits =
        draft_.logits(target_, round.noise, target_.features(context), angles(start, context));
    if (!has(crops_every_4_blocks) || start % (4 * p_.block_size) == 0) draft_.crop(start);
    generation_problem greedy = p_;
    if (!has(draft_is_sampled)) greedy.temperature = 0;
    const std::vector<double> numbers = has(draft_is_sampled) && p_.temperature >= dflash::least_temperature
                                            ? draft_numbers(start)
                                            : std::vector<double>();
    const int_list tokens = chosen(greedy, logits, numbers);
    std::copy(tokens.begin(), tokens.end(), block.begin() + 1);
  }

  // In turn with the target's; else numbers of its own for each position.
  std::vector<double> draft_numbers(std::int64_t start) {
    if (p_.numbers_in_turn) return uniforms_.take(0, p_.block_size - 1);
    random_stream own(static_cast<std::uint64_t>(start), "draft");
    std::vector<double> numbers;
    for (std::int64_t i = 1; i < p_.block_size; ++i) numbers.push_back(own.uniform());
    return numbers;
  }

  // Blocks are fresh copies of the same length, and the allocator gives them the same place each time.
  std::vector<double> embedded(const int_list& block) {
    if (!has(memo_by_address) && !has(memo_by_contents) && !has(memo_by_masks))
      return target_.embedded(block);
    int_list key;
    if (has(memo_by_contents)) key = block;
    if (has(memo_by_masks)) key.assign(block.begin() + 1, block.end());
    const auto found = memo_.find(key);
    return found != memo_.end() ? found->second : memo_.emplace(key, target_.embedded(block)).first->second;
  }

  // Of positions [rows of the cache, start + block): one a new key, or one for all where it is alone.
  dflash::rotary_rows angles(std::int64_t start, std::int64_t context) {
    const std::int64_t first = draft_.rows(), places = start + p_.block_size - first;
    const std::int64_t keys = context + p_.block_size;
    if (places <= 0)
      refuse("no positions are left for the block: the cache holds " + std::to_string(first) + " rows");
    if (places != keys && places != 1)
      refuse("rotation: " + std::to_string(places) + " positions for " + std::to_string(keys) + " new keys");
    dflash::rotary_rows rows = angles_of(p_, first, places);
    const std::size_t width = rows.cos.size() / static_cast<std::size_t>(places);
    for (std::int64_t i = places; i < keys; ++i) {
      rows.cos.insert(rows.cos.end(), rows.cos.begin(),
                      rows.cos.begin() + static_cast<std::ptrdiff_t>(width));
      rows.sin.insert(rows.sin.end(), rows.sin.begin(),
                      rows.sin.begin() + static_cast<std::ptrdiff_t>(width));
    }
    return rows;
  }

  const generation_problem& p_;
  const unsigned flaws_;
  tensor_set inputs_;
  target_model target_;
  draft_model draft_;
  uniform_source uniforms_;
  std::map<int_list, std::vector<double>> memo_;
  generation_record record_;
};

template <unsigned Flaws>
void run(const generation_problem& p, const kernel_arguments& args, launcher&) {
  const auto bytes_of = [](const tensor& t) {
    return static_cast<std::size_t>(t.size()) * size_of(t.type());
  };
  tensor_set inputs = empty_inputs(p);
  for (auto& [name, t] : inputs) std::memcpy(t.data(), args.in(name).data, bytes_of(t));
  tensor_set outputs = make_outputs(p);
  put(p, loop(p, inputs, Flaws).run(), outputs);
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
