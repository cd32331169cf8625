# The steps of mla's module as operations: what is drawn, laws kept and broken.
plumbline_test(NAME mla_steps
  SOURCES mla_steps_rows_test.cpp mla_steps_split_test.cpp LINK properties LABELS mla properties)
plumbline_test(NAME mla_steps_product SOURCES mla_steps_product_test.cpp LINK properties LABELS mla properties)
plumbline_test(NAME mla_steps_forward SOURCES mla_steps_forward_test.cpp LINK properties LABELS mla properties)

# The chain of all steps, judged step by step.
plumbline_test(NAME mla_forward SOURCES mla_forward_test.cpp LINK properties LABELS mla host)
