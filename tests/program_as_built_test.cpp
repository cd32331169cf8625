// Promises of the program with its real operations: places of the verb probe, files that are for nobody's
// operator, and what README.md says.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/program_process.hpp"

namespace {

namespace fs = std::filesystem;

std::string readme() {
  std::stringstream text;
  text << std::ifstream(PLUMBLINE_SOURCE_FOLDER "/README.md").rdbuf();
  return text.str();
}

// What stands between `open` and `close` after each `open`.
std::vector<std::string> between(const std::string& text, const std::string& open, const std::string& close) {
  std::vector<std::string> all;
  for (std::size_t at = text.find(open); at != std::string::npos; at = text.find(open, at + 1)) {
    const std::size_t first = at + open.size();
    all.push_back(text.substr(first, text.find(close, first) - first));
  }
  return all;
}

// What a help lists behind "Subcommands:", a word at the start of each line.
std::vector<std::string> verbs_in(const std::string& help) {
  std::vector<std::string> all;
  const std::size_t list = help.find("Subcommands:\n");
  if (list == std::string::npos) return all;
  std::istringstream lines(help.substr(list));
  std::string line;
  for (std::getline(lines, line); std::getline(lines, line) && line.rfind("  ", 0) == 0;)
    if (line[2] != ' ') all.push_back(line.substr(2, line.find(' ', 2) - 2));
  return all;
}

// What a sanitizer reports names sources in full.
boost::test_tools::assertion_result built_without_sanitizers(boost::unit_test::test_unit_id) {
  boost::test_tools::assertion_result without(!PLUMBLINE_SANITIZED);
  if (PLUMBLINE_SANITIZED) without.message() << "built with sanitizers";
  return without;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(program_as_built)

// What a report could print.  (An object from the cache of another clone would bring the path of that one.)
BOOST_AUTO_TEST_CASE(the_program_knows_no_place_of_its_build_but_that_of_the_recorded_cases,
                     *boost::unit_test::precondition(built_without_sanitizers)) {
  std::stringstream bytes;
  bytes << std::ifstream(PLUMBLINE_PROGRAM, std::ios::binary).rdbuf();
  int recorded = 0;
  for (const std::string& rest : between(bytes.str(), PLUMBLINE_SOURCE_FOLDER "/", std::string(1, '\0')))
    if (rest == "fixtures/recorded")
      ++recorded;
    else
      BOOST_ERROR(PLUMBLINE_SOURCE_FOLDER "/" << rest);
  BOOST_TEST(recorded > 0);
  const std::string nul(1, '\0');
  for (const std::string& rest : between(bytes.str(), nul + "/", nul))
    for (const std::string end : {".cpp", ".hpp", ".cu"})
      if (rest.size() > end.size() && rest.compare(rest.size() - end.size(), end.size(), end) == 0)
        BOOST_ERROR("/" << rest);
}

// Where a failure of a test stands, too.
BOOST_AUTO_TEST_CASE(a_test_names_its_file_as_the_repository_does) {
  BOOST_TEST(std::string(__FILE__) == "tests/program_as_built_test.cpp");
}

BOOST_AUTO_TEST_CASE(a_probe_writes_into_a_pipe_and_leaves_it_one) {
  const scratch_folder folder;
  const std::string pipe = folder.path() + "/pipe";
  BOOST_REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  const int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK);

  const process_end end =
      run_program({"probe", "--on", "host", "sign_of_zero_bf16", "--out", "pipe"}, folder.path());

  std::string text(1 << 16, '\0');
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, read(reader, text.data(), text.size()))));
  close(reader);
  BOOST_TEST(end.code == 0);
  BOOST_TEST(fs::is_fifo(pipe));
  BOOST_TEST(text.substr(1, 3) == "HDF");
}

BOOST_AUTO_TEST_CASE(a_probe_refuses_a_bad_place_before_it_asks) {
  const scratch_folder folder;
  for (const char* place : {"nosuch/p.h5", "."}) {
    const process_end end = run_program({"probe", "--on", "host", "--out", place}, folder.path());

    BOOST_TEST(end.code == 2);
    BOOST_TEST(end.out.empty());
    BOOST_TEST(end.err.rfind("plumbline: --out: expected a file that can be written", 0) == 0u);
  }
}

