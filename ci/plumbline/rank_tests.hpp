// How sure it is that one number of a row rose between two runs.
//
// Nothing is known of the distribution of these numbers, and a few cases differ a thousandfold; so what
// counts is which of two is larger.  Runs of other seeds draw other cases, and only alike ones can be held to
// each other (alike_cases.hpp).  In a group g of N_g of them, ranked together, the case i has the score
//
//   a_i = sum_g w_g (rank_i - (N_g + 1) / 2) / (N_g + 1)
//
// summed over the groups that it is in: how far it stands above its like.  w_g is what a group can tell: the
// share of its pairs that a rise of a third would turn round.  With w = 1 and regimes for groups this is van
// Elteren's test; the weights are those that are best against such a rise.  T is the sum over the cases of
// this run.
//
// If nothing rose, both runs drew from one population, and the cases of this run are any n of all N: groups
// and scores do not depend on which they are.  So the chance that T is as large is counted among all draws of
// n of the N scores, and bounded from above without any approximation (tail_bounds.hpp).  The bound holds for
// any kernel, regime and number of cases, and whatever the groups are.  It does not hold where the generator
// itself changed between the runs, for then there were two populations: record such a baseline again.
//
// A change may raise the errors of some cases alone, of one type of output or one regime, and be lost among
// the others.  So the cases of each trait are also tested by themselves, drawn among themselves; the chance
// is twice the bound over all cases, or twice that of the surest trait times the number of traits, whichever
// is less (Bonferroni).
//
// Runs of one seed draw the same cases: then each is held to itself, what differs is ranked by the size of
// its logarithm, and if nothing rose the signs are flips of a coin (Wilcoxon's test); they are bounded
// likewise.
//
// A run makes many such tests.  A rise is one whose bound is below `false_alarms` over their number, so by
// Bonferroni at most one in a hundred runs that changed nothing has any, and fewer as far as the bounds
// exceed the chance.  Of one seed that takes signs that are as likely up as down.  What is the same number in
// every case of both runs, as the zero of a kernel that computes exactly, cannot be ranked and is no test.
#pragma once

#include "ci/plumbline/alike_cases.hpp"
#include "ci/plumbline/run_report.hpp"

namespace plumbline::program {

/// Of runs that drew other cases.  `where` is the surest trait, or empty: all cases.  `factor` is the median
/// of the ratios of the pairs of alike cases, one of each run, weighed as in T; infinity where most of the
/// cases before were 0.  Values that are not finite are told elsewhere, and are no numbers here.
rise compare(const measured& before, const measured& now);

/// Of as many cases, the same in both, in the same order.  `factor` is the median of the ratios that are
/// not 1.
rise compare_pairs(const std::vector<double>& before, const std::vector<double>& now);

/// Ranks from 1; those alike share theirs.
std::vector<double> midranks(const std::vector<double>&);

/// Of runs in which nothing changed, at most this share has a rise.
inline constexpr double false_alarms = 0.01;

}  // namespace plumbline::program
