// attend, the e4m3 instances of `split`.
#include "kernels/flash_decode/split_launch.hpp"

template void plumbline::flash_decode::launch_split<plumbline::dtype::e4m3, plumbline::dtype::bf16,
                                                    plumbline::flash_decode::split_keys>(
    const char*, const attend_problem&, const kernel_arguments&, launcher&);
