plumbline_test(NAME attention.truth SOURCES attention_test.cpp attention_tile_test.cpp
  LINK reference_attention LABELS attention oracle smoke TIMEOUT 120)

# Only the entry of a tile object may be visible: shared inline code would be one copy for both instruction sets.
find_program(PLUMBLINE_NM nm)
if(PLUMBLINE_NM AND NOT PLUMBLINE_SANITIZE)
  add_test(NAME attention.tiles_share_no_code
    COMMAND ${CMAKE_COMMAND} "-DNM=${PLUMBLINE_NM}" "-DOBJECTS=$<TARGET_OBJECTS:reference_attention_tiles>"
            -P ${CMAKE_CURRENT_SOURCE_DIR}/attention_symbols.cmake)
  set_tests_properties(attention.tiles_share_no_code PROPERTIES LABELS "attention;smoke")
endif()
