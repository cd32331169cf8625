# quantize: its reference.
plumbline_test(NAME quantize_reference SOURCES quantize_reference_group_test.cpp
  LINK reference LABELS reference quantize smoke)
