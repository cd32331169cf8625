#include "kernels/flash_decode/split_fp8.cu"
