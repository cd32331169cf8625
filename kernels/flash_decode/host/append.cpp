#include "kernels/flash_decode/append.cu"
