// Every law, held by a right kernel and broken by a wrong one.
//
// The wrong kernel is the `scalar` variant with a fault behind it that starts with its second call: a law
// that passes it never looked at what its rerun computed.
#include <boost/test/unit_test.hpp>

#include <map>
#include <string>

#include "kernels/core/variants_of.hpp"
#include "properties/flash_decode/attend_agreement.hpp"
#include "properties/flash_decode/attend_inputs.hpp"
#include "properties/flash_decode/attend_laws.hpp"
#include "properties/flash_decode/shapes.hpp"
#include "properties/laws/refusal.hpp"

using namespace plumbline;
using flash_decode::attend_problem;

namespace {

const variant<attend_problem>& right() { return variants_of<flash_decode::attend_problem>(side::host)[0]; }

int calls = 0;

// From the second call on, one bit of the first element of `out` of every sequence is flipped.
void flips_a_bit_later(const attend_problem& p, const kernel_arguments& a, launcher& place) {
  right().run(p, a, place);
  if (++calls < 2) return;
  const tensor_view out = a.out("out");
  const std::int64_t sequences = p.seqlens_q.empty() ? p.b : out.shape[0];
  for (std::int64_t n = 0; n < sequences; ++n) out.as<std::uint16_t>()[n * out.stride[0]] ^= 1;
}

// From the second call on, `out` is doubled.
void doubles_later(const attend_problem& p, const kernel_arguments& a, launcher& place) {
  right().run(p, a, place);
  if (++calls < 2) return;
  const tensor_view out = a.out("out");
  for (std::int64_t n = 0; n < out.shape[0] * (out.rank == 4 ? out.shape[1] * out.shape[2] : out.shape[1]);
       ++n)
    for (std::int64_t c = 0; c < p.dv; ++c) {
      std::uint16_t& code = out.as<std::uint16_t>()[n * out.stride[out.rank - 2] + c];
      code = static_cast<std::uint16_t>(encode(dtype::bf16, 2 * decode(dtype::bf16, code)));
    }
}

variant<attend_problem> planted(void (*run)(const attend_problem&, const kernel_arguments&, launcher&)) {
  variant<attend_problem> row = right();
  row.run = run;
  row.claims = claim::same_bits_run_to_run | claim::same_bits_any_batch_position |
               claim::same_bits_any_page_layout | claim::same_bits_any_split_count |
               claim::same_bits_any_schedule;
  return row;
}

// Outcomes of every law on a few problems, by law.
std::map<std::string, std::map<outcome, int>> outcomes(const variant<attend_problem>& row) {
  std::map<std::string, std::map<outcome, int>> seen;
  std::string why_not;
  const auto host = make_executor("host", why_not);
  BOOST_REQUIRE_MESSAGE(host, why_not);
  for (std::uint64_t i = 0; i < 24; ++i) {
    attend_problem p = generate::draw_attend(dtype::bf16, dtype::bf16, generate::regime::normal, 77, i);
    if (p.has_qv || p.has_sink || p.b * p.hq * p.sq * p.dv > 4000) continue;
    if (i % 2 == 0) p.causal = false, p.window_left = p.window_right = -1, p.attention_chunk = 0;
    const tensor_set inputs = generate::draw_inputs(p, generate::regime::normal, i);
    tensor_set outputs;
    calls = 0;
    const laws::attend_subject s{p, inputs, outputs, row, row.contracts[0], *host, {}, i};
    auto first = s.run(p, inputs);
    BOOST_REQUIRE(!first.why_not);
    outputs = std::move(first.outputs);
    for (const auto& one : laws::attend_laws()) {
      if (!one.concerns(s).empty()) {
        ++seen[std::string(one.name)][outcome::skipped];
        continue;
      }
      calls = 1;
      const std::string broken = one.broken(s);
      BOOST_TEST_INFO(one.name << ": " << broken);
      ++seen[std::string(one.name)][broken.empty() ? outcome::pass : outcome::fail];
    }
  }
  return seen;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(attend_laws)

BOOST_AUTO_TEST_CASE(a_right_kernel_keeps_every_law) {
  for (auto& [name, seen] : outcomes(right())) {
    BOOST_TEST(seen[outcome::fail] == 0, name);
    BOOST_TEST(seen[outcome::pass] > 0, name << " was never tried");
  }
}

// Takes one page size, few splits and one sequence, and is wrong on anything else.
std::string narrow_domain(const attend_problem& p) {
  if (p.page_size != 0 && p.page_size != 16) return "pages of 16 keys only";
  if (p.num_splits > 2) return "at most 2 splits";
  if (!p.cache_leftpad.empty()) return "no left padding";
  return "";
}

BOOST_AUTO_TEST_CASE(a_law_never_runs_a_variant_outside_its_domain) {
  std::string why_not;
  const auto host = make_executor("host", why_not);
  variant<attend_problem> row =
      planted([](const attend_problem& p, const kernel_arguments& a, launcher& place) {
        if (narrow_domain(p).empty()) return right().run(p, a, place);
        BOOST_ERROR("ran on " + to_text(p));
      });
  row.domain = narrow_domain;
  int examined = 0, skipped = 0;
  for (std::uint64_t i = 0; examined < 12; ++i) {
    attend_problem p = generate::draw_attend(dtype::bf16, dtype::bf16, generate::regime::normal, 78, i);
    if (p.b * p.hq * p.sq * p.dv > 4000 || !narrow_domain(p).empty()) continue;
    ++examined;
    const tensor_set inputs = generate::draw_inputs(p, generate::regime::normal, i);
    tensor_set outputs;
    laws::attend_subject s{p, inputs, outputs, row, row.contracts[0], *host, {}, i};
    outputs = s.run(p, inputs).outputs;
    for (const law_result& one : laws::check_laws(laws::attend_laws(), s, true)) {
      BOOST_TEST((one.result != outcome::fail), one.law << ": " << one.message);
      skipped += one.result == outcome::skipped;
    }
  }
  BOOST_TEST(skipped > 0);
}

BOOST_AUTO_TEST_CASE(a_law_whose_related_problem_is_not_taken_is_skipped_by_its_reason) {
  std::string why_not;
  const auto host = make_executor("host", why_not);
  attend_problem p;
  p.d = p.dv = 16;
  p.cache_seqlens = {5};
  p.capacity = 5;
  variant<attend_problem> row = planted(doubles_later);
  row.domain = [](const attend_problem& one) {
    return one.num_splits == 1 ? std::string() : std::string("one split only");
  };
  const tensor_set inputs = generate::draw_inputs(p, generate::regime::normal, 2), none;
  const laws::attend_subject s{p, inputs, none, row, row.contracts[0], *host, {}, 2};
  const auto all = laws::attend_laws();
  const auto one = std::find_if(all.begin(), all.end(),
                                [](const auto& l) { return l.name == "agrees_for_any_split_count"; });

  const law_result r = laws::check_law(*one, s);

  BOOST_TEST((r.result == outcome::skipped));
  BOOST_TEST(r.message.find("one split only") != std::string::npos, r.message);
}

BOOST_AUTO_TEST_CASE(a_flipped_bit_breaks_every_law_of_bits) {
  auto seen = outcomes(planted(flips_a_bit_later));

  for (const char* name :
       {"same_bits_run_to_run", "same_bits_any_batch_position", "same_bits_any_page_layout",
        "same_bits_any_split_count", "same_bits_any_schedule", "unused_memory_changes_nothing"})
    BOOST_TEST(seen[name][outcome::pass] < seen[name][outcome::fail] / 4 + 1, name);
  BOOST_TEST(seen["scaled_values_scale_the_output"][outcome::fail] > 0);
}

BOOST_AUTO_TEST_CASE(a_doubled_output_breaks_every_law_of_agreement) {
  auto seen = outcomes(planted(doubles_later));

  for (const char* name : {"agrees_for_any_split_count", "permuted_keys_agree", "merged_halves_agree",
                           "scaled_values_scale_the_output"})
    BOOST_TEST(seen[name][outcome::fail] > 0, name);
}

BOOST_AUTO_TEST_CASE(an_element_that_is_never_written_fails) {
  std::string why_not;
  const auto host = make_executor("host", why_not);
  attend_problem p;
  p.d = p.dv = 16;
  p.cache_seqlens = {5};
  p.capacity = 5;
  variant<attend_problem> row = right();
  row.run = [](const attend_problem&, const kernel_arguments&, launcher&) {};
  const tensor_set inputs = generate::draw_inputs(p, generate::regime::normal, 2), none;
  const laws::attend_subject s{p, inputs, none, row, row.contracts[0], *host, {}, 2};

  const auto run = s.run(p, inputs);
  const verdict v =
      laws::judge_attend(p, laws::attend_truth(p, inputs, row.contracts[0]), row.contracts[0], run.outputs);

  BOOST_TEST((v.result == outcome::fail));
}

BOOST_AUTO_TEST_CASE(a_stray_write_is_a_broken_law_of_its_own) {
  BOOST_TEST(laws::law_of({"stray write", ""}) == "touches_nothing_else");
  BOOST_TEST(laws::law_of({"divergent barrier", ""}) == "completes");
}

BOOST_AUTO_TEST_CASE(a_bad_argument_that_is_accepted_or_misnamed_is_reported) {
  attend_problem p;
  p.d = p.dv = 16;
  p.cache_seqlens = {5};
  p.capacity = 5;
  using call = laws::refused_call<attend_problem>;
  using row = laws::refusal<attend_problem>;
  const call good{p, generate::draw_inputs(p, generate::regime::normal, 2)};
  const row refused[] = {{"num_splits", [](call& c) { c.problem.num_splits = 999; }}};
  const row accepted[] = {{"num_splits", [](call& c) { c.problem.num_splits = 3; }}};
  const row misnamed[] = {{"softcap", [](call& c) { c.problem.num_splits = 999; }}};
  call bad = good;
  bad.problem.softcap = -1;

  BOOST_TEST(laws::first_accepted<attend_problem>(good, refused) == "");
  BOOST_TEST(laws::first_accepted<attend_problem>(good, accepted).find("was accepted") != std::string::npos);
  BOOST_TEST(laws::first_accepted<attend_problem>(good, misnamed).find("another name") != std::string::npos);
  BOOST_TEST(laws::first_accepted<attend_problem>(bad, refused).find("a good call was refused") !=
             std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
