// What upstream recorded of dflash passes, and with any one number changed it does not.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <map>

#include "fixtures/store.hpp"
#include "properties/dflash/upstream.hpp"
#include "tests/harness/operation_named.hpp"

using namespace plumbline;
using namespace plumbline::dflash;

namespace {

const std::string file = PLUMBLINE_RECORDED_FOLDER "/upstream_dflash.h5";

recorded_case recorded(const fixtures::case_path& path) {
  fixtures::stored_case stored = fixtures::read(file, path);
  return {stored.group, stored.name, std::move(stored.attributes), std::move(stored.tensors)};
}

external_judgement judged(const recorded_case& c) { return judge_upstream(c, ""); }

// Logits that rest on tables in fp32.
bool of_fp32_tables(const recorded_case& c, const std::string& tensor) {
  return c.function == "dflash_generate" && tensor.ends_with("_logits");
}

// A whole number one higher; another by a share of the largest beside it.
void damage(tensor& t, std::int64_t at, double share) {
  if (t.type() == dtype::i32) return t.set_value(at, t.value(at) + 1);
  double largest = 0;
  for (const double x : t.values()) largest = std::max(largest, std::fabs(x));
  t.set_value(at, t.value(at) + share * largest);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dflash_upstream)

BOOST_AUTO_TEST_CASE(every_case_passes_and_fails_with_one_expected_number_changed) {
  int changed = 0;
  for (const fixtures::case_path& path : fixtures::list(file)) {
    const recorded_case c = recorded(path);
    const external_judgement whole = judged(c);
    BOOST_TEST((whole.result == outcome::pass), c.function << '/' << c.name << ": " << whole.message);
    for (const auto& [name, value] : c.tensors) {
      if (name.find("expected_") == std::string::npos) continue;
      recorded_case wrong = c;
      damage(wrong.tensors.at(name), value.size() / 2, of_fp32_tables(c, name) ? 1e-3 : 1e-9);
      BOOST_TEST((judged(wrong).result == outcome::fail), c.function << '/' << c.name << ' ' << name);
      ++changed;
    }
  }
  BOOST_TEST(changed > 80);
}

BOOST_AUTO_TEST_CASE(a_tensor_that_nothing_takes_or_that_is_missing_fails_by_name) {
  for (const fixtures::case_path& path : fixtures::list(file)) {
    recorded_case more = recorded(path), fewer = more;
    more.tensors.set("expected_surprise", tensor(dtype::f32, {1}));
    fewer.tensors.erase(path.group == "dflash_generate" ? "posterior" : fewer.tensors.begin()->name);

    BOOST_TEST((judged(more).result == outcome::fail));
    BOOST_TEST((judged(more).message.find("expected_surprise") != std::string::npos), judged(more).message);
    BOOST_TEST((judged(fewer).result == outcome::fail), path.group << '/' << path.name);
  }
}

BOOST_AUTO_TEST_CASE(each_function_takes_its_own_calls) {
  std::map<std::string, int> calls;
  std::string why_not;
  const auto host = make_executor("host", why_not);
  for (const fixtures::case_path& path : fixtures::list(file)) {
    const recorded_case c = recorded(path);
    for (const recorded_case& call : calls_of(c)) {
      ++calls[call.function];
      const operation& one = operation_named("dflash." + call.function);
      BOOST_TEST(one.claims_group(c.function), c.function);
      case_spec spec;
      spec.op = "dflash", spec.function = call.function;
      const case_result ran = one.examine_recorded(c, spec, *host, {});
      BOOST_TEST((ran.result == outcome::pass), c.function << '/' << c.name << ": " << ran.message);
    }
  }
  BOOST_TEST(calls["project"] == 4);
  BOOST_TEST(calls["attention"] == 4);
  BOOST_TEST(calls["accept"] == 10);
}

BOOST_AUTO_TEST_CASE(a_table_whose_halves_differ_and_a_mask_of_other_numbers_are_refused) {
  recorded_case halves = recorded({"dflash_attention", "mqa_cache"}),
                mask = recorded({"dflash_attention", "masked_block"});
  halves.tensors.at("sin").set_value(3, 0.125);
  mask.tensors.at("attention_mask").set_value(2, -1);

  BOOST_TEST((judged(halves).message.find("sin") != std::string::npos), judged(halves).message);
  BOOST_TEST((judged(mask).message.find("attention_mask") != std::string::npos), judged(mask).message);
}

BOOST_AUTO_TEST_SUITE_END()
