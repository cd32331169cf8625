// What generators of a function are asked alike: problems that hold together, and every class drawn often
// enough.
#pragma once

#include <boost/test/unit_test.hpp>

#include <map>
#include <span>
#include <string>

#include "properties/generate/problem_class.hpp"
#include "reference/core/contract.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/core/tensor.hpp"

namespace plumbline::planted {

inline constexpr contract in_bf16{"", dtype::bf16, dtype::bf16, types_alone{}};

template <class Problem>
tensor_set normal_inputs(const Problem& p, std::uint64_t i) {
  return generate::draw_inputs(p, "normal", i);
}

/// A thousand problems read back from their text, have smaller ones that are problems too, and fill every
/// class.
///
/// A class of a few percent has no floor that a hundred cases could hold; a thousand hold five of each.
template <class Problem>
void require_classes(std::span<const generate::problem_class<Problem>> classes,
                     Problem (*draw)(const contract&, std::string_view, std::uint64_t, std::uint64_t),
                     Problem (*parse)(const keyed_text&)) {
  std::map<std::string, int> count;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const Problem p = draw(in_bf16, "normal", 1, i);
    BOOST_REQUIRE_NO_THROW(check(p));
    BOOST_REQUIRE_MESSAGE((parse(keyed_text(to_text(p))) == p), to_text(p));
    for (const Problem& one : generate::smaller(p)) BOOST_REQUIRE_NO_THROW(check(one));
    for (const std::string& name : generate::names_holding(classes, p)) ++count[name];
  }
  for (const auto& one : classes) {
    BOOST_TEST(count[std::string(one.name)] >= 5, one.name << " is hardly drawn");
    BOOST_TEST(count[std::string(one.name)] >= 1000 * one.floor, one.name << " lies below its floor");
  }
}

}  // namespace plumbline::planted
