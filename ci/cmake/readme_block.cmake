# A block of README.md is what a program prints, word for word.
#
# cmake -DCOMMAND="PROGRAM;ARGUMENT..." -DNAME=budgets -DREADME=README.md [-DUPDATE=ON] -P readme_block.cmake
# The block stands between the marks of its name.  Without UPDATE a difference is an error; with it the block is written
# anew.
cmake_policy(VERSION 3.25)
list(JOIN COMMAND " " shown)
execute_process(COMMAND ${COMMAND} OUTPUT_VARIABLE table RESULT_VARIABLE code)
if(NOT code EQUAL 0 OR table STREQUAL "")
  message(FATAL_ERROR "${shown}: exit ${code}, expected a table")
endif()
set(open "<!-- ${NAME}: written by ci/cmake/readme_block.cmake -->\n```\n")
set(close "```\n<!-- ${NAME} end -->")
file(READ ${README} text)
string(FIND "${text}" "${open}" begin)
string(FIND "${text}" "${close}" end)
if(begin EQUAL -1 OR end LESS begin)
  message(FATAL_ERROR "${README}: the marks around the block \"${NAME}\" are gone")
endif()
string(LENGTH "${open}" marked)
math(EXPR first "${begin} + ${marked}")
math(EXPR length "${end} - ${first}")
string(SUBSTRING "${text}" ${first} ${length} found)
if(found STREQUAL table)
  return()
endif()
if(NOT UPDATE)
  message(FATAL_ERROR "README.md: the block \"${NAME}\" is not what `${shown}` prints; run "
                      "cmake \"-DCOMMAND=${COMMAND}\" -DNAME=${NAME} -DREADME=${README} -DUPDATE=ON "
                      "-P ci/cmake/readme_block.cmake")
endif()
string(SUBSTRING "${text}" 0 ${first} before)
string(SUBSTRING "${text}" ${end} -1 after)
file(WRITE ${README} "${before}${table}${after}")
