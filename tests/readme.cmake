# What README prints of a program is what the program prints.
function(readme_block name label target)
  add_test(NAME readme.${name}
    COMMAND ${CMAKE_COMMAND} "-DCOMMAND=$<TARGET_FILE:${target}>;${ARGN}" -DNAME=${name}
            -DREADME=${CMAKE_SOURCE_DIR}/README.md -P ${CMAKE_SOURCE_DIR}/ci/cmake/readme_block.cmake)
  set_tests_properties(readme.${name} PROPERTIES LABELS "${label}" TIMEOUT 600)
endfunction()

readme_block(budgets "smoke;program" plumbline list --budgets)
readme_block(claims "default;program;host" plumbline claims --no-figures)

add_executable(mla_forms mla_forms_table.cpp mla_forms_feed.cpp)
target_link_libraries(mla_forms PRIVATE kernels_mla judge reference fmt_static)
readme_block(mla_forms "default;mla;host" mla_forms)
