// A result that depends on the schedule: the law sees it, and says which schedule shows it again.
#include <boost/test/unit_test.hpp>

#include "kernels/core/launch.hpp"
#include "kernels/core/variants_of.hpp"
#include "properties/examination.hpp"
#include "properties/flash_decode/attend_inputs.hpp"
#include "properties/flash_decode/attend_laws.hpp"
#include "properties/laws/schedules.hpp"

using namespace plumbline;
using flash_decode::attend_problem;

namespace {

struct race {
  int* runners;
  std::uint16_t* out;
};

/// Of two warps the first to come decides a bit.
void first_warp_wins(const race p) {
  if (threadIdx.x % 32 != 0) return;
  if (atomicAdd(p.runners, 1) == 0) *p.out ^= static_cast<std::uint16_t>(threadIdx.x / 32);
}

const variant<attend_problem>& right() { return variants_of<flash_decode::attend_problem>(side::host)[0]; }

void races(const attend_problem& p, const kernel_arguments& a, launcher& on) {
  right().run(p, a, on);
  int runners = 0;
  kernels::launch<first_warp_wins>(on, "race", {}, 64, 0, race{&runners, a.out("out").as<std::uint16_t>()});
}

struct examined {
  std::vector<law_result> schedule_law;
  case_result folded;
};

examined examine(const std::string& schedule, std::uint64_t seed) {
  std::string why_not;
  const auto host = make_executor("host", why_not);
  attend_problem p;
  p.d = p.dv = 16;
  p.capacity = 3;
  p.cache_seqlens = {3};
  const tensor_set inputs = generate::draw_inputs(p, generate::regime::normal, seed);
  variant<attend_problem> row = right();
  row.run = races;
  row.claims = claim::same_bits_any_schedule;
  run_options how;
  how.schedule = schedule;
  tensor_set outputs;
  const laws::attend_subject s{p, inputs, outputs, row, row.contracts[0], *host, how, seed};
  outputs = s.run(p, inputs).outputs;
  examined e;
  e.folded.result = outcome::pass;
  for (law_result& one : laws::check_laws(laws::attend_laws(), s, true)) {
    if (one.law != "same_bits_any_schedule") continue;
    e.schedule_law.push_back(one);
    add_law(e.folded, std::move(one));
  }
  return e;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(laws_of_schedules)

BOOST_AUTO_TEST_CASE(a_result_that_depends_on_the_schedule_fails_again_under_the_schedule_that_is_named) {
  int failures = 0;
  for (std::uint64_t seed = 0; seed < 24; ++seed) {
    const examined plain = examine("", seed);
    BOOST_TEST_REQUIRE(plain.schedule_law.size() == 1u);
    const std::string named = plain.folded.failing_schedule;
    BOOST_TEST((plain.folded.result == outcome::fail) == !named.empty());
    if (named.empty()) continue;
    ++failures;

    const examined again = examine(named, seed);

    BOOST_TEST((again.folded.result == outcome::fail), named);
    BOOST_TEST(again.folded.failing_schedule == named);
  }
  BOOST_TEST(failures > 8);
}

BOOST_AUTO_TEST_CASE(drawn_schedules_are_of_every_kind_and_repeat) {
  int plain = 0, reverse = 0, random = 0, starve = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const std::string one = laws::schedule_of_case(seed);
    BOOST_TEST(one == laws::schedule_of_case(seed));
    plain += one.empty();
    reverse += one == "reverse";
    random += one.rfind("random:", 0) == 0;
    starve += one.rfind("starve:", 0) == 0;
  }

  BOOST_TEST(plain + reverse + random + starve == 200);
  for (int kind : {plain, reverse, random, starve}) BOOST_TEST(kind > 10);
}

BOOST_AUTO_TEST_SUITE_END()
