#include "ci/plumbline/json_number.hpp"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace plumbline::program {

nlohmann::json json_number(double x) {
  if (std::isfinite(x)) return x;
  return std::isnan(x) ? "nan" : x > 0 ? "inf" : "-inf";
}

double number_from(const nlohmann::json& j) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (j.is_number()) return j.get<double>();
  if (j == "inf") return infinity;
  return j == "-inf" ? -infinity : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace plumbline::program
