# What README prints of the program is what the program prints.
add_test(NAME readme.budgets
  COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:plumbline> -DREADME=${CMAKE_SOURCE_DIR}/README.md
          -P ${CMAKE_SOURCE_DIR}/ci/cmake/readme_budgets.cmake)
set_tests_properties(readme.budgets PROPERTIES LABELS "smoke;program" TIMEOUT 60)
