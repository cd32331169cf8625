# The one streaming attention in double.  Its hot code is compiled for x86-64-v3 and -v4 and chosen at run time.  These
# two objects define nothing but their entry (no library's inline code that a linker could swap between them), turn
# a * b + c into one rounding, and are optimised in every build: they promise closeness, not bits.
add_library(reference_attention_tiles OBJECT attention_tile_v3.cpp attention_tile_v4.cpp)
target_link_libraries(reference_attention_tiles PRIVATE plumbline_flags)
set_source_files_properties(attention_tile_v3.cpp PROPERTIES COMPILE_OPTIONS "-O3;-ffp-contract=fast")
set_source_files_properties(attention_tile_v4.cpp PROPERTIES COMPILE_OPTIONS "-O3;-ffp-contract=fast;-march=x86-64-v4")

add_library(reference_attention STATIC
  attention.cpp attention_companion_finish.cpp attention_companions.cpp attention_groups.cpp attention_rows.cpp
  attention_schedule.cpp attention_theta.cpp attention_truth.cpp attention_unit_facts.cpp
  $<TARGET_OBJECTS:reference_attention_tiles>)
target_link_libraries(reference_attention PUBLIC reference_core)
