// The table of prefill.
#include "kernels/conv1d/variants.hpp"
#include "kernels/core/table.hpp"

namespace plumbline::conv1d {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {
const variant<prefill_problem> prefill_rows[] = {blocks_variant(), sequences_variant()};
}
}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::conv1d

template <>
std::span<const plumbline::variant<plumbline::conv1d::prefill_problem>>
plumbline::table_of<plumbline::conv1d::prefill_problem, plumbline::this_side>() {
  return conv1d::prefill_rows;
}
