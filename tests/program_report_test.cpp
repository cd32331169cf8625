// Promises about reports: the JSON's fields and sums, the page that stands alone, recorded cases, judged
// files.
#include <boost/test/unit_test.hpp>
#include <map>
#include <nlohmann/json.hpp>

#include "fixtures/store.hpp"
#include "tests/program_process.hpp"

namespace {

using nlohmann::json;

// A file that another program wrote: right sums of 1..4 in one group.
void write_sums(const std::string& file, const std::string& group, int cases,
                const std::map<std::string, std::string>& attributes = {},
                const std::map<std::string, std::string>& root = {}) {
  std::vector<plumbline::fixtures::stored_case> all;
  for (int i = 0; i < cases; ++i) {
    plumbline::fixtures::stored_case one;
    one.group = group, one.name = "case" + std::to_string(i), one.attributes = attributes;
    plumbline::tensor x(plumbline::dtype::f32, {4}), out(plumbline::dtype::f32, {1});
    for (int n = 0; n < 4; ++n) x.set_value(n, n + 1);
    out.set_value(0, 10);
    one.tensors.set("x", x), one.tensors.set("out", out);
    all.push_back(std::move(one));
  }
  plumbline::fixtures::write(file, all, root);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(program_reports)

BOOST_AUTO_TEST_CASE(the_json_has_its_fields_and_pass_fail_and_mistrusted_make_up_the_cases) {
  const scratch_folder folder;
  run_program({"verify", "fake", "--recorded", "no", "--cases", "20", "--json", "r.json", "--case-timeout",
               "0.3", "--shrink-steps", "0"},
              folder.path());

  const json all = json::parse(folder.read("r.json"));
  BOOST_TEST(all.at("plumbline") == 1);
  for (const char* key : {"commit", "machine", "seed", "executor", "variants", "laws", "failures"})
    BOOST_TEST(all.contains(key), key);
  BOOST_TEST(all.at("variants").size() == 14u);
  std::int64_t failures = 0;
  for (const json& row : all.at("variants")) {
    for (const char* key : {"operator", "variant", "dtype", "cases", "elements", "pass", "fail", "mistrusted",
                            "skipped", "skips", "budget_used_max", "digest", "seconds"})
      BOOST_TEST(row.contains(key), key);
    const auto of = [&](const char* key) { return row.at(key).get<std::int64_t>(); };
    BOOST_TEST(of("pass") + of("fail") + of("mistrusted") == of("cases"));
    std::int64_t skips = 0;
    for (const auto& [reason, n] : row.at("skips").items()) skips += n.get<std::int64_t>();
    BOOST_TEST(skips == of("skipped"));
    BOOST_TEST(row.at("digest").get<std::string>().size() == 64u);
    failures += of("fail") + of("mistrusted");
  }
  BOOST_TEST(static_cast<std::int64_t>(all.at("failures").size()) == failures);
  for (const json& f : all.at("failures"))
    for (const char* key : {"case", "law", "verdict", "message", "file"}) BOOST_TEST(f.contains(key), key);
}

BOOST_AUTO_TEST_CASE(the_page_stands_alone) {
  const scratch_folder folder;
  run_program(
      {"verify", "fake/good", "fake/wrong", "--recorded", "no", "--cases", "10", "--report", "r.html"},
      folder.path());

  const std::string page = folder.read("r.html");
  BOOST_TEST(has(page, "<svg"));
  BOOST_TEST(has(page, "fake.sum/good f32"));
  BOOST_TEST(has(page, "plumbline replay"));
  BOOST_TEST(has(page, "prefers-color-scheme"));
  for (const char* outside : {"<script", "http://", "https://", "src=", "<link"})
    BOOST_TEST(!has(page, outside), outside);
}

BOOST_AUTO_TEST_CASE(outputs_can_be_judged_recorded_and_replayed) {
  const scratch_folder folder;
  const std::string path = folder.path();
  const process_end written =
      run_program({"replay", "plumbline1:fake.sum/good:n=4;seed=0", "--outputs", "o.h5"}, path);
  BOOST_TEST(written.code == 0);

  const process_end judged = run_program({"judge", "o.h5", "--json", "j.json", "--report", "j.html"}, path);
  const json cases = json::parse(folder.read("j.json")).at("cases");
  BOOST_TEST(judged.code == 0);
  BOOST_TEST(cases.size() == 1u);
  BOOST_TEST(cases.at(0).at("verdict") == "pass");
  BOOST_TEST(has(folder.read("j.html"), "sum/case0"));

  const process_end recorded = run_program({"verify", "fake/good", "--cases", "5", "--json", "r.json"}, path,
                                           {"PLUMBLINE_RECORDED=" + path});
  BOOST_TEST(recorded.code == 0);
  BOOST_TEST(json::parse(folder.read("r.json")).at("recorded").at(0).at("pass") == 1);
  BOOST_TEST(recorded.out.find("real input") < recorded.out.find("Generated"));

  const process_end again = run_program({"replay", "o.h5#/sum/case0", "--json", "p.json"}, path);
  const json one = json::parse(folder.read("p.json")).at("cases").at(0);
  BOOST_TEST(again.code == 0);
  for (const char* key : {"case", "verdict", "digest", "metrics", "stages"})
    BOOST_TEST(one.contains(key), key);
  BOOST_TEST(one.at("metrics").contains("budget_used"));
}

BOOST_AUTO_TEST_CASE(a_group_that_two_operators_know_needs_the_attribute_op) {
  const scratch_folder folder;
  const std::string path = folder.path();
  const std::vector<std::string> rivals = {"FAKE_RIVAL=1", "PLUMBLINE_RECORDED=" + path};
  write_sums(path + "/said.h5", "sum", 1, {{"op", "fake"}});
  write_sums(path + "/rival.h5", "sum", 1, {{"op", "rival"}});
  write_sums(path + "/unsaid.h5", "sum", 1);

  BOOST_TEST(run_program({"judge", "unsaid.h5"}, path).code == 0);
  const process_end refused = run_program({"judge", "unsaid.h5"}, path, rivals);
  BOOST_TEST(refused.code == 1);
  BOOST_TEST(has(refused.out,
                 "op: expected the attribute to name an operator that knows the group 'sum' "
                 "(fake, rival), got no such attribute"));
  BOOST_TEST(run_program({"judge", "said.h5"}, path, rivals).code == 0);
  BOOST_TEST(has(run_program({"judge", "rival.h5"}, path).out, "(fake), got 'rival'"));

  const process_end again = run_program({"replay", "rival.h5#/sum/case0"}, path, rivals);
  BOOST_TEST(has(again.out, "rival.sum/good"));
  BOOST_TEST(!has(again.out, "fake.sum"));
  BOOST_TEST(
      has(run_program({"replay", "unsaid.h5"}, path, rivals).out, "cannot be run: ./unsaid.h5#/sum/case0"));

  const process_end recorded =
      run_program({"verify", "fake/good", "--cases", "2", "--json", "r.json"}, path, rivals);
  const json run = json::parse(folder.read("r.json"));
  BOOST_TEST(recorded.code == 1);
  BOOST_TEST(run.at("recorded").at(0).at("pass") == 1);  // said.h5 alone
  BOOST_TEST(run.at("failures").size() == 1u);
  BOOST_TEST(has(recorded.out, "reference against unsaid.h5#/sum/case0"));
}

BOOST_AUTO_TEST_CASE(recorded_groups_that_no_operator_knows_are_named) {
  const scratch_folder folder;
  const std::string path = folder.path();
  write_sums(path + "/sum.h5", "sum", 1);
  write_sums(path + "/other.h5", "product", 2, {}, {{"held_by", "somebody else"}});

  const process_end end =
      run_program({"verify", "fake/good", "--cases", "2", "--json", "r.json", "--report", "r.html"}, path,
                  {"PLUMBLINE_RECORDED=" + path});
  BOOST_TEST(end.code == 0);
  BOOST_TEST(has(folder.read("r.html"), "<td>2 recorded cases of other.h5</td>"));
  BOOST_TEST(has(end.out,
                 "all  2 recorded cases of other.h5: no operator knows the group 'product'; "
                 "its cases are held by somebody else"));
  BOOST_TEST(json::parse(folder.read("r.json")).at("left_out").size() == 1u);

  const process_end replayed = run_program({"replay", "other.h5", "sum.h5"}, path);
  BOOST_TEST(has(replayed.out, "pass  plumbline1:fake.sum/good:"));
  BOOST_TEST(has(replayed.out, "not run: 2 cases: no operator knows the group 'product'"));
}

BOOST_AUTO_TEST_CASE(a_line_break_in_a_name_breaks_no_table) {
  const scratch_folder folder;
  const std::string path = folder.path();
  write_sums(path + "/o.h5", "two\nlines", 1);

  const process_end end = run_program({"judge", "o.h5"}, path);
  BOOST_TEST(has(end.out, "two\\x0alines/case0"));
  BOOST_TEST(!has(end.out, "two\nlines/"));
}

BOOST_AUTO_TEST_CASE(a_replay_in_which_every_variant_skips_is_no_pass) {
  const scratch_folder folder;
  const process_end end = run_program({"replay", "plumbline1:fake.sum/never:n=4;seed=0"}, folder.path());

  BOOST_TEST(end.code == 3);
  BOOST_TEST(has(end.out, "nothing judged: every variant skipped"));
}

BOOST_AUTO_TEST_CASE(the_list_for_machines_names_every_row) {
  const scratch_folder folder;
  write_sums(folder.path() + "/sums.h5", "sum", 3);
  write_sums(folder.path() + "/others.h5", "product", 2);
  const process_end end =
      run_program({"list", "--json"}, folder.path(), {"PLUMBLINE_RECORDED=" + folder.path()});

  const json all = json::parse(end.out);
  BOOST_TEST(all.at("operations").at(0).at("recorded") == 3);
  BOOST_TEST(all.at("operations").size() == 1u);
  BOOST_TEST(all.at("operations").at(0).at("rows").size() == 14u);
  BOOST_TEST(all.at("operations").at(0).at("rows").at(0).at("variant") == "good");
}

BOOST_AUTO_TEST_SUITE_END()
