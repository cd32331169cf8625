#include "kernels/flash_decode/scalar.cu"
