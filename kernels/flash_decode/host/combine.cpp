#include "kernels/flash_decode/combine.cu"
