#include "properties/dflash/accept_shapes.hpp"

#include <string>

#include "properties/dflash/sizes.hpp"

namespace plumbline::generate {

using dflash::accept_problem;

namespace {

constexpr std::int64_t most_logits = 25'000;
constexpr std::int64_t vocabulary_of_a_model = 151'936, strip = 2048;

bool beside_a_strip(const accept_problem& p) {
  const std::int64_t rest = p.vocab_size % strip;
  return p.vocab_size > 2 && (rest < 2 || rest == strip - 1);
}

constexpr problem_class<accept_problem> rows[] = {
    {"greedy", 0.15, [](const accept_problem& p) { return p.greedy(); }},
    {"sampled", 0.2, [](const accept_problem& p) { return !p.greedy(); }},
    {"just_below_the_least_temperature", 0.01,
     [](const accept_problem& p) { return p.greedy() && p.temperature > 0; }},
    {"the_least_temperature", 0.01,
     [](const accept_problem& p) { return p.temperature == dflash::least_temperature; }},
    {"no_draft_agrees", 0.05, [](const accept_problem& p) { return p.agree_percent == 0; }},
    {"some_drafts_agree", 0.15,
     [](const accept_problem& p) { return p.agree_percent > 0 && p.agree_percent < 100; }},
    {"every_draft_agrees", 0.08, [](const accept_problem& p) { return p.agree_percent == 100; }},
    {"several_sequences", 0.15, [](const accept_problem& p) { return p.b > 1; }},
    {"block_of_1", 0.01, [](const accept_problem& p) { return p.block_size == 1; }},
    {"block_beside_a_warp", 0.05,
     [](const accept_problem& p) { return p.block_size >= 31 && p.block_size <= 34; }},
    {"block_of_several_warps", 0.02, [](const accept_problem& p) { return p.block_size > 64; }},
    {"vocabulary_at_a_strip", 0.08, beside_a_strip},
    {"several_strips", 0.06, [](const accept_problem& p) { return p.vocab_size > strip; }},
    {"vocabulary_of_a_model", 0,
     [](const accept_problem& p) { return p.vocab_size == vocabulary_of_a_model; }},
    {"vocabulary_not_multiple_of_8", 0.15, [](const accept_problem& p) { return p.vocab_size % 8 != 0; }},
    {"gap", 0.12, [](const accept_problem& p) { return p.gap > 0; }},
    {"rows_beyond_32_bits", 0,
     [](const accept_problem& p) { return beyond_32_bits(p.b * p.block_size, p.vocab_size + p.gap); }}};

}  // namespace

accept_problem draw_dflash_accept(const contract& promised, std::string_view, std::uint64_t seed,
                                  std::uint64_t index) {
  draws draw(seed, index, "dflash accept of " + std::string(name_of(promised.in)));
  accept_problem p;
  p.type = promised.in;
  p.b = draw.one_of({1, 1, 2, 3, 5});
  p.block_size = draw.chance(30) ? 16 : draw.one_of({1, 2, 3, 4, 8, 15, 17, 31, 32, 33, 34, 66, 97});
  const std::int64_t vocabulary = draw.between(0, 99);
  p.vocab_size = vocabulary < 30   ? draw.one_of({2, 3, 7, 8, 9, 31, 32, 33, 100})
                 : vocabulary < 60 ? draw.between(2, 300)
                 : vocabulary < 85 ? draw.one_of({2047, 2048, 2049, 4095, 4097, 6145})
                                   : draw.between(301, 5000);
  const std::int64_t temperature = draw.between(0, 99);
  p.temperature = temperature < 40   ? 0
                  : temperature < 45 ? 9.9e-6
                  : temperature < 50 ? dflash::least_temperature
                  : temperature < 75 ? 1
                  : temperature < 90 ? 0.7
                                     : 3.5;
  p.agree_percent = draw.one_of({0, 50, 80, 80, 95, 100, 100});
  p.gap = draw_row_gap(draw);
  if (draw.chance(1)) {
    p.b = 1, p.block_size = 2, p.vocab_size = vocabulary_of_a_model;
    return p;
  }
  p.b = affordable(p.b, p.block_size * p.vocab_size, most_logits);
  p.block_size = affordable(p.block_size, p.vocab_size, most_logits);
  p.gap = draw_far_gap(draws(seed, index, "dflash accept far rows"), p.b * p.block_size, 0, p.gap);
  return p;
}

std::vector<accept_problem> smaller(const accept_problem& from) {
  edits<accept_problem> all(from);
  fewer(from, &accept_problem::b, 1, all);
  fewer(from, &accept_problem::block_size, 1, all);
  fewer(from, &accept_problem::vocab_size, 2, all);
  all.add([](accept_problem& p) { p.gap = 0; });
  all.add([](accept_problem& p) { p.temperature = 0; });
  all.add([](accept_problem& p) { p.temperature = p.greedy() ? 0 : 1; });
  all.add([](accept_problem& p) { p.agree_percent = 100; });
  return all.take();
}

std::span<const problem_class<accept_problem>> dflash_accept_classes() { return rows; }

}  // namespace plumbline::generate
