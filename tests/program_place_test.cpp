// Promises about the places that results go to: nothing there is harmed, a bad place is found before anything
// runs, and a result that could not be written is no success.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/program_process.hpp"

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

process_end verify(const scratch_folder& folder, const std::vector<std::string>& more) {
  std::vector<std::string> all = {"verify", "fake.sum/good", "--dtype", "f32", "--recorded",
                                  "no",     "--cases",       "5"};
  all.insert(all.end(), more.begin(), more.end());
  return run_program(all, folder.path());
}

std::int64_t cases_in(const std::string& text) {
  return json::parse(text).at("variants").at(0).at("cases").get<std::int64_t>();
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& e : fs::directory_iterator(folder)) names.push_back(e.path().filename().string());
  return names;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(program_places)

BOOST_AUTO_TEST_CASE(a_pipe_is_written_to_and_stays_a_pipe) {
  const scratch_folder folder;
  const std::string pipe = folder.path() + "/pipe";
  BOOST_REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  const int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK);

  const process_end end = verify(folder, {"--json", "pipe"});

  std::string text(1 << 16, '\0');
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, read(reader, text.data(), text.size()))));
  close(reader);
  BOOST_TEST(end.code == 0);
  BOOST_TEST(fs::is_fifo(pipe));
  BOOST_TEST(cases_in(text) == 5);
}

BOOST_AUTO_TEST_CASE(a_file_keeps_its_permissions_and_a_symbolic_link_its_target) {
  const scratch_folder folder;
  const std::string path = folder.path();
  fs::create_directory(path + "/kept");
  std::ofstream(path + "/kept/r.json") << "old";
  chmod((path + "/kept/r.json").c_str(), 0640);
  fs::create_symlink("kept/r.json", path + "/link.json");
  fs::create_symlink("kept/new.html", path + "/dangling.html");

  const process_end end = verify(folder, {"--json", "link.json", "--report", "dangling.html"});

  BOOST_TEST(end.code == 0);
  BOOST_TEST(fs::is_symlink(path + "/link.json"));
  BOOST_TEST(cases_in(folder.read("kept/r.json")) == 5);
  BOOST_TEST((fs::status(path + "/kept/r.json").permissions() == fs::perms(0640)));
  BOOST_TEST(fs::is_symlink(path + "/dangling.html"));
  BOOST_TEST(has(folder.read("kept/new.html"), "<svg"));
  BOOST_TEST(names_in(path + "/kept").size() == 2u);
}

