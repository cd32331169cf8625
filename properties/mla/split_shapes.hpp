// Which batches are scheduled, and which partials are merged.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "properties/generate/problem_class.hpp"
#include "reference/core/contract.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::generate {

/// The regime of a schedule is how its lengths are drawn: there is nothing else to draw.
///   ragged         anything up to a few thousand keys
///   block_edges    whole blocks, or one key more or less
///   mostly_empty   half of the requests have no key
///   one_long       one request that outweighs all others
inline constexpr std::array<std::string_view, 4> schedule_regimes = {"ragged", "block_edges", "mostly_empty",
                                                                     "one_long"};
std::string_view draw_schedule_regime(std::uint64_t seed, std::uint64_t index);

mla::schedule_problem draw_schedule(const contract&, std::string_view regime, std::uint64_t seed,
                                    std::uint64_t index);
mla::combine_problem draw_mla_combine(const contract&, std::string_view regime, std::uint64_t seed,
                                      std::uint64_t index);

std::vector<mla::schedule_problem> smaller(const mla::schedule_problem&);
std::vector<mla::combine_problem> smaller(const mla::combine_problem&);

std::span<const problem_class<mla::schedule_problem>> schedule_classes();
std::span<const problem_class<mla::combine_problem>> mla_combine_classes();

}  // namespace plumbline::generate
