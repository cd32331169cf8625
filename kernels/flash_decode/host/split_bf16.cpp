#include "kernels/flash_decode/split_bf16.cu"
