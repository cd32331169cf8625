// The laws of store, held by the right kernel and broken by planted ones.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstring>
#include <map>
#include <string>

#include "kernels/core/variants_of.hpp"
#include "kernels/quantize/quantize.hpp"
#include "properties/judge/quantized_judge.hpp"
#include "properties/quantize/cache_inputs.hpp"
#include "properties/quantize/cache_shapes.hpp"
#include "properties/quantize/store_laws.hpp"
#include "reference/core/keyed_text.hpp"

using namespace plumbline;
using quantize::cache_layout;
using quantize::store_problem;

namespace {

const variant<store_problem>& right() { return variants_of<store_problem>(side::host)[0]; }

std::byte* cache_of(const store_problem& p, const kernel_arguments& a) {
  return static_cast<std::byte*>(a.out(p.layout == cache_layout::split ? "nope_part" : "cache").data);
}

std::int64_t slot_of_token(const store_problem& p, const kernel_arguments& a, std::int64_t token) {
  return p.has_slots ? a.in("slots").as<std::int32_t>()[token] : token;
}

int calls = 0;

// From the second call on, one bit of every token's first code is flipped.
void flips_later(const store_problem& p, const kernel_arguments& a, launcher& place) {
  right().run(p, a, place);
  if (++calls < 2) return;
  for (std::int64_t t = 0; t < p.tokens; ++t)
    if (const std::int64_t slot = slot_of_token(p, a, t); slot >= 0)
      cache_of(p, a)[place_of(p, slot).codes] ^= std::byte{1};
}

// The first code of every token holds its place in the call.
void writes_position(const store_problem& p, const kernel_arguments& a, launcher& place) {
  right().run(p, a, place);
  for (std::int64_t t = 0; t < p.tokens; ++t)
    if (const std::int64_t slot = slot_of_token(p, a, t); slot >= 0)
      cache_of(p, a)[place_of(p, slot).codes] = static_cast<std::byte>(t);
}

// The first code of every token depends on what the cache held there.
void mixes_with_the_old(const store_problem& p, const kernel_arguments& a, launcher& place) {
  std::vector<std::byte> old;
  for (std::int64_t t = 0; t < p.tokens; ++t) {
    const std::int64_t slot = slot_of_token(p, a, t);
    old.push_back(slot < 0 ? std::byte{} : cache_of(p, a)[place_of(p, slot).codes]);
  }
  right().run(p, a, place);
  for (std::int64_t t = 0; t < p.tokens; ++t)
    if (const std::int64_t slot = slot_of_token(p, a, t); slot >= 0)
      cache_of(p, a)[place_of(p, slot).codes] ^= old[static_cast<std::size_t>(t)] & std::byte{1};
}

// Writes one byte of the last slot of the cache, whose it may be.
void writes_the_last_slot(const store_problem& p, const kernel_arguments& a, launcher& place) {
  right().run(p, a, place);
  if (slots(p) > 0) cache_of(p, a)[place_of(p, slots(p) - 1).scales] ^= std::byte{1};
}

// Codes truncated toward zero: the magnitude of every code one lower, where there is a lower one.
void lowers_codes(const store_problem& p, const kernel_arguments& a, launcher& place) {
  right().run(p, a, place);
  for (std::int64_t t = 0; t < p.tokens; ++t) {
    const std::int64_t slot = slot_of_token(p, a, t);
    if (slot < 0) continue;
    std::byte* codes = cache_of(p, a) + place_of(p, slot).codes;
    for (std::int64_t c = 0; c < p.dv; ++c) {
      const auto size = static_cast<unsigned>(codes[c] & std::byte{0x7f});
      if (size > 8 && size != 0x7f) codes[c] = static_cast<std::byte>(static_cast<unsigned>(codes[c]) - 1);
    }
  }
}

// fp32 scales are never below 2^-6 (a floor that the policy does not have).
void floors_scales(const store_problem& p, const kernel_arguments& a, launcher& place) {
  right().run(p, a, place);
  if (p.scale_type != dtype::f32) return;
  for (std::int64_t t = 0; t < p.tokens; ++t) {
    const std::int64_t slot = slot_of_token(p, a, t);
    if (slot < 0) continue;
    std::byte* scales = cache_of(p, a) + place_of(p, slot).scales;
    for (std::int64_t i = 0; i < tiles(p); ++i) {
      float s;
      std::memcpy(&s, scales + 4 * i, 4);
      s = std::fmax(s, 0x1p-6f);
      std::memcpy(scales + 4 * i, &s, 4);
    }
  }
}

using counts = std::map<std::string, std::map<outcome, int>>;

counts outcomes_of(void (*run)(const store_problem&, const kernel_arguments&, launcher&),
                   std::string_view regime = "mixed") {
  variant<store_problem> row = right();
  row.run = run;
  counts seen;
  std::string why_not;
  const auto host = make_executor("host", why_not);
  BOOST_REQUIRE_MESSAGE(host, why_not);
  for (std::uint64_t i = 0; i < 60; ++i) {
    store_problem p = generate::draw_store(dtype::bf16, regime, 5, i);
    if (i % 4 == 0) p.rule = *quantize::policy_named(i % 8 == 0 ? "default_ue8m0" : "default");
    if (p.scale_type == dtype::e8m0 && p.rule.up == quantize::power_of_two::no)
      p.rule = *quantize::policy_named("default_ue8m0");
    const tensor_set inputs = generate::draw_inputs(p, regime, i);
    tensor_set outputs;
    calls = 0;
    const laws::store_subject s{p, inputs, outputs, row, row.contracts[0], *host, {}, i};
    auto first = s.run(p, inputs);
    BOOST_REQUIRE(!first.why_not);
    outputs = std::move(first.outputs);
    ++seen["agrees_with_truth"][judge_store(p, inputs, outputs).result];
    for (const auto& one : laws::store_laws()) {
      if (!one.concerns(s).empty()) continue;
      calls = 1;
      ++seen[std::string(one.name)][laws::check_law(one, s).result];
    }
  }
  return seen;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(quantize_store_laws)

BOOST_AUTO_TEST_CASE(a_right_store_keeps_every_law) {
  for (const std::string_view regime : {"mixed", "ordinary"}) {
    counts seen = outcomes_of(right().run, regime);

    BOOST_TEST(seen.size() == laws::store_laws().size() + 1);
    for (auto& [name, by_outcome] : seen) {
      BOOST_TEST(by_outcome[outcome::fail] == 0, name);
      if (regime == "ordinary") BOOST_TEST(by_outcome[outcome::pass] > 0, name);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_code_that_changes_from_call_to_call_breaks_every_law_of_bits) {
  counts seen = outcomes_of(flips_later);

  for (const char* name :
       {"same_bits_run_to_run", "same_bits_any_batch_position", "same_bits_any_page_layout",
        "same_bits_any_schedule", "unused_memory_changes_nothing"})
    BOOST_TEST(seen[name][outcome::fail] > 0, name);
}

BOOST_AUTO_TEST_CASE(a_code_that_knows_its_position_breaks_the_law_of_positions_alone) {
  counts seen = outcomes_of(writes_position);

  BOOST_TEST(seen["same_bits_any_batch_position"][outcome::fail] > 0);
  BOOST_TEST(seen["same_bits_run_to_run"][outcome::fail] == 0);
  BOOST_TEST(seen["agrees_with_truth"][outcome::fail] > 0);
}

BOOST_AUTO_TEST_CASE(a_code_that_depends_on_the_old_cache_breaks_the_law_of_unused_memory) {
  counts seen = outcomes_of(mixes_with_the_old);

  BOOST_TEST(seen["unused_memory_changes_nothing"][outcome::fail] > 0);
  BOOST_TEST(seen["same_bits_run_to_run"][outcome::fail] == 0);
}

BOOST_AUTO_TEST_CASE(a_write_to_another_slot_breaks_the_law_of_slots_outside) {
  counts seen = outcomes_of(writes_the_last_slot);

  BOOST_TEST(seen["slots_outside_keep_their_bytes"][outcome::fail] > 0);
  BOOST_TEST(seen["agrees_with_truth"][outcome::fail] > 0);
}

BOOST_AUTO_TEST_CASE(truncated_codes_read_back_too_far_away) {
  counts seen = outcomes_of(lowers_codes, "ordinary");

  BOOST_TEST(seen["reads_back_within_a_step"][outcome::fail] > 0);
  BOOST_TEST(seen["agrees_with_truth"][outcome::fail] > 0);
}

BOOST_AUTO_TEST_CASE(a_floor_that_the_policy_lacks_breaks_the_law_of_scaling) {
  counts seen = outcomes_of(floors_scales, "ordinary");

  BOOST_TEST(seen["power_of_two_scales_through"][outcome::fail] > 0);
  BOOST_TEST(seen["agrees_with_truth"][outcome::fail] > 0);
}

BOOST_AUTO_TEST_CASE(every_class_is_drawn_and_every_problem_is_one) {
  std::map<std::string, int> drawn;
  constexpr int count = 400;
  for (std::uint64_t i = 0; i < count; ++i) {
    const store_problem p = generate::draw_store(i % 2 ? dtype::bf16 : dtype::f32, "mixed", 9, i);
    BOOST_REQUIRE_NO_THROW(check(p));
    BOOST_TEST((quantize::parse_store(keyed_text(to_text(p))) == p));
    for (const std::string& name : generate::names_holding(generate::store_classes(), p)) ++drawn[name];
  }
  for (const auto& one : generate::store_classes())
    BOOST_TEST(drawn[std::string(one.name)] > one.floor * count, one.name);
}

BOOST_AUTO_TEST_CASE(a_smaller_problem_is_another_one_and_can_be_run) {
  for (std::uint64_t i = 0; i < 40; ++i) {
    const store_problem p = generate::draw_store(dtype::bf16, "mixed", 11, i);
    for (const store_problem& one : generate::smaller(p)) {
      BOOST_TEST(!(one == p));
      BOOST_REQUIRE_NO_THROW(check(one, generate::draw_inputs(one, "mixed", i)));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
