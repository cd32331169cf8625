// The recorded cases that are part of the repository: readable, with licence, origin and recipe, and not too
// many bytes. `plumbline fixtures check` asks the rest.
#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "fixtures/store.hpp"

using namespace plumbline;
using namespace plumbline::fixtures;

namespace {

const std::filesystem::path folder = PLUMBLINE_RECORDED_FOLDER;

std::vector<std::string> files() {
  std::vector<std::string> all;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".h5") all.push_back(entry.path().string());
  BOOST_REQUIRE(!all.empty());
  return all;
}

/// Of "cut.py operator", the script.
std::string script_of(const std::string& recipe) { return recipe.substr(0, recipe.find(' ')); }

}  // namespace

BOOST_AUTO_TEST_SUITE(recorded)

BOOST_AUTO_TEST_CASE(every_case_opens_and_expects_something) {
  for (const std::string& file : files())
    for (const case_path& path : list(file)) {
      const stored_case one = read(file, path);
      bool expected = false;
      for (const auto& [name, value] : one.tensors)
        expected = expected || name.find("expected_") != std::string::npos;
      BOOST_TEST((expected || one.attributes.count("recorded_variant") == 1),
                 file << ": " << path.group << "/" << path.name << " expects nothing");
    }
}

BOOST_AUTO_TEST_CASE(a_file_that_was_cut_carries_its_licence_and_names_recipe_and_what_went_in) {
  for (const std::string& file : files()) {
    const auto root = root_attributes(file);
    BOOST_TEST(is_sealed(file), file);
    if (root.count("recipe") == 0) continue;
    BOOST_TEST(!root.at("licence").empty(), file);
    BOOST_TEST(root.at("licence_text").size() > 1000u, file);
    BOOST_TEST(std::filesystem::exists(folder / script_of(root.at("recipe"))), file);
    BOOST_TEST(root.at("recipe_input_sha256").size() == 64u, file);
  }
}

BOOST_AUTO_TEST_CASE(what_is_recorded_is_small) {
  std::uintmax_t bytes = 0;
  for (const std::string& file : files()) bytes += std::filesystem::file_size(file);
  BOOST_TEST(bytes < (16u << 20));
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
