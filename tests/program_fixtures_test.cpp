// fixtures, tried as a user tries it, with the program as it is built.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdlib>
#include <sstream>

#include "fixtures/store.hpp"
#include "tests/fixtures_command.hpp"
#include "tests/harness/python_with.hpp"

BOOST_AUTO_TEST_SUITE(program_fixtures)

BOOST_AUTO_TEST_CASE(what_is_recorded_checks_judges_and_replays) {
  const recorded_attention folder;
  const process_end check = run_fixtures(folder, {"check", "a.h5"});
  BOOST_TEST(check.code == 0, check.out);
  BOOST_TEST(has(check.out, "1 of 1 pass"), check.out);
  BOOST_TEST(has(check.out, "\n1 file, 1 case, "), check.out);
  BOOST_TEST(has(check.out, "./a.h5  1 case, "), check.out);
  BOOST_TEST(run_program({"judge", "a.h5"}, folder.path()).code == 0);
  BOOST_TEST(run_program({"replay", "a.h5"}, folder.path()).code == 0);
}

BOOST_AUTO_TEST_CASE(a_file_that_lacks_a_case_does_not_take_the_place_of_one_that_has_it) {
  const recorded_attention folder;
  BOOST_REQUIRE(run_fixtures(folder, {"record", good_case, "--to", "b.h5", "--name", "other"}).code == 0);
  const std::string before = folder.read("a.h5");
  const process_end bless = run_fixtures(folder, {"bless", "a.h5", "--with", "b.h5", "--reason", "because"});
  BOOST_TEST(bless.code == 2);
  BOOST_TEST(has(bless.err, "--with: expected every case of 'a.h5'"), bless.err);
  BOOST_TEST((folder.read("a.h5") == before));
}

BOOST_AUTO_TEST_CASE(outputs_that_no_kernel_computed_fail_the_check_and_are_not_blessed) {
  const recorded_attention folder;
  folder.change("out");
  const process_end check = run_fixtures(folder, {"check", "a.h5"}),
                    bless = run_fixtures(folder, {"bless", "a.h5", "--reason", "because"});
  BOOST_TEST(check.code == 1);
  BOOST_TEST(has(check.out, "what it holds: "), check.out);
  BOOST_TEST(has(check.out, "scalar computes other bits from the same sources: out"), check.out);
  BOOST_TEST(bless.code == 1);
  BOOST_TEST(has(bless.out, "not blessed: 1 of 1 case did not pass"), bless.out);
}

BOOST_AUTO_TEST_CASE(outputs_of_other_sources_are_counted_and_named_where_today_s_differ_and_fail_nothing) {
  const recorded_attention folder;
  using namespace plumbline::fixtures;
  stored_case one = read(folder.file("a.h5"), list(folder.file("a.h5")).at(0));
  one.attributes["recorded_sources"] = std::string(64, '0');
  write(folder.file("a.h5"), {one}, {});
  const process_end same = run_fixtures(folder, {"check", "a.h5"});
  BOOST_TEST(same.code == 0, same.out);
  BOOST_TEST(
      has(same.out, "bytes: all as recorded; outputs of 1 case are of other sources, and of the same bits "),
      same.out);
  BOOST_TEST(run_fixtures(folder, {"regenerate", "a.h5", "--to", "renewed.h5"}).code == 0);
  const process_end renewed = run_fixtures(folder, {"check", "renewed.h5"});
  BOOST_TEST(has(renewed.out, "bytes: all as recorded\n"), renewed.out);

  auto& lse = one.tensors.at("lse");
  lse.set_code(0, lse.code(0) ^ 1);  // within its budget
  write(folder.file("a.h5"), {one}, {});
  const process_end other = run_fixtures(folder, {"check", "a.h5"});
  BOOST_TEST(other.code == 0, other.out);
  BOOST_TEST(has(other.out, "not asked of 1 case: outputs of scalar are of other sources, and of other bits"),
             other.out);
  BOOST_TEST(
      has(other.out, "all as recorded, but outputs of 1 case are of other sources, and of other bits\n"),
      other.out);
}

