// The tile code for AVX-512: called only after the CPU said that it has it.
#define PLUMBLINE_TILE_LANES 8
#define PLUMBLINE_TILE_BLOCK 8
#define PLUMBLINE_TILE_TABLE for_v4
#include "reference/attention_tile_code.hpp"
