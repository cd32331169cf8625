# One ctest test a row: operator, function, variant, dtype and executor, taken from the program that was just built, so
# that a new row of a variant table adds its tests.
#
#   discover_rows(TARGET plumbline)       registers a step behind the target's link, and its result with ctest
#   cmake -DPROGRAM=... -DTESTS=... ...   the step itself (this file run as a script)
#
# A row X.host has three tests: X.host (default tier, 100 cases: enough for the coverage floors), X.host.smoke and
# X.host.long.  Recorded cases are one test a function that has some.  Rows on a GPU ask ctest for one, so that no two tests share it.
# On the checked executor, which is ten times slower and varies schedules by case, there are fewer cases.
cmake_policy(VERSION 3.25)

set(discover_script ${CMAKE_CURRENT_LIST_FILE})

function(discover_rows)
  cmake_parse_arguments(D "" "TARGET" "" ${ARGN})
  set(tests ${CMAKE_CURRENT_BINARY_DIR}/${D_TARGET}_rows.cmake)
  set(guard ${CMAKE_CURRENT_BINARY_DIR}/${D_TARGET}_guard.cmake)
  add_custom_command(TARGET ${D_TARGET} POST_BUILD BYPRODUCTS ${tests}
    COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:${D_TARGET}> -DTESTS=${tests} -DOUT=${CMAKE_BINARY_DIR}/plumbline
            -DGPU_TESTS=${PLUMBLINE_GPU_TESTS} -P ${discover_script}
    VERBATIM)
  file(WRITE ${guard} "if(EXISTS \"${tests}\")\n  include(\"${tests}\")\nelse()\n"
    "  add_test(${D_TARGET}_is_not_built ${D_TARGET}_is_not_built)\nendif()\n")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${guard})
endfunction()

# gpus.json: what RESOURCE_GROUPS counts; without the file ctest ignores the property.
function(write_gpu_resources file)
  execute_process(COMMAND nvidia-smi -L OUTPUT_VARIABLE listed ERROR_QUIET RESULT_VARIABLE failed)
  set(gpus "")
  if(NOT failed)
    string(REGEX MATCHALL "GPU [0-9]+:" names "${listed}")
    foreach(name ${names})
      string(REGEX MATCH "[0-9]+" id "${name}")
      list(APPEND gpus "{ \"id\": \"${id}\", \"slots\": 1 }")
    endforeach()
  endif()
  list(JOIN gpus ", " gpus)
  file(WRITE ${file} "{ \"version\": { \"major\": 1, \"minor\": 0 }, \"local\": [ { \"gpus\": [ ${gpus} ] } ] }\n")
endfunction()

if(NOT CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  return()
endif()

set(content "")

# add_row(name labels timeout arguments...): `name` is unique; its folder of failures is its own.
function(add_row name labels timeout)
  set(properties "LABELS \"${labels}\" TIMEOUT ${timeout}")
  if("gpu" IN_LIST labels)
    string(APPEND properties " RESOURCE_GROUPS \"1,gpus:1\"")
  endif()
  list(JOIN ARGN " " arguments)
  string(APPEND content "add_test(${name} \"${PROGRAM}\" verify ${arguments} --out \"${OUT}/${name}\")\n"
    "set_tests_properties(${name} PROPERTIES ${properties})\n")
  set(content "${content}" PARENT_SCOPE)
endfunction()

function(add_rows_on place cases smoke_cases long_cases recorded_tier)
  execute_process(COMMAND ${PROGRAM} list --json --on ${place} OUTPUT_VARIABLE listed RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "${PROGRAM} list --json failed: ${failed}")
  endif()
  string(JSON operations LENGTH "${listed}" operations)
  foreach(i RANGE 1 ${operations})
    math(EXPR i "${i} - 1")
    string(JSON op GET "${listed}" operations ${i} operator)
    string(JSON function GET "${listed}" operations ${i} function)
    string(JSON rows LENGTH "${listed}" operations ${i} rows)
    if(rows EQUAL 0)
      continue()
    endif()
    foreach(j RANGE 1 ${rows})
      math(EXPR j "${j} - 1")
      string(JSON variant GET "${listed}" operations ${i} rows ${j} variant)
      string(JSON type GET "${listed}" operations ${i} rows ${j} dtype)
      set(name ${op}.${function}.${variant}.${type}.${place})
      set(labels ${op} ${function} ${variant} ${type} ${place})
      set(row ${op}.${function}/${variant} --dtype ${type} --on ${place} --recorded no --jobs 1)
      add_row(${name} "${labels};default" 600 ${row} --cases ${cases})
      add_row(${name}.smoke "${labels};smoke" 120 ${row} --cases ${smoke_cases} --seed 2)
      add_row(${name}.long "${labels};long" 7200 ${row} --cases ${long_cases} --seed 3)
    endforeach()
    string(JSON recorded GET "${listed}" operations ${i} recorded)
    if(recorded GREATER 0)
      add_row(${op}.${function}.recorded.${place} "${op};${function};recorded;${place};${recorded_tier}" 900
        ${op}.${function} --on ${place} --recorded only)
    endif()
  endforeach()
  set(content "${content}" PARENT_SCOPE)
endfunction()

add_rows_on(host 100 4 2000 default)
add_rows_on(checked 20 2 500 long)
if(GPU_TESTS)
  add_rows_on(gpu 100 4 2000 default)
endif()
file(WRITE ${TESTS} "${content}")