BOOST_AUTO_TEST_CASE(outputs_of_another_executor_are_not_compared) {
  const scratch_folder folder;
  using namespace plumbline::fixtures;
  const std::string file = folder.path() + "/a.h5";
  BOOST_REQUIRE(run_fixtures(folder, {"record", good_case, "--to", "a.h5", "--hash-only"}).code == 0);
  stored_case one = read(file, list(file).at(0));
  one.attributes["hash_out"] = std::string(64, '0');
  for (const auto& [where, code] : {std::pair{"host", 1}, {"gpu", 0}}) {
    one.attributes["recorded_executor"] = where;
    write(file, {one}, {});
    const process_end check = run_fixtures(folder, {"check", "a.h5"});
    BOOST_TEST(check.code == code, where << ": " << check.out);
  }
}

BOOST_AUTO_TEST_CASE(a_case_that_no_variant_takes_is_said_to_have_run_nowhere) {
  const scratch_folder folder;
  using namespace plumbline::fixtures;
  write(folder.path() + "/a.h5",
        {read(std::string(PLUMBLINE_RECORDED_FOLDER) + "/upstream_flash_decode.h5",
              {"num_splits_heuristic", "table"})},
        {});
  const process_end check = run_fixtures(folder, {"check", "a.h5"});
  BOOST_TEST(check.code == 0, check.out);
  BOOST_TEST(has(check.out, "not asked of 1 case: no variant takes it"), check.out);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_sealed_fails_the_check_until_it_is_blessed,
                     *boost::unit_test::precondition(plumbline::testing::h5py_is_there)) {
  const recorded_attention folder;
  const std::string strip = "import h5py; f = h5py.File('" + folder.file("a.h5") +
                            "', 'r+'); del f.attrs['plumbline_fixture'], f.attrs['digest']; "
                            "[f['attend'][c].attrs.pop('digest') for c in f['attend']]";
  BOOST_REQUIRE(std::system((plumbline::testing::python_with("h5py") + " -c \"" + strip + "\"").c_str()) ==
                0);
  const process_end check = run_fixtures(folder, {"check", "a.h5"});
  BOOST_TEST(check.code == 1);
  BOOST_TEST(has(check.out, "not sealed"), check.out);
  BOOST_TEST(run_fixtures(folder, {"bless", "a.h5", "--reason", "mine"}).code == 0);
  BOOST_TEST(run_fixtures(folder, {"check", "a.h5"}).code == 0);
}

BOOST_AUTO_TEST_CASE(inputs_that_the_line_does_not_draw_are_a_stale_recipe) {
  const recorded_attention folder;
  folder.change("q");
  const process_end check = run_fixtures(folder, {"check", "a.h5"}),
                    again = run_fixtures(folder, {"regenerate", "a.h5"});
  BOOST_TEST(check.code == 1);
  BOOST_TEST(has(check.out, "stale recipe: its line draws other inputs: q"), check.out);
  BOOST_TEST(again.code == 3);
  BOOST_TEST(has(again.err, "stale recipe"), again.err);

  using namespace plumbline::fixtures;
  const stored_case one = read(folder.file("a.h5"), list(folder.file("a.h5")).at(0));
  stored_case less = one;
  less.tensors = {};
  for (const auto& [name, value] : one.tensors)
    if (name != "cache_seqlens") less.tensors.set(name, value);
  write(folder.file("less.h5"), {less}, {});
  const process_end missing = run_fixtures(folder, {"check", "less.h5"});
  BOOST_TEST(missing.code == 1);
  BOOST_TEST(has(missing.out, "stale recipe: its line draws cache_seqlens, which it does not hold"),
             missing.out);
}

