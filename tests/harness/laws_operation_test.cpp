#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "properties/examination.hpp"
#include "properties/operation.hpp"
#include "reference/core/keyed_text.hpp"
#include "tests/harness/host_place.hpp"
#include "tests/harness/operation_named.hpp"

using namespace plumbline;

namespace {

case_spec small_attend() {
  return case_spec::parse(
      "plumbline1:flash_decode.attend/scalar:b=2,hq=2,d=16,capacity=9,cache_seqlens=9/"
      "4,num_splits=2;regime=normal;seed=3");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(every_operation)

BOOST_AUTO_TEST_CASE(drawn_cases_of_every_row_pass) {
  const auto where = host();
  for (const operation* one : operations())
    for (const variant_info& row : one->variants(side::host))
      for (const contract& c : row.contracts)
        for (std::uint64_t i = 0; i < 6; ++i) {
          const case_spec spec = one->draw(row.name, c.in, 31, i, "");
          const case_result r = one->examine(spec, *where, {});
          BOOST_TEST((r.result == outcome::pass || r.result == outcome::skipped), spec.str()
                                                                                      << ": " << r.message);
          BOOST_TEST((r.result == outcome::skipped || r.digest.size() == 64));
          if (one->op() == "flash_decode") BOOST_TEST(!r.classes.empty(), r.case_text);
        }
}

BOOST_AUTO_TEST_CASE(a_result_names_laws_that_are_listed_and_a_chosen_one_beyond_agreement) {
  const auto where = host();
  const operation& attend = operation_named("flash_decode.attend");
  const auto listed = attend.laws();
  std::set<std::string> chosen;
  int with_stages = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    case_spec spec = small_attend();
    spec.seed = seed;
    const case_result r = attend.examine(spec, *where, {});
    const bool staged = r.laws.size() > 3 && r.laws[3].law == "stages_keep_their_budgets";
    with_stages += staged;
    BOOST_TEST(r.laws.size() == 4u + staged);
    for (const law_result& one : r.laws)
      BOOST_TEST((std::count(listed.begin(), listed.end(), one.law) == 1), one.law);
    chosen.insert(r.laws.back().law);
  }

  BOOST_TEST(chosen.size() > 5u);
  BOOST_TEST(with_stages > 2);
  BOOST_TEST(with_stages < 20);
}

BOOST_AUTO_TEST_CASE(all_laws_are_checked_when_asked_and_what_does_not_concern_is_skipped_with_a_reason) {
  const auto where = host();
  const operation& attend = operation_named("flash_decode.attend");

  const case_result r = attend.examine(small_attend(), *where, {true, true});

  BOOST_TEST(r.laws.size() == attend.laws().size());
  for (const law_result& one : r.laws) {
    BOOST_TEST((one.result != outcome::fail), one.law << ": " << one.message);
    if (one.law == "same_bits_any_page_layout") {
      BOOST_TEST((one.result == outcome::skipped));
      BOOST_TEST(one.message == "the cache is not paged");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_digest_is_of_the_outputs_and_repeats) {
  const auto where = host();
  const operation& attend = operation_named("flash_decode.attend");
  case_spec other = small_attend();
  other.seed = 4;

  const std::string first = attend.examine(small_attend(), *where, {}).digest;

  BOOST_TEST(attend.examine(small_attend(), *where, {}).digest == first);
  BOOST_TEST(attend.examine(other, *where, {}).digest != first);
}

BOOST_AUTO_TEST_CASE(a_problem_outside_the_domain_is_skipped_with_the_reason) {
  const auto where = host();
  const operation& attend = operation_named("flash_decode.attend");
  case_spec spec = small_attend();
  spec.problem += ",has_sink=1";
  case_spec wrong_type = small_attend();
  wrong_type.variant = "split_fp8";

  const case_result r = attend.examine(spec, *where, {});

  BOOST_TEST((r.result == outcome::skipped));
  BOOST_TEST(r.skip_reason.find("sink") != std::string::npos);
  BOOST_TEST(attend.examine(wrong_type, *where, {}).skip_reason == "does not take bf16");
}

BOOST_AUTO_TEST_CASE(bad_cases_are_refused_by_name) {
  const auto where = host();
  const operation& attend = operation_named("flash_decode.attend");
  const auto refused = [&](case_spec spec, const std::string& argument) {
    BOOST_CHECK_EXCEPTION(attend.examine(spec, *where, {}), bad_argument,
                          [&](const bad_argument& why) { return why.argument() == argument; });
  };
  case_spec spec = small_attend();
  spec.variant = "no_such";
  refused(spec, "variant");
  spec = small_attend();
  spec.regime = "colourful";
  refused(spec, "regime");
  spec = small_attend();
  spec.problem = "b=2,cache_seqlens=70/3,capacity=9";
  refused(spec, "cache_seqlens");
  spec = small_attend();
  spec.problem = "colour=red";
  refused(spec, "colour");
}

BOOST_AUTO_TEST_CASE(without_a_variant_every_one_that_takes_the_problem_is_examined) {
  const auto where = host();
  case_spec spec = small_attend();
  spec.variant.clear();

  const case_result r = operation_named("flash_decode.attend").examine(spec, *where, {false, false});

  BOOST_TEST((r.result == outcome::pass), r.message);
  const auto rows = operation_named("flash_decode.attend").variants(side::host);
  const auto takes_it = [](const variant_info& row) {
    return std::any_of(row.contracts.begin(), row.contracts.end(),
                       [](const contract& c) { return c.in == dtype::bf16; });
  };
  BOOST_TEST(std::count_if(r.laws.begin(), r.laws.end(), [](const law_result& l) {
               return l.law == "agrees_with_truth";
             }) == std::count_if(rows.begin(), rows.end(), takes_it));
}

BOOST_AUTO_TEST_CASE(smaller_cases_keep_variant_regime_and_seed) {
  for (const operation* one : operations()) {
    const variant_info row = one->variants(side::host)[0];
    const case_spec spec = one->draw(row.name, row.contracts[0].in, 5, 3, "");
    const auto all = one->smaller(spec);
    BOOST_TEST(!all.empty());
    for (const case_spec& c : all) {
      BOOST_TEST((c.variant == spec.variant && c.regime == spec.regime && c.seed == spec.seed));
      BOOST_TEST(c.problem != spec.problem);
    }
  }
}

// A file of cases names a contract alone, so the name must say all.
BOOST_AUTO_TEST_CASE(contracts_of_one_name_promise_the_same) {
  std::map<std::string_view, contract> known;
  for (const operation* one : operations())
    for (const variant_info& row : one->variants(side::host))
      for (const contract& c : row.contracts) {
        const auto [first, is_new] = known.emplace(c.name, c);
        BOOST_TEST((first->second == c), c.name << " promises something else in " << row.name);
      }
  BOOST_TEST(known.size() > 1u);
}

BOOST_AUTO_TEST_CASE(the_worse_of_two_results_stands) {
  case_result pass, fail;
  pass.result = outcome::pass;
  fail.result = outcome::fail;
  fail.message = "wrong";

  BOOST_TEST((worse(pass, fail).result == outcome::fail));
  BOOST_TEST(worse(fail, pass).message == "wrong");
  case_result mistrusted;
  BOOST_TEST((worse(pass, mistrusted).result == outcome::mistrusted));
}

BOOST_AUTO_TEST_SUITE_END()
