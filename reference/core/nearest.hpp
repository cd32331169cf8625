// What a word that nobody knows was probably meant to be.
#pragma once

#include <string>
#include <vector>

namespace plumbline {

/// The known name that the fewest changes of a letter make of `word` (inserted, left out, replaced, or
/// swapped with its neighbour): at most one for every three letters.  Empty: none is that near.
std::string nearest(const std::string& word, const std::vector<std::string>& known);

/// "; did you mean 'NAME'?", or nothing.
std::string guess(const std::string& word, const std::vector<std::string>& known);

}  // namespace plumbline
