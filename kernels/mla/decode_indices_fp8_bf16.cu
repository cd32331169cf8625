// decode_indices, the bf16 instance of `absorb_fp8`.
#include "kernels/mla/decode_indices_launch.hpp"

template void plumbline::mla::launch_quantized<plumbline::dtype::bf16>(const decode_indices_problem&,
                                                                       const kernel_arguments&, launcher&);
