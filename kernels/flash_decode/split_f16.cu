// attend, the f16 instances of `split`.
#include "kernels/flash_decode/split_launch.hpp"

namespace plumbline::flash_decode {
inline namespace PLUMBLINE_SIDE_NAME {

void run_split_f16(const attend_problem& problem, const kernel_arguments& args, launcher& on) {
  launch_split<dtype::f16, dtype::f16>(problem, args, on);
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::flash_decode
