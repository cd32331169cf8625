// Classes of writers, for every problem that has one: what their arithmetic does, and each by its name.
#pragma once

#include <array>
#include <iterator>
#include <utility>
#include <vector>

#include "properties/generate/problem_class.hpp"
#include "properties/meaning.hpp"
#include "reference/core/quantize_policy.hpp"

namespace plumbline::generate {

template <class P, std::size_t... I>
constexpr std::array<problem_class<P>, sizeof...(I)> named_policies(std::index_sequence<I...>) {
  return {problem_class<P>{quantize::policies[I].name, 0.0,
                           [](const P& p) { return p.rule.name == quantize::policies[I].name; }}...};
}

template <class P>
inline constexpr problem_class<P> policy_rows[] = {
    {"scale_power_of_two", 0, [](const P& p) { return p.rule.up != quantize::power_of_two::no; }},
    {"floor_on_amax", 0.1, [](const P& p) { return p.rule.amax_floor > 0; }},
    {"floor_on_scale", 0, [](const P& p) { return p.rule.scale_floor > 0; }},
    {"scale_in_input_type", 0.02, [](const P& p) { return p.rule.scale_in == quantize::working::input; }},
    {"quotient_by_reciprocal", 0.04, [](const P& p) { return p.rule.ratio != quantize::quotient::divide; }},
    {"nan_reaches_scale", 0.08, [](const P& p) { return p.rule.nan_in_amax; }},
    {"exact_policy", 0.1, [](const P& p) { return p.rule.scale_error == 0 && p.rule.quotient_error == 0; }}};

/// Classes of a function with a policy: its own, then the writers', those of int8 codes where it takes them.
template <bool TakesInt8, class P, std::size_t N>
std::vector<problem_class<P>> with_policies(const problem_class<P> (&own)[N]) {
  std::vector<problem_class<P>> all(std::begin(own), std::end(own));
  all.insert(all.end(), std::begin(policy_rows<P>), std::end(policy_rows<P>));
  constexpr auto named = named_policies<P>(std::make_index_sequence<quantize::policies.size()>());
  for (std::size_t i = 0; i < named.size(); ++i)
    if (TakesInt8 || quantize::policies[i].code == dtype::e4m3) all.push_back(named[i]);
  return all;
}

}  // namespace plumbline::generate
