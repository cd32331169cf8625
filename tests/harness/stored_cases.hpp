// Small cases for the tests of the store, and what a refusal says.
#pragma once

#include <string>

#include "fixtures/store.hpp"

namespace plumbline::testing {

/// `count` elements of one axis, their codes spread over all of the type's.
tensor all_codes(dtype type, std::int64_t count);

/// attend/NAME with the tensor x.
fixtures::stored_case case_with(std::string name, tensor value);

/// attend/sample with attributes; its tensor has `size` codes.
fixtures::stored_case sample(int seed, std::int64_t size = 3000);

/// Content of a file.
std::string bytes_of(const std::string& file);

/// What the store says against an action.
template <class Action>
std::string refusal(Action action) {
  try {
    action();
  } catch (const fixtures::store_error& error) {
    return error.what();
  }
  return "nothing was refused";
}

}  // namespace plumbline::testing
