// attend, the f16 instances of `split`.
#include "kernels/flash_decode/split_launch.hpp"

template void plumbline::flash_decode::launch_split<plumbline::dtype::f16, plumbline::dtype::f16,
                                                    plumbline::flash_decode::split_keys>(
    const char*, const attend_problem&, const kernel_arguments&, launcher&);
