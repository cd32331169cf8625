// Promises about stages in the program: explain's table and exit codes, what replay and verify say of a
// failing case, taps in files.
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "fixtures/store.hpp"
#include "tests/program_process.hpp"

namespace {

using nlohmann::json;

const std::vector<std::string> tapped = {"FAKE_TAPS=1"};

}  // namespace

BOOST_AUTO_TEST_SUITE(program_explain)

BOOST_AUTO_TEST_CASE(the_first_stage_that_leaves_its_budget_is_named) {
  const scratch_folder folder;
  const process_end end =
      run_program({"explain", "fake.sum/wrong:n=9;seed=1", "--json", "e.json"}, folder.path(), tapped);
  BOOST_TEST(end.code == 1, end.err);
  BOOST_TEST(has(end.out, "scores"));
  BOOST_TEST(has(end.out, "first stage that leaves its budget: row_sum\n"), end.out);
  const json e = json::parse(folder.read("e.json")).at("cases").at(0);
  BOOST_TEST(e.at("first_stage") == "row_sum");
  BOOST_TEST(e.at("stages").at("row_sum") == 3);
}

BOOST_AUTO_TEST_CASE(a_figure_of_another_test_than_the_words_beside_it_is_named) {
  const scratch_folder folder;
  const process_end end =
      run_program({"explain", "fake.sum/wrong:n=9;seed=1"}, folder.path(), {"FAKE_TAPS=two_tests"});
  BOOST_TEST(
      has(end.out,
          "  row_sum  fail           3e+03        1  test A 3e+03x; test L: row_sum is off by 3.000000\n"),
      end.out);
}

BOOST_AUTO_TEST_CASE(a_case_that_says_another_executor_is_run_on_the_host_and_told_so) {
  const scratch_folder folder;
  const std::string
      text = "fake.sum/good:n=9;seed=1;executor=checked",
      said = "1 case says executor=checked and runs on the host: a kernel shows its stages there\n";
  const process_end typed = run_program({"explain", text}, folder.path(), tapped);
  BOOST_TEST(typed.code == 0, typed.err);
  BOOST_TEST(has(typed.out, said), typed.out);
  plumbline::fixtures::stored_case saved;
  saved.group = "sum", saved.name = "raced", saved.attributes["case"] = "plumbline1:" + text;
  saved.tensors.set("x", plumbline::tensor(plumbline::dtype::f32, {1}));
  plumbline::fixtures::write(folder.path() + "/saved.h5", {saved}, {});
  BOOST_TEST(has(run_program({"explain", "saved.h5"}, folder.path(), tapped).out, said));
  BOOST_TEST(
      !has(run_program({"explain", "fake.sum/good:n=9;seed=1"}, folder.path(), tapped).out, "executor="));
}

BOOST_AUTO_TEST_CASE(a_case_that_passes_shows_that_every_stage_does) {
  const scratch_folder folder;
  const process_end end = run_program({"explain", "fake.sum/good:n=9;seed=1"}, folder.path(), tapped);
  BOOST_TEST(end.code == 0, end.err);
  BOOST_TEST(has(end.out, "every stage keeps its budget"), end.out);
}

BOOST_AUTO_TEST_CASE(a_kernel_without_taps_is_told_so) {
  const scratch_folder folder;
  const process_end end = run_program({"explain", "fake.sum/good:n=9;seed=1"}, folder.path());
  BOOST_TEST(end.code == 0, end.err);
  BOOST_TEST(has(end.out, "no stages: fake.sum/good shows none"), end.out);
}

BOOST_AUTO_TEST_CASE(a_kernel_that_did_not_end_or_never_ran_is_told_apart_from_one_without_taps) {
  const scratch_folder folder;
  const process_end crashed = run_program({"explain", "fake.sum/crash:n=13;seed=1"}, folder.path(), tapped);
  BOOST_TEST(crashed.code == 1, crashed.err);
  BOOST_TEST(has(crashed.out, "\n  it did not complete: there are no stages\n"), crashed.out);

  plumbline::fixtures::stored_case empty;
  empty.group = "sum", empty.name = "without_x";
  empty.tensors.set("out", plumbline::tensor(plumbline::dtype::f32, {1}));
  plumbline::fixtures::write(folder.path() + "/empty.h5", {empty}, {});
  const process_end never = run_program({"explain", "empty.h5"}, folder.path(), tapped);
  BOOST_TEST(never.code == 1, never.err);
  BOOST_TEST(has(never.out, "\n  it was not run: there are no stages\n"), never.out);
}

BOOST_AUTO_TEST_CASE(a_stage_that_proves_nothing_has_no_figure_and_is_none_that_leaves_its_budget) {
  const scratch_folder folder;
  const process_end end = run_program({"explain", "fake.sum/doubtful:n=4;seed=1"}, folder.path(), tapped);
  BOOST_TEST(end.code == 1, end.err);
  BOOST_TEST(has(end.out, "  scores   mistrusted            -        0"), end.out);
  BOOST_TEST(has(end.out, "\n  no stage leaves its budget\n"), end.out);
}