BOOST_AUTO_TEST_CASE(outputs_of_a_replay_are_written_in_the_same_way) {
  const scratch_folder folder;
  const std::string path = folder.path();
  std::ofstream(path + "/o.h5") << "old";
  chmod((path + "/o.h5").c_str(), 0600);
  fs::create_symlink("o.h5", path + "/link.h5");

  const process_end end = run_program({"replay", "fake.sum/good:n=4", "--outputs", "link.h5"}, path);

  BOOST_TEST(end.code == 0);
  BOOST_TEST(fs::is_symlink(path + "/link.h5"));
  BOOST_TEST((fs::status(path + "/o.h5").permissions() == fs::perms(0600)));
  BOOST_TEST(run_program({"judge", "o.h5"}, path).code == 0);
  BOOST_TEST(run_program({"replay", "fake.sum/good:n=4", "--outputs", "."}, path).code == 2);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_read_is_never_the_place_of_a_result) {
  const scratch_folder folder;
  const std::string path = folder.path();
  run_program({"replay", "fake.sum/good:n=4", "--outputs", "o.h5"}, path);
  run_program({"verify", "fake/wrong", "--recorded", "no", "--cases", "20", "--out", "kept"}, path);
  BOOST_REQUIRE(names_in(path + "/kept/failures").size() == 1u);
  const std::string saved = "kept/failures/" + names_in(path + "/kept/failures").front();
  fs::create_symlink("o.h5", path + "/link.h5");
  fs::create_hard_link(path + "/o.h5", path + "/hard.h5");
  const std::string before = folder.read("o.h5"), saved_before = folder.read(saved);
  const std::vector<std::vector<std::string>> refused = {
      {"judge", "o.h5", "--json", "./o.h5"},
      {"judge", "o.h5#/sum/case0", "--report", "link.h5"},
      {"judge", "link.h5", "--json", "o.h5"},
      {"judge", "o.h5", "--json", "hard.h5"},
      {"replay", "o.h5", "--outputs", "o.h5"},
      {"replay", "fake.sum/good:n=3", "link.h5", "--json", "o.h5"},
      {"replay", "fake.sum/good:n=0;recorded=./o.h5#/sum/case0", "--json", "o.h5"},
      {"replay", saved, "--json", saved},
      {"verify", "fake/wrong", "--recorded", "no", "--cases", "5", "--out", "kept", "--json", saved}};
  for (const auto& arguments : refused) {
    const process_end end = run_program(arguments, path);

    BOOST_TEST_CONTEXT(arguments.at(0) << " " << arguments.at(1) << " " << arguments.back() << end.err) {
      BOOST_TEST(end.code == 2);
      BOOST_TEST(end.out.empty());
      BOOST_TEST(has(end.err, "expected another file than the one that is read"));
      BOOST_TEST(std::count(end.err.begin(), end.err.end(), '\n') == 1);
      BOOST_TEST((folder.read("o.h5") == before));
      BOOST_TEST((folder.read(saved) == saved_before));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_replay_writes_outputs_from_a_folder_in_which_nothing_may_be_written) {
  const scratch_folder folder, results;
  const std::string to = results.path() + "/o.h5";
  const process_end end = run_program({"replay", "fake.sum/good:n=4", "--outputs", to}, folder.path());

  BOOST_TEST(end.code == 0);
  BOOST_TEST(run_program({"judge", to}, folder.path()).code == 0);
  BOOST_TEST(!fs::exists(folder.path() + "/build"));
  BOOST_TEST(names_in(results.path()).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_result_on_standard_output_has_it_to_itself) {
  for (const char* name : {"-", "/dev/stdout", "/proc/self/fd/1"}) {
    const scratch_folder folder;
    const process_end end = verify(folder, {"--json", name});

    BOOST_TEST_CONTEXT(name) {
      BOOST_TEST(end.code == 0);
      BOOST_TEST(cases_in(end.out) == 5);
      BOOST_TEST(has(end.err, "all pass"));
      BOOST_TEST(!fs::exists(folder.path() + "/-"));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_bad_place_is_refused_before_anything_runs) {
  const scratch_folder folder;
  std::ofstream(folder.path() + "/file") << "x";
  fs::create_directory(folder.path() + "/taken");
  std::ofstream(folder.path() + "/taken/failures") << "x";
  const std::string long_name(300, 'x');
  const struct {
    std::vector<std::string> arguments;
    std::string names;
  } cases[] = {{{"--json", "."}, "--json"},
               {{"--report", "/"}, "--report"},
               {{"--json", "nosuch/r.json"}, "--json"},
               {{"--json", "file/r.json"}, "--json"},
               {{"--json", "/proc/nosuch.json"}, "--json"},
               {{"--json", long_name}, "--json"},
               {{"--json", "a", "--report", "./a"}, "--report"},
               {{"--json", "-", "--report", "/dev/stdout"}, "--report"},
               {{"--out", "file"}, "--out"},
               {{"--out", "taken"}, "--out"},
               {{"--out", "/proc/nosuch"}, "--out"},
               {{"--out", long_name}, "--out"}};
  for (const auto& c : cases) {
    const process_end end = verify(folder, c.arguments);

    BOOST_TEST_CONTEXT(c.names << " " << c.arguments.at(1) << ": " << end.err) {
      BOOST_TEST(end.code == 2);
      BOOST_TEST(end.out.empty());
      BOOST_TEST(end.err.rfind("plumbline: " + c.names + ": expected", 0) == 0u);
    }
  }
  BOOST_TEST(!fs::exists(folder.path() + "/nosuch"));
}

BOOST_AUTO_TEST_CASE(a_result_that_is_lost_at_the_end_leaves_the_verdict_and_no_success) {
  const scratch_folder folder;
  fs::create_directory(folder.path() + "/gone");
  std::thread remover([&] {
    const auto begun = slow_runs(folder.path(), 2);
    while (!begun()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    fs::remove_all(folder.path() + "/gone");
  });
  const process_end end = run_program(
      {"verify", "fake/slow", "--recorded", "no", "--cases", "60", "--jobs", "1", "--json", "gone/r.json"},
      folder.path());
  remover.join();

  BOOST_TEST(end.code == 3);
  BOOST_TEST(has(end.out, "all pass: 60 cases"));
  BOOST_TEST(has(end.err, "--json: could not write 'gone/r.json'"));
}

BOOST_AUTO_TEST_CASE(text_that_nobody_could_read_is_no_success) {
  const scratch_folder folder;
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"list"},
        {"--help"},
        {"verify", "fake/good", "--recorded", "no", "--cases", "3"}}) {
    const process_end end = run_program(arguments, folder.path(), {}, standard_output::closed);

    BOOST_TEST_CONTEXT(arguments.front()) {
      BOOST_TEST(end.code == 3);
      BOOST_TEST(has(end.err, "plumbline: standard output: "));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
