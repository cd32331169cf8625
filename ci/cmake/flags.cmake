# One target carries the flags, so that the claims about bits and the flags that make them true travel together.
#
# -ffp-contract=off: a*b+c is two roundings unless the source says fmaf, on every compiler.
# -fmacro-prefix-map: reports name files as the repository does, wherever it lies; ccache gives one copy of it what
# another has compiled, __FILE__ included.
# x86-64-v3: AVX2 and FMA; the software fmaf would be correct and slow.  Never -ffast-math, at compile or link.
add_library(plumbline_flags INTERFACE)
target_include_directories(plumbline_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_features(plumbline_flags INTERFACE cxx_std_20)
target_compile_options(plumbline_flags INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Werror -ffp-contract=off -march=x86-64-v3
    -fmacro-prefix-map=${CMAKE_SOURCE_DIR}/=>)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # g++ 12 warns of overlapping copies in std::string's own operator+ (its bug 105651).
  target_compile_options(plumbline_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
endif()
target_link_libraries(plumbline_flags INTERFACE Threads::Threads)

if(PLUMBLINE_SANITIZE)
  target_compile_options(plumbline_flags INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${PLUMBLINE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g>)
  target_link_options(plumbline_flags INTERFACE -fsanitize=${PLUMBLINE_SANITIZE})
endif()

find_program(PLUMBLINE_CCACHE ccache)
if(PLUMBLINE_CCACHE)
  set(PLUMBLINE_CCACHE ${CMAKE_CURRENT_LIST_DIR}/cached ${CMAKE_SOURCE_DIR} ${PLUMBLINE_CCACHE})
  foreach(language C CXX CUDA)
    set(CMAKE_${language}_COMPILER_LAUNCHER ${PLUMBLINE_CCACHE})
  endforeach()
endif()
