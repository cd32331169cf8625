// A number of things as a reader says it: "1 case", "2 cases".
#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace plumbline {

/// `one` is the word for one of them, `several` the one for any other number; that with an s unless given.
template <std::integral Number>
std::string counted(Number n, std::string_view one, std::string_view several = {}) {
  std::string text = std::to_string(n) + ' ';
  if (n == 1 || several.empty())
    text += one;
  else
    text += several;
  if (n != 1 && several.empty()) text += 's';
  return text;
}

}  // namespace plumbline