BOOST_AUTO_TEST_CASE(a_set_that_is_empty_or_missing_is_an_error) {
  const scratch_folder folder;
  const process_end missing = run_fixtures(folder, {"check", "nosuch.h5"});
  BOOST_TEST(missing.code == 3);
  BOOST_TEST(has(missing.err, "no such file"), missing.err);

  BOOST_REQUIRE(run_fixtures(folder, {"record", good_case, "--to", "a.h5"}).code == 0);
  const process_end part = run_fixtures(folder, {"check", "a.h5#/attend"});
  BOOST_TEST(part.code == 3);
  BOOST_TEST(has(part.err, "a part of a file, not all of it"), part.err);
}

BOOST_AUTO_TEST_CASE(regenerate_leaves_the_file_and_bless_replaces_it_with_a_reason_that_stays) {
  const recorded_attention folder;
  const std::string before = plumbline::fixtures::file_hash(folder.file("a.h5"));
  const process_end again = run_fixtures(folder, {"regenerate", "a.h5"});
  BOOST_TEST(again.code == 0, again.err);
  BOOST_TEST(has(again.out, "a.h5.new.h5: 1 case, "), again.out);
  BOOST_TEST(has(again.out, "the same bits, nothing to bless"), again.out);
  BOOST_TEST(plumbline::fixtures::file_hash(folder.file("a.h5")) == before);

  const process_end mute = run_fixtures(folder, {"bless", "a.h5", "--with", "a.h5.new.h5"});
  BOOST_TEST(mute.code == 2);
  for (const char* reason : {"first", "second"})
    BOOST_TEST(run_fixtures(folder, {"bless", "a.h5", "--with", "a.h5.new.h5", "--reason", reason}).code ==
               0);
  const auto root = plumbline::fixtures::root_attributes(folder.file("a.h5"));
  BOOST_TEST(has(root.at("blessed_001"), "first"));
  BOOST_TEST(has(root.at("blessed_002"), "second"));

  BOOST_REQUIRE(run_fixtures(folder, {"record", good_case, "--to", "other.h5"}).code == 0);
  const process_end from_elsewhere =
      run_fixtures(folder, {"bless", "a.h5", "--with", "other.h5", "--reason", "third"});
  BOOST_TEST(from_elsewhere.code == 0, from_elsewhere.err);
  BOOST_TEST(!has(from_elsewhere.out, "is gone"), from_elsewhere.out);  // blessings are carried over
  BOOST_TEST(plumbline::fixtures::root_attributes(folder.file("a.h5")).count("blessed_003") == 1u);
}

BOOST_AUTO_TEST_CASE(diff_and_dump_show_what_is_there) {
  const recorded_attention folder;
  run_fixtures(folder, {"regenerate", "a.h5", "--to", "b.h5"});
  BOOST_TEST(run_fixtures(folder, {"diff", "a.h5", "b.h5"}).code == 0);
  folder.change("q");
  const process_end differ = run_fixtures(folder, {"diff", "a.h5", "b.h5"}),
                    dump = run_fixtures(folder, {"dump", "a.h5"});
  for (const char* verb : {"diff", "check"}) {
    std::vector<std::string> words = {"fixtures", verb, "a.h5"};
    if (verb == std::string("diff")) words.emplace_back("b.h5");
    const process_end end = run_program(words, folder.path(), {"COLUMNS=60"});
    BOOST_TEST(end.code == 1);
    std::stringstream text(end.out);
    for (std::string line; std::getline(text, line);) BOOST_TEST(line.size() <= 60, line);
  }
  BOOST_TEST(differ.code == 1);
  BOOST_TEST(has(differ.out, "q: 1 of 16"), differ.out);
  BOOST_TEST(has(dump.out, "recorded_sources = "), dump.out);
  BOOST_TEST(has(dump.out, "q: bf16 (1, 1, 1, 16): "), dump.out);
}

