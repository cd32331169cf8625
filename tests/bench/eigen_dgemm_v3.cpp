#define Eigen Eigen_for_v3
#define PLUMBLINE_DGEMM dgemm_seconds_v3
#include "tests/bench/eigen_dgemm_code.hpp"
