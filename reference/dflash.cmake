# dflash: its problems join the library that kernels may link, its truth the one that they may not.
target_sources(reference_problem PRIVATE
  dflash_check.cpp
  dflash_inputs.cpp
  dflash_steps_problem.cpp
  dflash_text.cpp)
target_sources(reference PRIVATE
  dflash_accept.cpp
  dflash_attention.cpp
  dflash_generate.cpp
  dflash_model.cpp
  dflash_project.cpp
  dflash_steps.cpp)
