// verify --baseline: silent where only the seed is another, loud where numbers rose inside their budgets.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "tests/program_process.hpp"

namespace {

process_end verified(const scratch_folder& in, const char* seed, std::vector<std::string> more,
                     std::vector<std::string> rows = {"mla.rms_norm", "mla.rotary", "flash_decode.combine",
                                                      "conv1d.update"}) {
  std::vector<std::string> words = {"verify", "--cases", "60", "--recorded", "no", "--seed", seed};
  words.insert(words.end(), rows.begin(), rows.end());
  words.insert(words.end(), more.begin(), more.end());
  return run_program(words, in.path());
}

// A baseline whose errors are that much smaller: the run that is held to it has risen.
void write_divided(const scratch_folder& in, const char* from, const char* to, double factor) {
  nlohmann::json j = nlohmann::json::parse(in.read(from));
  for (auto& row : j.at("variants"))
    for (auto& one : row.at("case_numbers"))
      if (one.contains("rms")) one["rms"] = one["rms"].get<double>() / factor;
  std::ofstream(in.path() + "/" + to) << j;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(program_baseline)

BOOST_AUTO_TEST_CASE(another_seed_is_silent_and_a_rise_of_thirty_percent_is_loud) {
  const scratch_folder folder;
  BOOST_TEST(verified(folder, "1", {"--json", "old.json"}).code == 0);
  for (const char* seed : {"1", "3"}) {
    const process_end again = verified(folder, seed, {"--baseline", "old.json"});
    BOOST_TEST(again.code == 0, again.out);
    BOOST_TEST(!has(again.out, "RISE"), again.out);
    BOOST_TEST(has(again.out, " numbers held to it, 0 rose; "), again.out);
  }
  write_divided(folder, "old.json", "better.json", 1.3);

  for (const char* seed : {"1", "2"}) {
    const process_end worse = verified(folder, seed, {"--baseline", "better.json", "--json", "new.json"});

    BOOST_TEST(worse.code == 1);
    BOOST_TEST(has(worse.out, "not clean"), worse.out);
    for (const char* row :
         {"mla.rms_norm/rms_norm bf16", "mla.rms_norm/rms_norm f16", "flash_decode.combine/combine f32",
          "conv1d.update/update f32", "conv1d.update/update f16", "conv1d.update/update bf16"})
      BOOST_TEST(has(worse.out, "RISE  " + std::string(row) + ": rms is 1."), seed << row << worse.out);
    BOOST_TEST(!has(worse.out, "RISE  mla.rotary"), worse.out);  // computes exactly: 0 then and now
    BOOST_TEST(!has(worse.out, "budget_used is"), worse.out);
    for (const auto& one : nlohmann::json::parse(folder.read("new.json")).at("rises"))
      BOOST_TEST((one.at("factor") > 1.15 && one.at("factor") < 1.5), one.dump());
  }
}

BOOST_AUTO_TEST_CASE(a_kernel_that_computed_exactly_and_no_longer_does_has_risen) {
  const scratch_folder folder;
  BOOST_TEST(verified(folder, "1", {"--json", "old.json"}, {"mla.rms_norm"}).code == 0);
  write_divided(folder, "old.json", "exact.json", std::numeric_limits<double>::infinity());
  const process_end worse = verified(folder, "2", {"--baseline", "exact.json"}, {"mla.rms_norm"});
  BOOST_TEST(worse.code == 1);
  BOOST_TEST(has(worse.out, "RISE  mla.rms_norm/rms_norm bf16: rms is above 0, that of the baseline"),
             worse.out);
}

BOOST_AUTO_TEST_CASE(what_is_no_baseline_is_refused_in_one_line) {
  const scratch_folder folder;
  std::ofstream(folder.path() + "/text.json") << "hello";
  std::ofstream(folder.path() + "/empty.json")
      << R"({"plumbline": 1, "executor": "host", "seed": 1, "variants": []})";
  std::ofstream(folder.path() + "/older.json")
      << R"({"plumbline": 1, "executor": "host", "seed": 1, "variants": [{"metrics": {"rms": {"flat": [1, 2]}}}]})";
  for (const auto& [file, code, why] : {std::tuple{"nosuch.json", 3, "no such file"},
                                        {"text.json", 2, "line 1, column 1: no JSON"},
                                        {"empty.json", 2, "holds no numbers to compare"},
                                        {"older.json", 2, "older program wrote"}}) {
    const process_end end = verified(folder, "1", {"--baseline", file});
    BOOST_TEST(end.code == code, file);
    BOOST_TEST(has(end.err, std::string("--baseline: expected what verify --json wrote")), end.err);
    BOOST_TEST(has(end.err, why), end.err);
    BOOST_TEST(!has(end.err, "json.exception"), end.err);
    BOOST_TEST(std::count(end.err.begin(), end.err.end(), '\n') == 1, end.err);
  }
}

BOOST_AUTO_TEST_CASE(what_is_wrong_in_a_baseline_is_named_by_its_place) {
  const scratch_folder folder;
  const std::string row =
      R"("operator": "mla", "function": "rms_norm", "variant": "rms_norm", "dtype": "bf16", "contract": "c")";
  const auto with = [&](const std::string& numbers) {
    return R"({"plumbline": 1, "executor": "host", "seed": 1, "variants": [{)" + row +
           R"(, "case_numbers": )" + numbers + "}]}";
  };
  const struct {
    std::string text, says;
  } cases[] = {
      {"{\n \"seed\": 1,\n nothing", "line 3, column 3: no JSON"},
      {"{\"seed\": 1,", "line 1, column 12: it ends early"},
      {"[1]", "expected an object, found array"},
      {R"({"variants": []})", "expected the key plumbline"},
      {R"({"plumbline": 99, "seed": 1, "variants": []})", "plumbline: expected 1, found 99"},
      {R"({"plumbline": 1, "seed": 1, "variants": []})", "expected the key executor"},
      {R"({"plumbline": 1, "executor": "gpu", "seed": 1, "variants": []})",
       "executor: expected host, found gpu"},
      {R"({"plumbline": 1, "executor": "host", "variants": []})", "expected the key seed"},
      {R"({"plumbline": 1, "executor": "host", "seed": "one", "variants": []})",
       "seed: expected a whole number, found \"one\""},
      {R"({"plumbline": 1, "executor": "host", "seed": 1, "variants": {}})",
       "variants: expected a list, found object"},
      {R"({"plumbline": 1, "executor": "host", "seed": 1, "variants": [{"case_numbers": []}]})",
       "variants[0]: expected the key operator"},
      {with("7"), "variants[0].case_numbers: expected a list, found 7"},
      {with(R"([{"rms": 1}])"), "variants[0].case_numbers[0]: expected the key traits"},
      {with(R"([{"traits": " ", "rms": 1}])"),
       "variants[0].case_numbers[0].traits: expected a regime first, found \" \""},
      {with(R"([{"traits": "regime=flat", "rms": null}])"),
       "variants[0].case_numbers[0].rms: expected a number of at least 0, found null"},
      {with(R"([{"traits": "r", "rms": -5}])"),
       "variants[0].case_numbers[0].rms: expected a number of at least 0, found -5"},
  };
  for (const auto& one : cases) {
    std::ofstream(folder.path() + "/wrong.json") << one.text;
    const process_end end = verified(folder, "1", {"--baseline", "wrong.json"});
    BOOST_TEST(end.code == 2, one.text);
    BOOST_TEST(has(end.err, "got 'wrong.json': " + one.says + "\n"), end.err);
  }
}

BOOST_AUTO_TEST_CASE(a_baseline_that_nothing_can_be_held_to_is_refused_before_anything_runs) {
  const scratch_folder folder;
  const auto said = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "verify");
    for (const char* more : {"--cases", "3", "--baseline", "old.json"}) words.emplace_back(more);
    const process_end end = run_program(words, folder.path());
    BOOST_TEST(end.code == 2, end.out);
    BOOST_TEST(end.out.empty(), end.out);
    BOOST_TEST(has(end.err, "--baseline: expected numbers that this run can be held to, got 'old.json'"),
               end.err);
    BOOST_TEST(std::count(end.err.begin(), end.err.end(), '\n') == 1);
    return end.err;
  };
  const auto run = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "verify");
    for (const char* more : {"--cases", "3", "--recorded", "no"}) words.emplace_back(more);
    return run_program(words, folder.path());
  };
  BOOST_REQUIRE(run({"mla.rms_norm", "--dtype", "bf16", "--regime", "normal", "--json", "old.json"}).code ==
                0);
  BOOST_TEST(has(said({"flash_decode.combine", "--recorded", "no"}), "the baseline does not have it"));
  BOOST_TEST(
      has(said({"mla.rms_norm", "--recorded", "no", "--regime", "wide"}), "has no case of the regime wide"));
  BOOST_TEST(has(said({"mla.rms_norm", "--recorded", "only"}), "no case is generated"));

  const process_end part = run({"mla.rms_norm", "flash_decode.combine", "--baseline", "old.json"});
  BOOST_TEST(has(part.out, "not compared with the baseline: flash_decode.combine/"), part.out);

  nlohmann::json old = nlohmann::json::parse(folder.read("old.json"));
  for (auto& row : old.at("variants"))
    for (auto& one : row.at("case_numbers")) one["traits"] = "regime=bygone";
  std::ofstream(folder.path() + "/old.json") << old;
  const process_end ended = run({"mla.rms_norm", "--dtype", "bf16", "--baseline", "old.json"});
  BOOST_TEST(ended.code == 2, ended.out);
  BOOST_TEST(has(ended.out, "bf16: no regime has numbers in both"), ended.out);
  BOOST_TEST(has(ended.err, "nothing could be compared"), ended.err);
}

BOOST_AUTO_TEST_SUITE_END()
