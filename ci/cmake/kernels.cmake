# What nearly every kernel includes takes as long to parse as the kernel to compile.
set(plumbline_kernel_headers <immintrin.h>
  <kernels/core/launch.hpp> <kernels/core/memory.hpp> <kernels/core/mma.hpp> <kernels/core/numeric.hpp>
  <kernels/core/promises.hpp> <kernels/core/rows.hpp> <kernels/core/table.hpp>)
add_precompiled(precompiled_kernels HEADERS ${plumbline_kernel_headers} LINK plumbline_light kernels_host)

# add_kernels(OP SOURCES a.cu b.cu ... [HOST c.cpp ...])
#
# The kernels of one operator, from one list, for every side:
#   kernels_OP       the host executor's, and where there is a checked executor its instrumented twin;
#                    HOST: further sources that hold no kernels
#   kernels_OP_gpu   the same for GPUs, where nvcc was found; whoever links kernels_OP links it
# On the host a kernel waits for the executor, whose own code is what counts: -O1 is as fast as -O3.
# Call it in kernels/OP/CMakeLists.txt; tables are found through kernels/core/table.hpp.
#
# CMake gives a file one language a folder, so the host compiles one-line sources that include the .cu files; they are
# written into the build folder.
function(add_kernels op)
  cmake_parse_arguments(K "" "" "SOURCES;HOST" ${ARGN})
  file(RELATIVE_PATH folder ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  set(on_host "")
  foreach(source ${K_SOURCES})
    if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${source})
      message(FATAL_ERROR "add_kernels(${op}): there is no ${folder}/${source}")
    endif()
    string(REGEX REPLACE "\\.cu$" ".cpp" twin ${CMAKE_CURRENT_BINARY_DIR}/host/${source})
    file(CONFIGURE OUTPUT ${twin} CONTENT "#include \"${folder}/${source}\"\n")
    list(APPEND on_host ${twin})
  endforeach()
  add_library(kernels_${op} STATIC ${K_HOST} ${on_host})
  target_link_libraries(kernels_${op} PUBLIC kernels_host reference_problem PRIVATE plumbline_light)
  target_precompile_headers(kernels_${op} REUSE_FROM precompiled_kernels)
  add_checked_kernels(kernels_${op} KEEP "*plumbline8table_ofI*" SOURCES ${on_host})
  if(PLUMBLINE_HAVE_CUDA)
    add_library(kernels_${op}_gpu STATIC ${K_SOURCES})
    target_link_libraries(kernels_${op}_gpu PUBLIC kernels_gpu)
    target_link_libraries(kernels_${op} PUBLIC kernels_${op}_gpu)
  endif()
endfunction()
