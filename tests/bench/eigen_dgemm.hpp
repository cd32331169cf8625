// Eigen's own double matrix product, the yardstick of the reference's speed, built for both instruction sets.
//
// The namespace is renamed in each build, so that the linker cannot take one build's inline code for the
// other's.
#pragma once

namespace plumbline::bench {

/// Seconds of one n x n x n product on this thread.
double dgemm_seconds_v3(int n);
double dgemm_seconds_v4(int n);

}  // namespace plumbline::bench
