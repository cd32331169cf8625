// fixtures record: what is kept, under which name, and from whose arrays.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "fixtures/difference.hpp"
#include "fixtures/store.hpp"
#include "tests/fixtures_command.hpp"
#include "tests/harness/python_with.hpp"

namespace {

// raw.npz: what `made` makes of normal floats that bf16 holds, for an attention.
void put_arrays(const scratch_folder& folder, const std::string& made) {
  const std::string write =
      "import numpy as np; r = np.random.default_rng(1); "
      "bits = lambda *s: r.standard_normal(s).astype(np.float32).view(np.uint32) & 0xffff0000; "
      "n = lambda *s: " +
      made + "; np.savez('" + folder.path() +
      "/raw.npz', q=n(1, 2, 4, 16), k_cache=np.asfortranarray(n(1, 40, 2, 16)), v_cache=n(1, 40, 2, 16), "
      "cache_seqlens=np.array([37]))";
  BOOST_REQUIRE(std::system((plumbline::testing::python_with("h5py") + " -c \"" + write + "\"").c_str()) ==
                0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(program_fixtures_record)

BOOST_AUTO_TEST_CASE(a_case_is_never_replaced_by_recording_it_again) {
  const recorded_attention folder;
  const process_end again = run_fixtures(folder, {"record", good_case, "--to", "a.h5"}),
                    other = run_fixtures(folder, {"record", good_case, "--to", "a.h5", "--name", "second"});
  BOOST_TEST(again.code == 2);
  BOOST_TEST(has(again.err, "holds attend/scalar_normal_seed1"), again.err);
  BOOST_TEST(other.code == 0);
  BOOST_TEST(has(other.out, "2 cases, 1 of them new"), other.out);
}

BOOST_AUTO_TEST_CASE(raw_inputs_of_a_stranger_are_recorded_with_every_variant_that_takes_them) {
  const recorded_attention folder;
  using namespace plumbline::fixtures;
  stored_case mine = folder.without_line();
  for (const char* made : {"out", "lse"}) mine.tensors.erase(made);
  std::erase_if(mine.attributes, [](const auto& one) { return one.first.rfind("recorded_", 0) == 0; });
  mine.attributes.erase("contract"), mine.name = "mine";
  write(folder.file("raw.h5"), {mine}, {});
  const process_end record = run_fixtures(folder, {"record", "raw.h5", "--to", "b.h5"});
  BOOST_TEST(record.code == 0, record.err);
  BOOST_TEST(has(record.out, "recorded attend/mine_scalar  pass"), record.out);
  BOOST_TEST(has(record.out, "recorded attend/mine_split  pass"), record.out);
  BOOST_TEST(run_fixtures(folder, {"check", "b.h5"}).code == 0);
}

BOOST_AUTO_TEST_CASE(inputs_without_a_line_are_not_recorded_as_hashes) {
  const recorded_attention folder;
  using namespace plumbline::fixtures;
  stored_case mine = folder.without_line();
  write(folder.file("raw.h5"), {mine}, {});
  const process_end record = run_fixtures(folder, {"record", "raw.h5", "--to", "b.h5", "--hash-only"});
  BOOST_TEST(record.code == 2);
  BOOST_TEST(has(record.err, "--hash-only: expected cases with a line of text"), record.err);
}

BOOST_AUTO_TEST_CASE(another_case_takes_another_name_and_the_same_one_is_refused) {
  const scratch_folder folder;
  const auto record = [&](const std::string& batch, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"record", "conv1d.update/update:batch=" + batch + ";seed=3", "--to", "a.h5"});
    return run_fixtures(folder, more);
  };
  BOOST_TEST(has(record("2").out, "recorded conv1d_update/update_default_seed3  pass"));
  BOOST_TEST(has(record("3").out, "recorded conv1d_update/update_default_seed3_2  pass"));
  for (const char* batch : {"2", "3"}) {
    const process_end again = record(batch);
    BOOST_TEST(again.code == 2);
    BOOST_TEST(has(again.err, "already; regenerate and bless it"), again.err);
  }
  BOOST_TEST(record("3", {"--name", "mine"}).code == 0);
  const process_end taken = record("4", {"--name", "mine"}), odd = record("4", {"--name", "a/b"});
  BOOST_TEST(taken.code == 2);
  BOOST_TEST(has(taken.err, "holds conv1d_update/mine already, another case; give another --name"),
             taken.err);
  BOOST_TEST(odd.code == 2);
  BOOST_TEST(has(odd.err, "--name: expected letters, digits, '_', '-' and '.', got 'a/b'"), odd.err);
}

BOOST_AUTO_TEST_CASE(a_case_with_outputs_is_of_the_variant_that_made_them) {
  const recorded_attention folder;
  using namespace plumbline::fixtures;
  stored_case mine = folder.without_line();
  write(folder.file("raw.h5"), {mine}, {});
  const process_end replay = run_program({"replay", "raw.h5"}, folder.path());
  BOOST_TEST(replay.code == 0, replay.err);
  BOOST_TEST(has(replay.out, "attend/scalar:;recorded="), replay.out);
  BOOST_TEST(!has(replay.out, "attend/split"), replay.out);
}

BOOST_AUTO_TEST_CASE(an_output_of_somebody_s_own_is_said_to_give_way) {
  const recorded_attention folder;
  using namespace plumbline::fixtures;
  stored_case mine = folder.without_line();
  auto& out = mine.tensors.at("out");
  out.set_value(0, out.value(0) + 1);
  write(folder.file("raw.h5"), {mine}, {});
  const process_end record = run_fixtures(folder, {"record", "raw.h5", "--to", "b.h5"});
  BOOST_TEST(record.code == 0, record.err);
  BOOST_TEST(has(record.out, ": out is the variant's, not the one given"), record.out);
  BOOST_TEST(!has(record.out, "lse is"), record.out);
  const stored_case kept = read(folder.file("b.h5"), list(folder.file("b.h5")).at(0));
  BOOST_TEST(
      kept.attributes.at("recorded_command").rfind("plumbline fixtures record 'raw.h5#/attend/", 0) == 0u,
      kept.attributes.at("recorded_command"));
}

BOOST_AUTO_TEST_CASE(a_link_stays_a_link_and_its_file_grows) {
  const recorded_attention folder;
  std::filesystem::create_symlink("a.h5", folder.file("link.h5"));
  BOOST_TEST(run_fixtures(folder, {"record", "conv1d.update:batch=2;seed=3", "--to", "link.h5"}).code == 0);
  BOOST_TEST(std::filesystem::is_symlink(folder.file("link.h5")));
  BOOST_TEST(plumbline::fixtures::list(folder.file("a.h5")).size() == 2u);
}

BOOST_AUTO_TEST_CASE(what_a_killed_recorder_left_is_taken_away_by_the_next) {
  const recorded_attention folder;
  const std::string half = folder.file("a.h5.writing-2147483646-0"),  // no process has that number
      other = folder.file("b.h5.writing-2147483646-0");
  std::ofstream(half) << "half", std::ofstream(other) << "half";
  BOOST_TEST(run_fixtures(folder, {"record", "conv1d.update:batch=2;seed=3", "--to", "a.h5"}).code == 0);
  BOOST_TEST(!std::filesystem::exists(half));
  BOOST_TEST(std::filesystem::exists(other));
}

BOOST_AUTO_TEST_CASE(a_name_given_to_several_variants_says_which_is_which) {
  const recorded_attention folder;
  const process_end record = run_fixtures(
      folder, {"record", "flash_decode.attend:d=16,capacity=8;seed=1", "--to", "a.h5", "--name", "mine"});
  BOOST_TEST(record.code == 0, record.err);
  BOOST_TEST(has(record.out, "recorded attend/mine_scalar  pass"), record.out);
  BOOST_TEST(has(record.out, "recorded attend/mine_split  pass"), record.out);
}

BOOST_AUTO_TEST_CASE(arrays_of_numpy_are_recorded_with_what_the_command_line_says_of_them,
                     *boost::unit_test::precondition(plumbline::testing::h5py_is_there)) {
  const scratch_folder folder;
  put_arrays(folder, "(bits(*s) >> 16).astype(np.uint16)");
  const process_end record =
      run_fixtures(folder, {"record", "raw.npz", "--dtype", "bf16", "--option", "causal=1", "--to", "a.h5"});
  BOOST_TEST(record.code == 0, record.err);
  BOOST_TEST(has(record.out, "recorded attend/raw_split  pass"), record.out);
  BOOST_TEST(run_fixtures(folder, {"check", "a.h5"}).code == 0);
  const auto file = folder.path() + "/a.h5";
  const auto one = plumbline::fixtures::read(file, plumbline::fixtures::list(file).at(0));
  BOOST_TEST(one.attributes.at("causal") == "1");
  BOOST_TEST(one.tensors.has("truth_out"));

  const process_end unsaid = run_fixtures(folder, {"record", "raw.npz", "--to", "b.h5"}),
                    unknown = run_fixtures(
                        folder, {"record", "raw.npz", "--dtype", "bf16", "--option", "no=1", "--to", "b.h5"}),
                    elsewhere =
                        run_fixtures(folder, {"record", good_case, "--dtype", "bf16", "--to", "b.h5"}),
                    missing = run_fixtures(folder, {"record", "no.npz", "--dtype", "bf16", "--to", "b.h5"});
  const process_end near =
      run_fixtures(folder, {"record", "raw.npz", "--dtype", "bf16", "--option", "casual=1", "--to", "b.h5"});
  BOOST_TEST(near.code == 2);
  BOOST_TEST(has(near.err, "got option casual=1; did you mean 'causal'?"), near.err);
  const process_end misfit = run_fixtures(folder, {"record", "raw.npz", "--dtype", "bf16", "--option",
                                                   "function=combine", "--option", "op=mla", "--to", "b.h5"}),
                    hashes = run_fixtures(
                        folder, {"record", "raw.npz", "--dtype", "bf16", "--hash-only", "--to", "b.h5"}),
                    odd = run_fixtures(folder, {"record", "raw.npz", "--dtype", "bf16", "--option",
                                                "function=a/b", "--to", "b.h5"});
  for (const process_end* one : {&unknown, &misfit, &hashes, &odd}) {
    BOOST_TEST(one->code != 0);
    BOOST_TEST(has(one->out + one->err, "raw.npz"), one->out + one->err);
    BOOST_TEST(!has(one->out + one->err, "plumbline-record-"), one->out + one->err);
    BOOST_TEST(!has(one->out + one->err, "arrays0"), one->out + one->err);
  }
  BOOST_TEST(unsaid.code == 3);
  BOOST_TEST(has(unsaid.err, "expected --dtype to say what <u2 holds"), unsaid.err);
  BOOST_TEST(unknown.code == 2);
  BOOST_TEST(has(unknown.out + unknown.err, "option no=1"), unknown.out + unknown.err);
  BOOST_TEST(elsewhere.code == 2);
  BOOST_TEST(has(elsewhere.err, "--dtype: expected an .npz file"), elsewhere.err);
  BOOST_TEST(missing.code == 3);
  BOOST_TEST(has(missing.err, "no such file"), missing.err);
}

BOOST_AUTO_TEST_CASE(floats_that_hold_a_narrow_format_are_recorded_as_its_bits_and_others_refused,
                     *boost::unit_test::precondition(plumbline::testing::h5py_is_there)) {
  const scratch_folder folder;
  put_arrays(folder, "bits(*s).view(np.float32)");
  const std::vector<std::string> named = {"--dtype", "q=bf16",       "--dtype", "k_cache=bf16",
                                          "--dtype", "v_cache=bf16", "--to",    "a.h5"};
  const auto record = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"record", "raw.npz"});
    return run_fixtures(folder, words);
  };
  const process_end unsaid = record({"--to", "a.h5"}), nameless = record({"--dtype", "bf16", "--to", "a.h5"});
  BOOST_TEST(unsaid.code == 2);
  BOOST_TEST(has(unsaid.err,
                 "CASE: raw.npz: dtype: expected bf16, f16 or e4m3, got f32 (where f32 and f64 hold "
                 "numbers of another format, name it: --dtype q=bf16 --dtype k_cache=bf16"),
             unsaid.err);
  BOOST_TEST(unsaid.out.empty(), unsaid.out);  // once for all variants
  BOOST_TEST(nameless.code == 3);
  BOOST_TEST(has(nameless.err, "of floats it is said by name: --dtype q=bf16"), nameless.err);

  const process_end floats = record(named);
  BOOST_TEST(floats.code == 0, floats.err);
  put_arrays(folder, "(bits(*s) >> 16).astype(np.uint16)");
  BOOST_TEST(record({"--dtype", "bf16", "--to", "b.h5"}).code == 0);
  using namespace plumbline::fixtures;
  const std::string a = folder.path() + "/a.h5", b = folder.path() + "/b.h5";
  BOOST_REQUIRE(list(a).size() == list(b).size());
  for (const case_path& path : list(a)) {
    stored_case of_floats = read(a, path), of_bits = read(b, path);
    for (stored_case* one : {&of_floats, &of_bits})
      for (const char* its_own : {"recorded_date", "recorded_command"}) one->attributes.erase(its_own);
    BOOST_TEST(first_difference(of_floats, of_bits) == "");
  }

  put_arrays(folder, "bits(*s).view(np.float32) * np.float32(1.001)");
  const process_end between = record(named);
  BOOST_TEST(between.code == 3);
  BOOST_TEST(has(between.err, "raw.npz: q: expected numbers that bf16 has, as nothing is rounded here"),
             between.err);
}

BOOST_AUTO_TEST_SUITE_END()
