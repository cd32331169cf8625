// What the names that `plumbline list` prints mean, one sentence each.
#pragma once

#include <span>
#include <string_view>

namespace plumbline {

struct meaning {
  std::string_view name, sentence;
};

/// The sentence of a name: one of `own`, else of the laws and claims that every operator shares; empty: none.
std::string_view meaning_of(std::string_view name, std::span<const meaning> own);

}  // namespace plumbline
