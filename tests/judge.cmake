# The judge: both sides of every threshold, then correct kernels that must pass and planted faults that must not.
plumbline_test(NAME judge_test
  SOURCES
    harness/judge_classes_test.cpp
    harness/judge_combine_test.cpp
    harness/judge_copies_test.cpp
    harness/judge_elements_test.cpp
    harness/judge_filters_test.cpp
    harness/judge_noise_test.cpp
    harness/judge_norm_test.cpp
    harness/judge_product_test.cpp
    harness/judge_quantized_test.cpp
    harness/judge_repeats_test.cpp
    harness/judge_verdict_test.cpp
  LINK judge LABELS judge smoke)

add_library(judge_calibration STATIC EXCLUDE_FROM_ALL
  harness/calibration.cpp
  harness/calibration_inputs.cpp
  harness/simulated_kernel.cpp
  harness/simulated_sums.cpp
  harness/small_attention.cpp)
target_link_libraries(judge_calibration PUBLIC judge)

plumbline_test(NAME judge_calibration_test
  SOURCES harness/judge_calibration_test.cpp LINK judge_calibration LABELS judge TIMEOUT 600)
plumbline_test(NAME judge_calibration_long_test
  SOURCES harness/judge_calibration_long_test.cpp LINK judge_calibration LABELS judge long TIMEOUT 7200)
plumbline_test(NAME judge_reference_test
  SOURCES harness/judge_reference_test.cpp harness/judge_vacuity_test.cpp LINK judge_calibration LABELS judge)

# Correct kernels that the judge once failed.
file(STRINGS ${CMAKE_CURRENT_SOURCE_DIR}/false_alarms.txt false_alarms REGEX "^plumbline")
add_test(NAME judge.false_alarms_stay_mended
  COMMAND plumbline replay ${false_alarms} --out ${CMAKE_CURRENT_BINARY_DIR}/false_alarms)
set_tests_properties(judge.false_alarms_stay_mended PROPERTIES LABELS "judge;default" TIMEOUT 300)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS false_alarms.txt)
