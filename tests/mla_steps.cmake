# The steps of mla's module as operations: what is drawn, laws kept and broken.
plumbline_test(NAME mla_steps
  SOURCES mla_steps_rows_test.cpp mla_steps_split_test.cpp LINK properties LABELS mla properties)
plumbline_test(NAME mla_steps_product SOURCES mla_steps_product_test.cpp LINK properties LABELS mla properties)
plumbline_test(NAME mla_steps_forward SOURCES mla_steps_forward_test.cpp LINK properties LABELS mla properties)

# The chain of all steps, judged step by step.
plumbline_test(NAME mla_forward SOURCES mla_forward_test.cpp LINK properties LABELS mla host)

# The module of the 671B model as a whole, once in each form: e4m3 weights, one token behind two others.
foreach(form naive absorb)
  add_test(NAME mla_forward_of_671b.${form} COMMAND plumbline replay
    "plumbline1:mla.forward/chain:form=${form},weight_type=e4m3,start_pos=2,dim=7168,n_heads=128,q_lora_rank=1536;regime=normal;seed=1"
    --case-timeout 1200 --out ${CMAKE_CURRENT_BINARY_DIR}/mla_forward_of_671b.${form})
  set_tests_properties(mla_forward_of_671b.${form} PROPERTIES LABELS "mla;host;long" TIMEOUT 1200)
endforeach()

# Cases in upstream's terms.
plumbline_test(NAME mla_upstream
  SOURCES harness/mla_upstream_angles_test.cpp harness/mla_upstream_module_test.cpp harness/mla_upstream_test.cpp
  LINK properties LABELS mla properties)
