// The function of an operator by its name in a case line, "flash_decode.attend".
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "properties/operation.hpp"

namespace plumbline {

inline const operation& operation_named(std::string_view name) {
  for (const operation* one : operations())
    if (std::string(one->op()) + "." + std::string(one->function()) == name) return *one;
  throw std::out_of_range("no function " + std::string(name));
}

}  // namespace plumbline
