# plumbline_test(NAME n SOURCES a.cpp ... LINK t ... [LABELS l ...] [TIMEOUT s])
#
# One Boost.Test executable, registered as one ctest test per suite argument-free run.  The label of a test's tier is
# `smoke`, `default` or `long`; a test without a tier label gets `default`.  Smoke tests are those that end at once: all
# of them take less than 20 s.  `sanitized`: slower, and yet run by the asan preset like those.
add_library(boost_test_main OBJECT EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/tests/boost_main.cpp)
target_link_libraries(boost_test_main PUBLIC plumbline_flags Boost::unit_test_framework)

function(plumbline_test)
  cmake_parse_arguments(T "" "NAME;TIMEOUT" "SOURCES;LINK;LABELS" ${ARGN})
  add_executable(${T_NAME} ${T_SOURCES})
  target_link_libraries(${T_NAME} PRIVATE boost_test_main plumbline_light ${T_LINK})
  target_precompile_headers(${T_NAME} REUSE_FROM precompiled_test)
  add_test(NAME ${T_NAME} COMMAND ${T_NAME} --color_output=no --log_level=error --report_level=short)
  set(labels ${T_LABELS})
  if(NOT "smoke" IN_LIST labels AND NOT "long" IN_LIST labels AND NOT "default" IN_LIST labels)
    list(APPEND labels default)
  endif()
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 300)
  endif()
  set_tests_properties(${T_NAME} PROPERTIES LABELS "${labels}" TIMEOUT ${T_TIMEOUT})
endfunction()
