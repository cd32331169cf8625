# Standard headers, parsed once for each set of flags that a room compiles with.
#
# Parsing the same twenty headers is a third to a half of the time that a file takes.  Only the standard library's are
# in the list: ours change, and a change must not compile everything anew.  (Kernels add the headers that all of them
# include, which a change would compile anew in any case: kernels.cmake.)  A source still includes what it uses, and
# the builds without these headers (asan, clang's of tests/bits) fail where one does not.
set(plumbline_standard_headers
  <algorithm> <array> <bit> <chrono> <cmath> <cstdint> <cstring> <functional> <limits> <map> <memory> <optional> <span>
  <stdexcept> <string> <string_view> <utility> <variant> <vector>)

set(plumbline_nothing ${CMAKE_BINARY_DIR}/nothing.cpp)
file(CONFIGURE OUTPUT ${plumbline_nothing} CONTENT "int main() {}\n")

# For code that waits for other code, or runs once a case: fast to build before fast to run.
add_library(plumbline_light INTERFACE)
target_compile_options(plumbline_light INTERFACE $<$<NOT:$<CONFIG:Debug>>:-O1>)

# add_precompiled(name [HEADERS <h> ...] [LINK t ...]): the headers as these interface libraries have them compiled; a
# target that links the same ones takes them with target_precompile_headers(target REUSE_FROM name).
function(add_precompiled name)
  cmake_parse_arguments(P "" "" "HEADERS;LINK" ${ARGN})
  add_library(${name} OBJECT EXCLUDE_FROM_ALL ${plumbline_nothing})
  target_link_libraries(${name} PRIVATE plumbline_flags ${P_LINK})
  target_precompile_headers(${name} PRIVATE ${plumbline_standard_headers} ${P_HEADERS})
endfunction()

add_precompiled(precompiled)
add_precompiled(precompiled_light LINK plumbline_light)

# Tests are executables, whose code is not that of a library, and most of them start with Boost.Test.
add_executable(precompiled_test EXCLUDE_FROM_ALL ${plumbline_nothing})
target_link_libraries(precompiled_test PRIVATE plumbline_flags plumbline_light Boost::unit_test_framework)
target_precompile_headers(precompiled_test PRIVATE ${plumbline_standard_headers} <boost/test/unit_test.hpp>)
