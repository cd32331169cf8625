// The two ends of a bisection, measured first: between their numbers lies the threshold, and they alone may
// say that there is nothing to look for.
#pragma once

#include <optional>

#include "ci/plumbline/bisect_report.hpp"
#include "ci/plumbline/bisect_view.hpp"

namespace plumbline::program {

/// Measures both, sets the plan's threshold (the geometric middle unless `asked`, NaN between equal ends) and
/// writes the plan to the folder.  The report's verdict stays `partial` when there is something to look for.
/// False: a signal ended it.  cannot_run naming the end that gives no number.
bool measure_ends(const bisect_folder&, const git_repository&, std::optional<double> asked, bisect_report&,
                  bisect_view&);

}  // namespace plumbline::program
