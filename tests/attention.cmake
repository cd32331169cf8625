plumbline_test(NAME attention.truth SOURCES attention_test.cpp attention_tile_test.cpp
  LINK reference_attention LABELS attention oracle sanitized TIMEOUT 120)

plumbline_test(NAME attention.companions SOURCES attention_companions_test.cpp
  LINK reference_attention LABELS attention oracle smoke TIMEOUT 120)

if(NOT PLUMBLINE_SANITIZE)
  plumbline_test(NAME attention.memory SOURCES attention_memory_test.cpp LINK reference_attention LABELS attention)
endif()

# Only the entry of a tile object may be visible: shared inline code would be one copy for both instruction sets.
find_program(PLUMBLINE_NM nm)
if(PLUMBLINE_NM AND NOT PLUMBLINE_SANITIZE)
  add_test(NAME attention.tiles_share_no_code
    COMMAND ${CMAKE_COMMAND} "-DNM=${PLUMBLINE_NM}" "-DOBJECTS=$<TARGET_OBJECTS:reference_attention_tiles>"
            -P ${CMAKE_CURRENT_SOURCE_DIR}/attention_symbols.cmake)
  set_tests_properties(attention.tiles_share_no_code PROPERTIES LABELS "attention;smoke")
endif()

# Speed of the truth and of its companions against Eigen's DGEMM; run by hand.
add_executable(reference_bench EXCLUDE_FROM_ALL
  bench/reference_bench.cpp bench/eigen_dgemm_v3.cpp bench/eigen_dgemm_v4.cpp)
set_source_files_properties(bench/eigen_dgemm_v3.cpp PROPERTIES COMPILE_OPTIONS "-O3;-ffp-contract=fast")
set_source_files_properties(bench/eigen_dgemm_v4.cpp PROPERTIES COMPILE_OPTIONS
  "-O3;-ffp-contract=fast;-march=x86-64-v4;-Wno-maybe-uninitialized")  # in g++ 12's own AVX-512 header
target_link_libraries(reference_bench PRIVATE reference_attention Eigen3::Eigen)
