// The recorded cases are the ones their index names: whole, unchanged, readable, with licence and origin.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "fixtures/store.hpp"

using namespace plumbline;
using namespace plumbline::fixtures;

namespace {

const std::filesystem::path folder = PLUMBLINE_RECORDED_FOLDER;

nlohmann::json index_of_files() {
  std::ifstream in(folder / "index.json");
  BOOST_REQUIRE_MESSAGE(in, (folder / "index.json").string() + " is missing");
  nlohmann::json index = nlohmann::json::parse(in);
  BOOST_REQUIRE_MESSAGE(!index.at("files").empty(), "the index names no file");
  return index.at("files");
}

/// Of "cut.py operator", the script.
std::string script_of(const std::string& recipe) { return recipe.substr(0, recipe.find(' ')); }

std::string path_of(const nlohmann::json& entry) {
  return (folder / entry.at("file").get<std::string>()).string();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(recorded)

BOOST_AUTO_TEST_CASE(every_file_has_the_hash_that_the_index_gives) {
  for (const auto& entry : index_of_files())
    BOOST_TEST(file_hash(path_of(entry)) == entry.at("sha256").get<std::string>(), path_of(entry));
}

BOOST_AUTO_TEST_CASE(every_file_of_the_folder_is_in_the_index) {
  std::set<std::string> named, found;
  for (const auto& entry : index_of_files()) named.insert(entry.at("file").get<std::string>());
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".h5") found.insert(entry.path().filename().string());
  BOOST_TEST(named == found, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(every_case_of_the_index_opens_and_no_other_is_there) {
  for (const auto& entry : index_of_files()) {
    std::set<std::string> named, found;
    for (const auto& name : entry.at("cases")) named.insert(name.get<std::string>());
    BOOST_TEST(!named.empty(), path_of(entry) + " has no case");
    for (const case_path& path : list(path_of(entry))) {
      const stored_case one = read(path_of(entry), path);
      found.insert(path.group + "/" + path.name);
      bool expected = false;
      for (const auto& [name, value] : one.tensors)
        expected = expected || name.find("expected_") != std::string::npos;
      BOOST_TEST(expected, path.group + "/" + path.name + " expects nothing");
    }
    BOOST_TEST(named == found, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(every_file_carries_its_licence_and_names_recipe_and_source) {
  for (const auto& entry : index_of_files()) {
    const auto root = root_attributes(path_of(entry));
    BOOST_TEST(root.at("licence") == entry.at("licence").get<std::string>());
    BOOST_TEST(root.at("licence_text").size() > 1000u);
    BOOST_TEST(std::filesystem::exists(folder / script_of(entry.at("recipe"))));
    BOOST_TEST(entry.at("source").at("sha256").get<std::string>().size() == 64u);
  }
}

BOOST_AUTO_TEST_CASE(real_activations_are_there_in_both_formats_paged_and_appended) {
  const std::string file = (folder / "smollm2.h5").string();
  const stored_case sink = read(file, {"attend", "layer17"}), fp16 = read(file, {"attend", "layer07_fp16"});
  const stored_case paged = read(file, {"attend", "layer07_paged"}),
                    append = read(file, {"kvcache", "layer17"});

  BOOST_TEST((sink.tensors.at("q").type() == dtype::bf16));
  BOOST_TEST(sink.tensors.at("expected_lse").dim(1) == 9);
  BOOST_TEST(sink.tensors.at("cache_seqlens").value(0) == 4088);
  BOOST_TEST((fp16.tensors.at("q").type() == dtype::f16));
  BOOST_TEST(paged.attributes.at("page_size") == "16");
  BOOST_TEST((append.tensors.at("rotary_cos").type() == append.tensors.at("q").type()));
  BOOST_TEST(std::filesystem::file_size(file) < 6000000u);
}

BOOST_AUTO_TEST_SUITE_END()