BOOST_AUTO_TEST_CASE(a_stage_behind_a_wrong_one_that_left_it_nothing_was_not_reached) {
  const scratch_folder folder;
  const process_end end =
      run_program({"explain", "fake.sum/wrong:n=9;seed=1"}, folder.path(), {"FAKE_TAPS=lost"});
  BOOST_TEST(end.code == 1, end.err);
  BOOST_TEST(
      has(end.out,
          "  row_sum  not reached            -        0  behind scores nothing was left to judge it by\n"),
      end.out);
  BOOST_TEST(has(end.out, "first stage that leaves its budget: scores\n"), end.out);
}

BOOST_AUTO_TEST_CASE(taps_that_are_too_many_to_keep_are_missed_in_words) {
  const scratch_folder folder;
  const std::vector<std::string> too_many = {"FAKE_TAPS=too_many"};
  const std::string text = "fake.sum/good:n=9;seed=1",
                    reason = "the kernel shows 2 numbers of scores, more than the 1 that are kept\n";
  BOOST_TEST(has(run_program({"explain", text}, folder.path(), too_many).out, "no stages: " + reason));
  const std::vector<std::string> words = {"replay", text, "--outputs", "o.h5", "--taps"};
  const process_end end = run_program(words, folder.path(), too_many);
  BOOST_TEST(end.code == 0, end.err);
  BOOST_TEST(has(end.out, "no taps of plumbline1:fake.sum/good:n=9;seed=1: " + reason), end.out);
  BOOST_TEST(has(run_program(words, folder.path()).out, ": fake.sum/good shows none\n"));
  BOOST_TEST(!has(run_program(words, folder.path(), tapped).out, "no taps"));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_run_is_said_in_one_line) {
  const scratch_folder folder;
  BOOST_TEST(run_program({"explain", "fake.sum/good:n=x"}, folder.path()).code == 2);
  BOOST_TEST(run_program({"explain", "absent.h5"}, folder.path()).code == 3);
  const process_end skipped = run_program({"explain", "fake.sum/never:n=2;seed=1"}, folder.path(), tapped);
  BOOST_TEST(skipped.code == 3, skipped.out);
}

BOOST_AUTO_TEST_CASE(replay_and_verify_name_the_stage_of_a_failure) {
  const scratch_folder folder;
  const std::string line = "first stage that leaves its budget: row_sum: row_sum is off by 3";
  const process_end replayed = run_program({"replay", "fake.sum/wrong:n=9;seed=1"}, folder.path(), tapped);
  BOOST_TEST(replayed.code == 1);
  BOOST_TEST(has(replayed.out, line), replayed.out);
  const process_end verified =
      run_program({"verify", "fake.sum/wrong", "--recorded", "no", "--cases", "20"}, folder.path(), tapped);
  BOOST_TEST(verified.code == 1);
  BOOST_TEST(has(verified.out, line), verified.out);
  BOOST_TEST(!has(run_program({"replay", "fake.sum/wrong:n=9;seed=1"}, folder.path()).out, "first stage"));
}

BOOST_AUTO_TEST_CASE(taps_are_written_when_asked_for_and_judged_where_they_are) {
  const scratch_folder folder;
  const std::string text = "fake.sum/good:n=9;seed=1";
  BOOST_TEST(run_program({"replay", text, "--outputs", "plain.h5"}, folder.path(), tapped).code == 0);
  BOOST_TEST(run_program({"replay", text, "--outputs", "shown.h5", "--taps"}, folder.path(), tapped).code ==
             0);
  const auto tensors_of = [&](const std::string& file) {
    const std::string path = folder.path() + "/" + file;
    return plumbline::fixtures::read(path, plumbline::fixtures::list(path).front()).tensors;
  };
  BOOST_TEST(!tensors_of("plain.h5").has("tap_row_sum"));
  BOOST_TEST(tensors_of("shown.h5").at("tap_row_sum").value(0) == 45);
  BOOST_TEST(run_program({"judge", "shown.h5", "--json", "j.json"}, folder.path()).code == 0);
  const json j = json::parse(folder.read("j.json")).at("cases").at(0);
  BOOST_TEST(j.at("stages").at("row_sum") == 0);
  BOOST_TEST(j.at("first_stage") == "");

  const std::string path = folder.path() + "/shown.h5";
  auto off = plumbline::fixtures::read(path, plumbline::fixtures::list(path).front());
  off.tensors.at("tap_row_sum").set_value(0, 48);
  plumbline::fixtures::write(path, {off}, {});
  const process_end judged = run_program({"judge", "shown.h5"}, folder.path());
  BOOST_TEST(judged.code == 1);
  BOOST_TEST(has(judged.out, "first stage that leaves its budget: row_sum: row_sum is off by 3"), judged.out);
}

BOOST_AUTO_TEST_SUITE_END()
