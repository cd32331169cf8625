#include "properties/tap_tensors.hpp"

#include <limits>
#include <string>

#include "reference/core/keyed_text.hpp"

namespace plumbline {

namespace {

constexpr std::int64_t columns = 3;

bool fits(const tap_record& taps) {
  for (std::size_t i = 0; i < tap_names.size(); ++i)
    for (const tapped& one : taps.of(static_cast<tap>(i)))
      if (one.row > std::numeric_limits<std::int32_t>::max()) return false;
  return true;
}

bool is_known(std::string_view tensor) {
  for (const std::string_view name : tap_names)
    if (tensor == "tap_" + std::string(name) || tensor == "tap_" + std::string(name) + "_at") return true;
  return false;
}

}  // namespace

tensor_set tensors_of(const tap_record& taps) {
  tensor_set all;
  if (taps.overflowed() || !fits(taps)) return all;
  for (std::size_t i = 0; i < tap_names.size(); ++i) {
    const std::span<const tapped> kept = taps.of(static_cast<tap>(i));
    if (kept.empty()) continue;
    const auto n = static_cast<std::int64_t>(kept.size());
    tensor values(dtype::f64, {n}), places(dtype::i32, {n, columns});
    double* value = values.as<double>();
    std::int32_t* place = places.as<std::int32_t>();
    for (const tapped& one : kept) {
      *value++ = one.value;
      *place++ = static_cast<std::int32_t>(one.row), *place++ = one.split, *place++ = one.at;
    }
    const std::string name = "tap_" + std::string(tap_names[i]);
    all.set(name, std::move(values)), all.set(name + "_at", std::move(places));
  }
  return all;
}

void read_taps(const tensor_set& from, tap_record& to) {
  for (const auto& one : from)
    if (!is_known(one.name)) throw bad_argument(one.name, "expected a tap that is known");
  for (std::size_t i = 0; i < tap_names.size(); ++i) {
    const std::string name = "tap_" + std::string(tap_names[i]);
    const tensor *values = from.find(name), *places = from.find(name + "_at");
    if (values == nullptr && places == nullptr) continue;
    if (values == nullptr || values->type() != dtype::f64 || values->rank() != 1)
      throw bad_argument(name, "expected f64 (n)");
    if (places == nullptr || places->type() != dtype::i32 || places->rank() != 2 ||
        places->dim(0) != values->dim(0) || places->dim(1) != columns)
      throw bad_argument(name + "_at", "expected i32 (" + std::to_string(values->dim(0)) + ", 3)");
    if (values->size() > static_cast<std::int64_t>(to.most()))
      throw bad_argument(name, "expected at most " + std::to_string(to.most()) + " numbers, got " +
                                   std::to_string(values->size()));
    const std::vector<double> numbers = values->values(), at = places->values();
    for (std::size_t k = 0; k < numbers.size(); ++k)
      to.take(static_cast<tap>(i),
              {static_cast<std::int64_t>(at[3 * k]), static_cast<std::int32_t>(at[3 * k + 1]),
               static_cast<std::int32_t>(at[3 * k + 2]), numbers[k]});
  }
  to.sort();
}

}  // namespace plumbline
