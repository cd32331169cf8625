// decode, the bf16 instance of `absorb`.
#include "kernels/mla/decode_launch.hpp"

template void plumbline::mla::launch_decode<plumbline::dtype::bf16>(const decode_problem&,
                                                                    const kernel_arguments&, launcher&);
