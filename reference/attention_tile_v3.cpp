// The tile code for AVX2 and FMA, which everything in this project may use.
#define PLUMBLINE_TILE_LANES 4
#define PLUMBLINE_TILE_BLOCK 6
#define PLUMBLINE_TILE_TABLE for_v3
#include "reference/attention_tile_code.hpp"
