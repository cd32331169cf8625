# cmake -DSOURCE=dir -DHEADER=file -P commit.cmake: the commit that is being built, "-dirty" when files differ from it.
cmake_policy(VERSION 3.25)
execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --abbrev=40 --exclude=*
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed OR commit STREQUAL "")
  set(commit unknown)
endif()
file(CONFIGURE OUTPUT ${HEADER} CONTENT "#define PLUMBLINE_COMMIT \"@commit@\"\n" @ONLY)
