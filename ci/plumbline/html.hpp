// The pieces that every HTML report is made of: one page without scripts or links to anything, readable in
// light and dark, and small pictures as inline SVG.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "properties/judge/verdict.hpp"

namespace plumbline::program {

std::string escaped(std::string_view text);
/// A whole document.
std::string page(std::string_view title, const std::string& body);
/// A bar of budget used; the mark is the budget, the bar ends at 1.2 of it, like the picture.
std::string used_bar(double used);
/// Elements by error in units of budget, logarithmic height; right of the mark is beyond the budget.
std::string used_picture(const std::array<std::int64_t, used_bins>& histogram);

}  // namespace plumbline::program
