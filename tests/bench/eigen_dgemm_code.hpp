// Included by eigen_dgemm_v3.cpp and eigen_dgemm_v4.cpp, which rename Eigen.
#pragma once

#include <Eigen/Core>
#include <chrono>

#include "tests/bench/eigen_dgemm.hpp"

namespace plumbline::bench {

double PLUMBLINE_DGEMM(int n) {
  thread_local Eigen::MatrixXd a, b, c;
  if (a.rows() != n) {
    a = Eigen::MatrixXd::Random(n, n);
    b = Eigen::MatrixXd::Random(n, n);
    c = Eigen::MatrixXd::Zero(n, n);
  }
  const auto start = std::chrono::steady_clock::now();
  c.noalias() = a * b;
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  if (!(c(0, 0) == c(0, 0))) return -1;
  return seconds.count();
}

}  // namespace plumbline::bench
