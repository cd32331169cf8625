#include "kernels/flash_decode/split_f16.cu"
