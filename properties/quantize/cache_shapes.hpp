// Which caches and stores are generated.
//
// Token counts lie around every width in which a kernel may move data, dims are the real ones half of the
// time and any that the layout allows else, and every writer of the policy table comes up.
#pragma once

#include <string_view>
#include <vector>

#include "properties/generate/draws.hpp"
#include "properties/generate/problem_class.hpp"
#include "reference/quantize_problem.hpp"

namespace plumbline::generate {

/// A count of tokens or rows: 0, 1, beside a power of two up to 128, or any up to `most`.
std::int64_t draw_tokens(draws&, std::int64_t most);
/// Unused elements behind a row: none for half of them.
std::int64_t draw_gap(draws&);
/// Every writer of these codes; our own two more often than any other.
quantize::policy draw_policy(draws&, dtype code);

quantize::store_problem draw_store(dtype in, std::string_view regime, std::uint64_t seed,
                                   std::uint64_t index);
std::vector<quantize::store_problem> smaller(const quantize::store_problem&);
std::span<const problem_class<quantize::store_problem>> store_classes();

quantize::dequantize_problem draw_dequantize(dtype in, std::string_view regime, std::uint64_t seed,
                                             std::uint64_t index);
std::vector<quantize::dequantize_problem> smaller(const quantize::dequantize_problem&);
std::span<const problem_class<quantize::dequantize_problem>> dequantize_classes();

/// Dims, tile, layout and pages of a cache that holds `tokens`; `powers_of_two`: its scales are.
void draw_cache(draws&, std::int64_t tokens, std::int64_t tile, bool powers_of_two, quantize::cache_shape&);

}  // namespace plumbline::generate
