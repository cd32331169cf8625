# conv1d: its problems join the library that kernels may link, its truth the one that they may not.
target_sources(reference_problem PRIVATE
  conv1d_check.cpp
  conv1d_inputs.cpp
  conv1d_problem.cpp
  conv1d_steps_problem.cpp
  conv1d_text.cpp)
target_sources(reference PRIVATE
  conv1d_channel.cpp
  conv1d_prefill.cpp
  conv1d_steps.cpp
  conv1d_update.cpp)
