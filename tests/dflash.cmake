# dflash: its reference.
plumbline_test(NAME dflash_reference
  SOURCES dflash_reference_problem_test.cpp dflash_reference_layer_test.cpp dflash_reference_loop_test.cpp
  LINK reference LABELS reference dflash smoke)
