// Numbers in JSON.  Those that it cannot hold (NaN, infinities) are the words "nan", "inf" and "-inf", so a
// NaN stays a NaN and never becomes a zero that passes.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace plumbline::program {

nlohmann::json json_number(double);
/// NaN for anything that is no such number.
double number_from(const nlohmann::json&);

}  // namespace plumbline::program