BOOST_AUTO_TEST_CASE(truth_and_companions_are_kept_in_double_and_held_to_their_own_error) {
  const recorded_attention folder;
  using namespace plumbline::fixtures;
  stored_case one = read(folder.file("a.h5"), list(folder.file("a.h5")).at(0));
  for (const char* name : {"truth_out", "truth_lse", "companion_S1", "companion_A2", "companion_V0"}) {
    BOOST_REQUIRE_MESSAGE(one.tensors.has(name), name);
    BOOST_TEST((one.tensors.at(name).type() == plumbline::dtype::f64), name);
  }
  double& first = *one.tensors.at("truth_out").as<double>();
  const double right = first;
  first = std::nextafter(right, 2 * right);
  write(folder.file("a.h5"), {one}, {});
  const process_end near = run_fixtures(folder, {"check", "a.h5"}),
                    near_again = run_fixtures(folder, {"regenerate", "a.h5"});
  BOOST_TEST(near.code == 0, near.out);
  BOOST_TEST(has(near_again.out, "of its own error"), near_again.out);
  BOOST_TEST(has(near_again.out, "the same bits, nothing to bless"), near_again.out);

  first = right * (1 + 0x1p-40);
  write(folder.file("a.h5"), {one}, {});
  const process_end far = run_fixtures(folder, {"check", "a.h5"}),
                    judged = run_program({"judge", "a.h5"}, folder.path()),
                    far_again = run_fixtures(folder, {"regenerate", "a.h5"});
  BOOST_TEST(far.code == 1);
  BOOST_TEST(has(far.out, "what it holds: truth_out[0, 0, 0, 0]"), far.out);
  BOOST_TEST(judged.code == 1);
  BOOST_TEST(has(far_again.out, "the truth moved beyond its own error: truth_out[0, 0, 0, 0]"),
             far_again.out);
  BOOST_TEST(has(far_again.out, "truth_out: 1 of 16 elements differ"), far_again.out);

  first = std::nan("");
  write(folder.file("a.h5"), {one}, {});
  const process_end none = run_fixtures(folder, {"check", "a.h5"});
  BOOST_TEST(none.code == 1);
  BOOST_TEST(has(none.out, "what it holds: truth_out[0, 0, 0, 0]"), none.out);
}

BOOST_AUTO_TEST_CASE(a_double_that_the_function_does_not_have_fails_by_name) {
  const recorded_attention folder;
  using namespace plumbline::fixtures;
  const stored_case right = read(folder.file("a.h5"), list(folder.file("a.h5")).at(0));
  for (const std::string name : {"truth_nothing", "companion_nothing"}) {
    stored_case one = right;
    one.tensors.set(name, one.tensors.at("truth_out"));
    write(folder.file("a.h5"), {one}, {});
    const process_end check = run_fixtures(folder, {"check", "a.h5"});
    BOOST_TEST(check.code == 1);
    BOOST_TEST(has(check.out, name + ": expected what the reference has in double"), check.out);
  }
}

BOOST_AUTO_TEST_CASE(truth_is_left_out_when_asked) {
  const scratch_folder folder;
  BOOST_REQUIRE(run_fixtures(folder, {"record", good_case, "--to", "a.h5", "--truth", "no"}).code == 0);
  const auto file = folder.path() + "/a.h5";
  const auto one = plumbline::fixtures::read(file, plumbline::fixtures::list(file).at(0));
  BOOST_TEST(one.tensors.has("out"));
  BOOST_TEST(!one.tensors.has("truth_out"));
  BOOST_TEST(run_fixtures(folder, {"check", "a.h5"}).code == 0);
  BOOST_TEST(run_fixtures(folder, {"record", good_case, "--to", "a.h5", "--truth", "maybe"}).code == 2);
}

