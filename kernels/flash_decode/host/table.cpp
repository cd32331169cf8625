#include "kernels/flash_decode/table.cu"
