// `plumbline fixtures` as its tests call it.
#pragma once

#include <boost/test/unit_test.hpp>

#include "fixtures/store.hpp"
#include "tests/program_process.hpp"

/// A case that every kernel here computes rightly.
inline constexpr const char* good_case =
    "flash_decode.attend/scalar:d=16,capacity=8,cache_seqlens=5;regime=normal;seed=1";

/// `plumbline fixtures ARGUMENTS` in a folder.
inline process_end run_fixtures(const scratch_folder& in, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "fixtures");
  return run_program(arguments, in.path());
}

/// A folder with that case recorded in a.h5.
struct recorded_attention : scratch_folder {
  recorded_attention() {
    BOOST_REQUIRE(run_fixtures(*this, {"record", good_case, "--to", "a.h5"}).code == 0);
  }
  std::string file(const std::string& name) const { return path() + "/" + name; }
  /// That case as somebody's own: nothing says how its inputs were drawn.
  plumbline::fixtures::stored_case without_line() const {
    using namespace plumbline::fixtures;
    stored_case one = plumbline::fixtures::read(file("a.h5"), list(file("a.h5")).at(0));
    one.attributes.erase("case");
    return one;
  }
  /// Writes it again with one element of a tensor changed, sealed: as a kernel or a generator that changed
  /// would.
  void change(const std::string& tensor_name) const {
    using namespace plumbline::fixtures;
    stored_case one = plumbline::fixtures::read(file("a.h5"), list(file("a.h5")).at(0));
    auto& t = one.tensors.at(tensor_name);
    t.set_value(0, t.value(0) + 1);
    write(file("a.h5"), {one}, root_attributes(file("a.h5")));
  }
};
