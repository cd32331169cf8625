// From a side to its tables.  Sides that were not built in have empty ones.
#include "kernels/flash_decode/flash_decode.hpp"
#include "kernels/flash_decode/table.hpp"

namespace plumbline::flash_decode {

#if PLUMBLINE_HAVE_CUDA
inline namespace side_gpu {
std::span<const variant<attend_problem>> attend_table();
std::span<const variant<append_problem>> append_table();
std::span<const variant<combine_problem>> combine_table();
}  // namespace side_gpu
#endif

#if PLUMBLINE_HAVE_CHECKED
inline namespace side_checked {
std::span<const variant<attend_problem>> attend_table();
std::span<const variant<append_problem>> append_table();
std::span<const variant<combine_problem>> combine_table();
}  // namespace side_checked
#endif

std::span<const variant<attend_problem>> attend_variants(side where) {
  if (where == side::host) return side_host::attend_table();
#if PLUMBLINE_HAVE_CHECKED
  if (where == side::checked) return side_checked::attend_table();
#endif
#if PLUMBLINE_HAVE_CUDA
  if (where == side::gpu) return side_gpu::attend_table();
#endif
  return {};
}

std::span<const variant<append_problem>> append_variants(side where) {
  if (where == side::host) return side_host::append_table();
#if PLUMBLINE_HAVE_CHECKED
  if (where == side::checked) return side_checked::append_table();
#endif
#if PLUMBLINE_HAVE_CUDA
  if (where == side::gpu) return side_gpu::append_table();
#endif
  return {};
}

std::span<const variant<combine_problem>> combine_variants(side where) {
  if (where == side::host) return side_host::combine_table();
#if PLUMBLINE_HAVE_CHECKED
  if (where == side::checked) return side_checked::combine_table();
#endif
#if PLUMBLINE_HAVE_CUDA
  if (where == side::gpu) return side_gpu::combine_table();
#endif
  return {};
}

}  // namespace plumbline::flash_decode
