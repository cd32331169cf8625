#include <boost/test/unit_test.hpp>

#include <cmath>
#include <fstream>
#include <stdexcept>

#include "properties/flash_decode/recorded.hpp"
#include "properties/in_double.hpp"
#include "properties/operation.hpp"
#include "reference/core/keyed_text.hpp"
#include "tests/harness/attend_by_hand.hpp"
#include "tests/harness/host_place.hpp"
#include "tests/harness/operation_named.hpp"

using namespace plumbline;

namespace {

case_spec attend_spec(const char* text) { return case_spec::parse(text); }

case_spec spec_without_problem() {
  case_spec spec;
  spec.op = "flash_decode";
  spec.function = "attend";
  return spec;
}

std::vector<std::string> tiny_cases() {
  std::ifstream file(PLUMBLINE_SOURCE_FOLDER "/tests/bits/cases.txt");
  BOOST_REQUIRE(file.is_open());
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    if (line.rfind("plumbline", 0) == 0) lines.push_back(line);
  return lines;
}

contract contract_named(const operation& op, const std::string& name) {
  for (const variant_info& v : op.variants(side::host))
    for (const contract& one : v.contracts)
      if (one.name == name) return one;
  throw std::out_of_range(name);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(records_of_cases)

// cases.txt holds every variant, so every function that writes a file and reads one is here.
BOOST_AUTO_TEST_CASE(a_case_of_each_variant_is_recorded_with_its_outputs_and_judged) {
  const auto where = host();
  for (const std::string& line : tiny_cases()) BOOST_TEST_CONTEXT(line) {
      const case_spec spec = case_spec::parse(line);
      const operation& op = operation_named(spec.op + "." + spec.function);
      const auto judged = op.judge(op.record(spec, where.get()), "");
      BOOST_TEST((judged.result == outcome::pass || judged.result == outcome::mistrusted), judged.message);
      BOOST_TEST(judged.kind == "outputs");
    }
}

// What bisect reads of a program that only writes outputs is what that program would have said itself.
BOOST_AUTO_TEST_CASE(the_metrics_of_recorded_outputs_are_those_of_the_case_itself) {
  const auto where = host();
  std::size_t with_rms = 0;
  for (const std::string& line : tiny_cases()) BOOST_TEST_CONTEXT(line) {
      const case_spec spec = case_spec::parse(line);
      const operation& op = operation_named(spec.op + "." + spec.function);
      const verdict own = op.examine(spec, *where, {false, false}).judged;
      const external_judgement judged = op.judge(op.record(spec, where.get()), "");
      BOOST_TEST(judged.used == own.budget_used());
      for (const char* name : {"max_ulp", "rms", "bias"}) BOOST_TEST_CONTEXT(name) {
          const auto ours = own.metrics.find(name), theirs = judged.metrics.find(name);
          BOOST_TEST_REQUIRE((ours == own.metrics.end()) == (theirs == judged.metrics.end()));
          if (ours != own.metrics.end()) BOOST_TEST(ours->second == theirs->second);
        }
      with_rms += own.metrics.count("rms");
    }
  BOOST_TEST(with_rms > 0);
}

BOOST_AUTO_TEST_CASE(a_record_of_each_variant_with_a_stray_tensor_or_anothers_contract_fails_by_name) {
  for (const std::string& line : tiny_cases()) BOOST_TEST_CONTEXT(line) {
      const case_spec spec = case_spec::parse(line);
      const operation& op = operation_named(spec.op + "." + spec.function);
      const recorded_case c = op.record(spec, host().get());
      recorded_case stray = c, nobodys = c;
      stray.tensors.set("surprise", tensor(dtype::f32, {1}));
      case_spec as_stored = spec;
      as_stored.problem.clear();
      BOOST_CHECK_EXCEPTION(op.examine_recorded(stray, as_stored, *host(), {false, false}), bad_argument,
                            [](const bad_argument& e) {
                              return std::string(e.what()).find("tensor surprise") != std::string::npos;
                            });
      nobodys.options["contract"] = "no/such";
      std::vector<std::pair<external_judgement, std::string>> refused = {{op.judge(stray, ""), "surprise"},
                                                                         {op.judge(nobodys, ""), "no/such"}};
      const dtype in = contract_named(op, c.options.at("contract")).in;
      for (const variant_info& v : op.variants(side::host))
        for (const contract& one : v.contracts) {
          if (one.in == in) continue;
          recorded_case anothers = c;
          anothers.options["contract"] = std::string(one.name);
          const std::string expected = "inputs of " + std::string(name_of(in));
          refused.push_back({op.judge(anothers, ""), expected});
          refused.push_back({op.judge(c, one.name), expected});
        }
      for (const auto& [judged, word] : refused) {
        BOOST_TEST((judged.result == outcome::fail));
        BOOST_TEST(judged.kind == "unreadable");
        BOOST_TEST((judged.message.find(word) != std::string::npos), judged.message);
      }
    }
}

BOOST_AUTO_TEST_CASE(what_is_recorded_is_judged_and_examined_like_the_case_itself) {
  const auto where = host();
  const operation& attend = operation_named("flash_decode.attend");
  const case_spec spec = attend_spec(
      "plumbline1:flash_decode.attend/"
      "split:b=3,hq=6,hk=2,d=32,page_size=3,max_pages=5,num_pages=14,cache_seqlens=9/0/14,"
      "cache_leftpad=1/0/5,seqlens_q=2/1/3,causal=1,num_splits=2,gap=8;regime=normal;seed=5");

  recorded_case c = attend.record(spec, where.get());
  c.name = "saved";
  const auto judged = attend.judge(c, "");
  case_spec again;
  again.op = "flash_decode";
  again.function = "attend";
  again.variant = "split";
  const case_result examined = attend.examine_recorded(c, again, *where, {});

  BOOST_TEST((judged.result == outcome::pass), judged.message);
  BOOST_TEST(judged.kind == "outputs");
  BOOST_TEST((examined.result == outcome::pass), examined.message);
  again.problem = "num_splits=2";
  BOOST_TEST(attend.examine_recorded(c, again, *where, {}).digest == attend.examine(spec, *where, {}).digest);
}

BOOST_AUTO_TEST_CASE(a_record_whose_lengths_leave_its_cache_is_refused_before_it_is_presented) {
  recorded_case c = attend_by_hand();
  c.tensors.set("cache_seqlens", tensor(dtype::i32, {1}));
  c.tensors.at("cache_seqlens").set_value(0, 1 << 30);

  BOOST_CHECK_EXCEPTION(
      flash_decode::presentations(c, spec_without_problem()), bad_argument, [](const bad_argument& e) {
        return std::string(e.what()).find("expected at most the capacity 2") != std::string::npos;
      });
}

// A head whose score is an infinity or no number has none of its results; the others are judged as ever.
BOOST_AUTO_TEST_CASE(infinite_and_missing_numbers_in_a_record_break_no_law) {
  const operation& op = operation_named("flash_decode.attend");
  const recorded_case drawn =
      op.record(attend_spec("plumbline1:flash_decode.attend/"
                            "split:hq=4,hk=2,d=16,capacity=96,cache_seqlens=96;regime=normal;seed=5"),
                nullptr);
  for (const char* name : {"k_cache", "v_cache"})
    for (const double x : {HUGE_VAL, -HUGE_VAL, std::nan("")})
      for (const variant_info& v : op.variants(side::host)) BOOST_TEST_CONTEXT(name << x << v.name) {
          recorded_case c = drawn;
          c.tensors.at(name).set_value(96, x);
          case_spec spec = spec_without_problem();
          spec.variant = v.name;
          const case_result r = op.examine_recorded(c, spec, *host(), {true, true, stages_wanted::always});
          if (r.result == outcome::skipped) continue;
          BOOST_TEST((r.result == outcome::pass), r.message);
          const stage_verdict* out = first_outside(r.stages);
          BOOST_TEST(out == nullptr, out->stage << ": " << out->judged.message);
        }
}

BOOST_AUTO_TEST_CASE(a_record_is_presented_paged_split_and_with_fewer_queries) {
  const case_spec spec =
      attend_spec("flash_decode:hq=4,hk=2,d=16,capacity=40,cache_seqlens=37,sq=11,causal=1;seed=5");
  const recorded_case c = operation_named("flash_decode.attend").record(spec, nullptr);
  bool paged = false, split = false, one_query = false, eight_queries = false;
  for (const auto& one : flash_decode::presentations(c, spec_without_problem())) {
    BOOST_REQUIRE_NO_THROW(flash_decode::check(one.problem, one.inputs));
    paged = paged || one.problem.page_size > 0;
    split = split || one.problem.num_splits > 1;
    one_query = one_query || one.problem.sq == 1;
    eight_queries = eight_queries || one.problem.sq == 8;
  }

  BOOST_TEST((paged && split && one_query && eight_queries));
}

BOOST_AUTO_TEST_CASE(an_append_is_recorded_and_judged) {
  const auto where = host();
  const operation& append = operation_named("flash_decode.append");
  const case_spec spec = case_spec::parse(
      "plumbline1:flash_decode.append/"
      "append:b=2,hq=4,hk=2,d=32,page_size=4,max_pages=4,num_pages=8,cache_seqlens=7/3,sq=2,sn=2,"
      "rotary_dim=16,rotary_interleaved=0,seqlen_rotary=18,causal=1;regime=normal;seed=5");

  recorded_case c = append.record(spec, where.get());
  case_spec again;
  again.op = "flash_decode";
  again.function = "append";
  again.variant = "append";

  BOOST_TEST((append.examine_recorded(c, again, *where, {}).result == outcome::pass));
  BOOST_TEST(append.examine_recorded(c, again, *where, {}).digest == append.examine(spec, *where, {}).digest);
  const auto judged = append.judge(c, "");
  BOOST_TEST((judged.result == outcome::pass), judged.message);
  recorded_case keys_alone = c;
  keys_alone.tensors.erase("out_v_cache");
  BOOST_TEST((append.judge(keys_alone, "").result == outcome::pass));
  keys_alone.tensors.at("out_k_cache").set_code(3, 1);
  BOOST_TEST((append.judge(keys_alone, "").result == outcome::fail));
  c.tensors.at("out_v_cache").set_code(3, 1);
  BOOST_TEST((append.judge(c, "").result == outcome::fail));
}

BOOST_AUTO_TEST_CASE(a_combine_is_recorded_and_judged) {
  const auto where = host();
  const operation& combine = operation_named("flash_decode.combine");
  const case_spec spec = case_spec::parse(
      "plumbline1:flash_decode.combine/"
      "combine:num_splits=5,b=2,sq=3,hq=2,dv=16,empty_percent=50,out_type=bf16;regime=normal;seed=4");

  recorded_case c = combine.record(spec, where.get());
  const auto judged = combine.judge(c, "");

  BOOST_TEST((judged.result == outcome::pass), judged.message);
  recorded_case lse_alone = c;
  lse_alone.tensors.erase("out");
  BOOST_TEST((combine.judge(lse_alone, "").result == outcome::pass), combine.judge(lse_alone, "").message);
  lse_alone.tensors.at("lse").set_value(0, 100);
  BOOST_TEST((combine.judge(lse_alone, "").result == outcome::fail));
  recorded_case turned = c;
  turned.tensors.set("lse_partial", tensor(dtype::f32, {5, 2, 2, 3}));
  BOOST_TEST(combine.judge(turned, "").message.rfind("lse_partial: expected shape", 0) == 0u);
  c.tensors.at("out").set_code(3, 0x4234);
  BOOST_TEST((combine.judge(c, "").result == outcome::fail));
}

BOOST_AUTO_TEST_CASE(every_row_of_every_split_of_a_combine_from_elsewhere_is_held) {
  const operation& combine = operation_named("flash_decode.combine");
  const case_spec spec = case_spec::parse(
      "plumbline1:flash_decode.combine/combine:num_splits=5,b=2,sq=3,hq=2,dv=16;regime=normal;seed=4");
  recorded_case c = combine.record(spec, nullptr);
  for (const double_result& one : combine.in_double(c))
    if (one.name == "truth_out" || one.name == "truth_lse")
      c.tensors.set("expected_" + one.name.substr(6), one.value);
  BOOST_TEST((combine.judge(c, "").result == outcome::pass), combine.judge(c, "").message);
  constexpr std::int64_t rows = 5 * 2 * 3 * 2;
  for (const char* name : {"out_partial", "lse_partial"})
    for (std::int64_t row = 0; row < rows; ++row) {
      recorded_case moved = c;
      tensor& partial = moved.tensors.at(name);
      const std::int64_t element = row * partial.size() / rows;
      partial.set_value(element, partial.value(element) + 1);
      BOOST_TEST((combine.judge(moved, "").result == outcome::fail), name << ", row " << row);
    }
}

BOOST_AUTO_TEST_SUITE_END()
