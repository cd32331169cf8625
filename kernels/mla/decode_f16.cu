// decode, the f16 instance of `absorb`.
#include "kernels/mla/decode_launch.hpp"

template void plumbline::mla::launch_decode<plumbline::dtype::f16>(const decode_problem&,
                                                                   const kernel_arguments&, launcher&);
