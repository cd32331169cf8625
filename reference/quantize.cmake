# quantize: its problems join the library that kernels may link, its truth the one that they may not.
target_sources(reference PRIVATE quantize_group.cpp)
