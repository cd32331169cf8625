plumbline_test(NAME mla_text SOURCES mla_reference_text_test.cpp mla_reference_module_text_test.cpp
  LINK reference_problem LABELS reference mla smoke)
plumbline_test(NAME mla_refusals SOURCES mla_reference_refusals_test.cpp LINK reference_problem
  LABELS reference mla smoke)
plumbline_test(NAME mla_reference
  SOURCES mla_reference_decode_test.cpp mla_reference_prefill_test.cpp mla_reference_indices_test.cpp
    mla_reference_prefill_indices_test.cpp mla_reference_steps_test.cpp mla_reference_forms_test.cpp
    mla_reference_forward_test.cpp mla_reference_schedule_test.cpp mla_reference_combine_test.cpp
  LINK reference LABELS reference mla smoke)
