# kernels/core/built_sides.hpp: which executors this build has beside the host's.
foreach(side checked gpu)
  set(built_for_${side} false)
  if(TARGET kernels_${side})
    set(built_for_${side} true)
  endif()
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/kernels/core/built_sides.hpp CONTENT
"// Written when this build was configured.
#pragma once

namespace plumbline {
inline constexpr bool built_for_checked = @built_for_checked@;
inline constexpr bool built_for_gpu = @built_for_gpu@;
}  // namespace plumbline
" @ONLY)