BOOST_AUTO_TEST_CASE(vectors_that_no_operator_takes_say_what_holds_them) {
  const scratch_folder folder;
  const process_end end =
      run_program({"judge", PLUMBLINE_SOURCE_FOLDER "/fixtures/recorded/tensor_core.h5"}, folder.path());

  BOOST_TEST(end.code == 3);
  BOOST_TEST(has(end.out, "its cases are held by the model of tensor cores"));
}

BOOST_AUTO_TEST_CASE(the_script_hands_over_to_its_program_which_a_signal_then_ends) {
  const scratch_folder folder;
  const fs::path at = folder.path();
  const auto script = [&](const char* file, const char* text) {
    fs::create_directories((at / file).parent_path());
    std::ofstream(at / file) << "#!/bin/sh\n" << text;
    fs::permissions(at / file, fs::perms::owner_all);
  };
  script("ci/setup", "");
  script("bin/cmake", "");
  script("build/cpu/bin/plumbline", "echo \"$@\" > args\necho $$ > pid\nexec sleep 20\n");
  fs::copy_file(PLUMBLINE_SOURCE_FOLDER "/ci/verify", at / "ci/verify");

  const std::string run = "cd " + folder.path() +
                          "; PATH=$PWD/bin:$PATH ci/verify --json r.json & script=$!;"
                          "until [ -s pid ]; do sleep 0.05; done; kill -TERM $script; wait $script;"
                          "kill -0 $(cat pid) && kill $(cat pid) && exit 99; exit 0";
  const int left_alive = std::system(("(" + run + ") 2>/dev/null").c_str());

  BOOST_TEST(left_alive == 0);
  BOOST_TEST(folder.read("args") == "verify --report build/report/index.html --json r.json\n");
}

// An executor that this build lacks is refused as such; what upstream proposed is replayed by its own test.
BOOST_AUTO_TEST_CASE(lines_that_the_readme_replays_are_understood_and_pass) {
  const std::vector<std::string> lines = between(readme(), "plumbline replay '", "'");
  BOOST_TEST(!lines.empty());
  for (const std::string& line : lines) {
    if (has(line, ":claims.")) continue;
    const scratch_folder folder;
    const process_end end = run_program({"replay", line}, folder.path());

    const bool runs = PLUMBLINE_HAVE_CHECKED || !has(line, "executor=checked");
    BOOST_TEST_CONTEXT(line << end.err) {
      BOOST_TEST(end.code == (!runs ? 3 : has(line, ":claims.") ? 1 : 0));
    }
  }
}

BOOST_AUTO_TEST_CASE(verbs_that_the_program_has_are_in_the_readme) {
  const scratch_folder folder;
  const std::string text = readme();
  const std::vector<std::string> verbs = verbs_in(run_program({"--help"}, folder.path()).out);
  BOOST_TEST(verbs.size() > 5u);
  for (const std::string& verb : verbs) BOOST_TEST(has(text, "| `plumbline " + verb), verb);
}

BOOST_AUTO_TEST_CASE(options_that_the_readme_names_exist) {
  const scratch_folder folder;
  std::string known =
      "--preset --workflow --build --target --test-dir --print-labels ";  // of cmake and ctest
  for (const std::string& verb : verbs_in(run_program({"--help"}, folder.path()).out)) {
    const std::string help = run_program({verb, "--help"}, folder.path()).out;
    known += help;
    for (const std::string& part : verbs_in(help))
      known += run_program({verb, part, "--help"}, folder.path()).out;
  }
  const std::string text = readme();
  std::size_t options = 0;
  for (std::size_t at = text.find("--"); at != std::string::npos; at = text.find("--", at + 2)) {
    const bool begins = at > 0 && (text[at - 1] == ' ' || text[at - 1] == '`' || text[at - 1] == '[');
    const std::size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", at);
    const std::string option = text.substr(at, end - at);
    if (!begins || option.find_first_not_of('-') == std::string::npos) continue;
    ++options;
    BOOST_TEST(has(known, option + " "), option);
  }
  BOOST_TEST(options > 10u);
}

BOOST_AUTO_TEST_SUITE_END()
