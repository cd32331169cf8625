# The steps of mla's module as operations: what is drawn, laws kept and broken.
plumbline_test(NAME mla_steps
  SOURCES mla_steps_rows_test.cpp LINK properties LABELS mla properties smoke)
