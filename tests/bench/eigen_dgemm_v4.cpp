#define Eigen Eigen_for_v4
#define PLUMBLINE_DGEMM dgemm_seconds_v4
#include "tests/bench/eigen_dgemm_code.hpp"
