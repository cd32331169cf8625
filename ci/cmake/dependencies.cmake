# Packages, as imported targets.  `ci/packages.txt` lists what installs them.
#
# HDF5 is linked statically, by hand: its shared library drags in forty others, and the imported static C++ target of
# Debian 12 does not link.  fmt is used header-only, compiled once in reference/core (Debian has no static archive).
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(fmt REQUIRED)
find_package(rapidcheck REQUIRED CONFIG)
find_package(CLI11 REQUIRED CONFIG)
find_package(nlohmann_json REQUIRED CONFIG)
set(Boost_USE_STATIC_LIBS ON)
find_package(Boost REQUIRED COMPONENTS context unit_test_framework)

find_path(RANDOM123_INCLUDE_DIR Random123/philox.h REQUIRED)
add_library(random123 INTERFACE)
target_include_directories(random123 SYSTEM INTERFACE ${RANDOM123_INCLUDE_DIR})

find_package(HDF5 REQUIRED COMPONENTS C CXX)
add_library(hdf5_static INTERFACE)
target_include_directories(hdf5_static SYSTEM INTERFACE ${HDF5_INCLUDE_DIRS})
foreach(archive libhdf5_serial_cpp.a libhdf5_serial.a libsz.a libaec.a libz.a)
  find_library(HDF5_STATIC_${archive} NAMES ${archive} REQUIRED)
  target_link_libraries(hdf5_static INTERFACE ${HDF5_STATIC_${archive}})
endforeach()
find_path(ZLIB_INCLUDE_DIR zlib.h REQUIRED)
add_library(zlib_static INTERFACE)
target_include_directories(zlib_static SYSTEM INTERFACE ${ZLIB_INCLUDE_DIR})
target_link_libraries(zlib_static INTERFACE ${HDF5_STATIC_libz.a})
target_link_libraries(hdf5_static INTERFACE Threads::Threads ${CMAKE_DL_LIBS} m)
