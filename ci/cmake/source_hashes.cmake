# cmake -DSOURCE=dir -DHEADER=file -P source_hashes.cmake: a hash of the sources that decide what a kernel of each operator
# computes on the host (of the reference that is what kernels include), and one of the reference's, as a table of names and hashes.
cmake_policy(VERSION 3.25)
function(hash_of name)
  set(all "")
  foreach(part ${ARGN})
    if(IS_DIRECTORY ${SOURCE}/${part})
      file(GLOB_RECURSE files RELATIVE ${SOURCE} ${SOURCE}/${part}/*.cu ${SOURCE}/${part}/*.cpp ${SOURCE}/${part}/*.hpp)
    else()
      file(GLOB files RELATIVE ${SOURCE} ${SOURCE}/${part})
    endif()
    list(SORT files)
    foreach(file ${files})
      file(SHA256 ${SOURCE}/${file} one)
      string(APPEND all "${file} ${one}\n")
    endforeach()
  endforeach()
  string(SHA256 hash "${all}")
  set(rows "${rows}    {\"${name}\", \"${hash}\"},\n" PARENT_SCOPE)
endfunction()

set(rows "")
hash_of(reference reference)
foreach(op flash_decode mla conv1d quantize dflash)
  hash_of(${op} kernels/${op} kernels/core kernels/host reference/core/*.hpp reference/${op}_*problem*.hpp)
endforeach()
file(CONFIGURE OUTPUT ${HEADER} @ONLY CONTENT
"inline constexpr std::pair<const char*, const char*> source_hashes[] = {
@rows@};
")
