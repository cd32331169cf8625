# The kernels on the host executor.
plumbline_test(NAME flash_decode_kernels
  SOURCES flash_decode_kernels_test.cpp flash_decode_naive.cpp
  LINK kernels_flash_decode
  LABELS smoke flash_decode host)
