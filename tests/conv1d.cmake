# conv1d: its reference, its grids, its laws.
plumbline_test(NAME conv1d_reference
  SOURCES conv1d_reference_prefill_test.cpp conv1d_reference_update_test.cpp
    conv1d_reference_steps_test.cpp conv1d_reference_refusals_test.cpp
  LINK reference LABELS reference conv1d smoke)
plumbline_test(NAME conv1d_kernels
  SOURCES conv1d_grid_test.cpp LINK kernels_conv1d reference LABELS conv1d host smoke)
plumbline_test(NAME conv1d_laws
  SOURCES harness/conv1d_laws_test.cpp harness/conv1d_judge_test.cpp
  LINK properties LABELS conv1d properties)
