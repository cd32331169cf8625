#include "kernels/probe/run.cu"