BOOST_AUTO_TEST_CASE(a_case_of_hashes_alone_is_checked_judged_replayed_and_regenerated_from_its_line) {
  const scratch_folder folder;
  using namespace plumbline::fixtures;
  const std::string file = folder.path() + "/a.h5";
  BOOST_REQUIRE(run_fixtures(folder, {"record", good_case, "--to", "a.h5", "--hash-only"}).code == 0);
  stored_case one = read(file, list(file).at(0));
  BOOST_TEST(one.tensors.empty());
  const std::string right = one.attributes.at("hash_out");
  BOOST_TEST(right.size() == 64u);
  const process_end check = run_fixtures(folder, {"check", "a.h5"}),
                    again = run_fixtures(folder, {"regenerate", "a.h5"}),
                    judged = run_program({"judge", "a.h5"}, folder.path());
  BOOST_TEST(check.code == 0, check.out);
  BOOST_TEST(has(again.out, "the same bits, nothing to bless"), again.out);
  BOOST_TEST(judged.code == 0, judged.out);
  BOOST_TEST(run_program({"replay", "a.h5"}, folder.path()).code == 0);

  stored_case more = one;
  more.attributes["hash_out_of_old"] = right;
  write(file, {more}, {});
  const process_end no_longer = run_fixtures(folder, {"check", "a.h5"});
  BOOST_TEST(no_longer.code == 1);
  BOOST_TEST(has(no_longer.out, "computes other bits from the same sources: out_of_old"), no_longer.out);

  one.attributes["hash_out"] = std::string(64, '0');
  write(file, {one}, {});
  const process_end output = run_fixtures(folder, {"check", "a.h5"}),
                    other = run_fixtures(folder, {"regenerate", "a.h5"});
  BOOST_TEST(output.code == 1);
  BOOST_TEST(has(output.out, "scalar computes other bits from the same sources: out"), output.out);
  BOOST_TEST(has(other.out, "attribute hash_out was 0000"), other.out);
  BOOST_TEST(has(other.out, "is " + right), other.out);

  one.attributes["hash_out"] = right, one.attributes["hash_q"] = std::string(64, '0');
  write(file, {one}, {});
  const process_end input = run_fixtures(folder, {"check", "a.h5"}),
                    stale = run_fixtures(folder, {"regenerate", "a.h5"});
  BOOST_TEST(input.code == 1);
  BOOST_TEST(has(input.out, "stale recipe: its line draws another q"), input.out);
  BOOST_TEST(stale.code == 3);
  BOOST_TEST(has(stale.err, "stale recipe: its line draws another q"), stale.err);

  one.attributes.erase("hash_q");
  write(file, {one}, {});
  const process_end no_input = run_fixtures(folder, {"check", "a.h5"});
  BOOST_TEST(has(no_input.out, "stale recipe: its line draws another q"), no_input.out);
}

BOOST_AUTO_TEST_CASE(every_recorded_truth_is_held_closer_than_fp32_and_every_companion_than_a_thousandth) {
  using namespace plumbline::fixtures;
  const std::string recorded = std::string(PLUMBLINE_RECORDED_FOLDER) + "/variants.h5";
  std::vector<stored_case> moved;
  for (const case_path& path : list(recorded)) {
    const stored_case one = read(recorded, path);
    for (const auto& [name, value] : one.tensors) {
      if (name.rfind("truth_", 0) != 0 && name.rfind("companion_", 0) != 0) continue;
      stored_case other = one;
      double *largest = nullptr, *first = other.tensors.at(name).as<double>();
      for (double* x = first; x != first + value.size(); ++x)
        if (std::isfinite(*x) && (largest == nullptr || std::fabs(*x) > std::fabs(*largest))) largest = x;
      constexpr double rounding_alone = 0x1p-60;  // what is exactly zero, as double has it
      if (largest == nullptr || std::fabs(*largest) < rounding_alone) continue;
      *largest *= 1 + (name.rfind("truth_", 0) == 0 ? 0x1p-24 : 0x1p-10);
      other.name += "_" + name;
      moved.push_back(std::move(other));
    }
  }
  BOOST_REQUIRE(moved.size() > 200);
  const scratch_folder folder;
  write(folder.path() + "/moved.h5", moved, {});
  const process_end judged = run_program({"judge", "moved.h5"}, folder.path());
  BOOST_TEST(has(judged.out, "\n0 pass, " + std::to_string(moved.size()) + " fail"), judged.out);
}

BOOST_AUTO_TEST_SUITE_END()
