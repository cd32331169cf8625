plumbline_test(NAME reference_formats SOURCES reference_formats_test.cpp LINK reference_core LABELS reference smoke)
plumbline_test(NAME reference_tensor SOURCES reference_tensor_test.cpp LINK reference_core LABELS reference smoke)
plumbline_test(NAME reference_text SOURCES reference_text_test.cpp LINK reference_core LABELS reference smoke)
plumbline_test(NAME reference_random SOURCES reference_random_test.cpp LINK reference_core LABELS reference smoke)
plumbline_test(NAME flash_decode_text SOURCES reference_flash_decode_text_test.cpp LINK reference_problem
  LABELS reference flash_decode smoke)
plumbline_test(NAME flash_decode_refusals
  SOURCES reference_flash_decode_refusals_test.cpp reference_flash_decode_refusals_append_test.cpp
  LINK reference_problem LABELS reference flash_decode smoke)
plumbline_test(NAME flash_decode_split_heuristics SOURCES reference_split_heuristics_test.cpp LINK reference_problem
  LABELS reference flash_decode smoke)
plumbline_test(NAME flash_decode_reference
  SOURCES flash_decode_reference_test.cpp reference_flash_decode_masks_test.cpp
    reference_flash_decode_append_test.cpp reference_flash_decode_combine_test.cpp
  LINK reference LABELS reference flash_decode smoke)
if(PLUMBLINE_HAVE_CUDA)
  plumbline_test(NAME reference_formats_all_floats SOURCES reference_formats_long_test.cpp
    LINK reference_core CUDA::toolkit LABELS reference long TIMEOUT 1800)
endif()
