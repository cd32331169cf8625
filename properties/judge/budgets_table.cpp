#include "properties/judge/budgets_table.hpp"

namespace plumbline {
std::vector<std::string> budgets_legend() { return {}; }
std::vector<budget_row> budgets_table(std::span<const contract>) { return {}; }
std::string budgets_text(std::span<const contract>) { return {}; }
}  // namespace plumbline
