// How sure it is that one number of a row rose between two runs.
//
// Cases of one regime are alike, those of two are not, and no distribution can be assumed of either; so ranks
// are compared.  Where the cases are others, within each regime, and the regimes are added up (van Elteren's
// test):
//
//   z = sum_r (W_r - n_r (N_r + 1) / 2) / (N_r + 1)  /  sqrt(sum_r n_r m_r (1 - ties_r) / (12 (N_r + 1)))
//
// with W_r the sum of the ranks of this run's n_r cases among all N_r = n_r + m_r of the regime.  Where they
// are the same, each case is held to itself, and what differs is ranked by the size of its logarithm
// (Wilcoxon's test):
//
//   z = (W - n (n + 1) / 4)  /  sqrt(sum of squared ranks / 4)
//
// with W the sum of the ranks of the rises among the n that differ.  A generator that changed between the
// runs makes pairs of strangers: then this test sees less, and is no less honest.
#pragma once

#include "ci/plumbline/run_report.hpp"

namespace plumbline::program {

/// The rise of one number over the regimes that both runs have.  `factor` is the median over regimes of the
/// ratio of medians, weighed by cases; 1 and 0 sigmas where no regime has cases in both.
rise compare(const by_regime& before, const by_regime& now);

/// ... of runs that drew the same cases, as many in each regime, in the order of their index.  `factor` is
/// the median of the ratios that are not 1; 1 and 0 sigmas where no case differs.
rise compare_pairs(const by_regime& before, const by_regime& now);

/// A number below this counts as this: where nothing is rounded it is anything down to zero.
inline constexpr double least_number = 0.05;  // of a budget, or of the declared noise

}  // namespace plumbline::program
