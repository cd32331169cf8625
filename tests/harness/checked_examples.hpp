// Small kernels that break one rule of memory each, beside others that come as close without breaking it.
#pragma once

#include <span>
#include <string_view>

#include "kernels/core/launch.hpp"
#include "kernels/core/variant.hpp"

namespace plumbline::checked_examples {

/// All run on the same tensors, see tensors().
struct example {
  std::string_view name;
  std::string_view kind;        // of the fault; empty: the kernel is right
  std::string_view says;        // part of the message
  std::string_view line;        // the comment that ends the line of the access; empty: the message has none
  std::string_view other_line;  // ... of the access it collides with; either may come second
  void (*run)(const kernel_arguments&, launcher&) = nullptr;
};

std::span<const example> in_shared_memory();
std::span<const example> in_global_memory();
std::span<const example> of_addresses();
std::span<const example> of_meetings();
std::span<const example> of_copies();
std::span<const example> of_products();

}  // namespace plumbline::checked_examples
