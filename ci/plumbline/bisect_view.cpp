#include "ci/plumbline/bisect_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <filesystem>

#include "reference/core/counted.hpp"

namespace plumbline::program {

// The ends, and half of the candidates at a time.
std::int64_t bisect_view::steps() const {
  return 2 + static_cast<std::int64_t>(std::bit_width(r_.range.size() - 2));
}

void bisect_view::print_way(const bisect_folder& at) {
  const bisect_plan& p = r_.plan;
  const auto known = std::count_if(r_.range.begin(), r_.range.end(),
                                   [&](const std::string& one) { return at.measured(one).has_value(); });
  bar_.print(fmt::format("{}, {} to {} with both ends: about {} to build and measure{}\n",
                         counted(r_.range.size(), "commit"), p.good.substr(0, 10), p.bad.substr(0, 10),
                         steps(), known > 0 ? ", " + counted(known, "is", "are") + " measured already" : ""));
  if (!std::filesystem::exists(p.build))
    bar_.print("the first build compiles the whole program, minutes; a later one what its commit changed\n");
}

void bisect_view::doing(const std::string& what, const std::string& commit) {
  bar_.show_step("bisect", done_ + 1, std::max(done_ + 1, steps()), what + " " + commit.substr(0, 10));
}

void bisect_view::print_line(const visited_commit& v) { bar_.print(line_of(r_, v, colour_wanted(text_))); }

void bisect_view::print_report() { bar_.print(text_of(r_, colour_wanted(text_))); }

visited_commit bisect_view::visit(const std::string& commit, const measured_commit& m) const {
  visited_commit v;
  v.commit = commit, v.what = m, v.subject = git_.described(commit, "%s");
  v.index = static_cast<std::size_t>(std::find(r_.range.begin(), r_.range.end(), commit) - r_.range.begin());
  v.side = side_of(m, r_.plan.metric, r_.plan.threshold);
  if (r_.verdict == bisect_verdict::lost || r_.verdict == bisect_verdict::flaky)
    v.side = commit == r_.plan.good  ? commit_side::good_end
             : commit == r_.plan.bad ? commit_side::bad_end
                                     : commit_side::between;
  return v;
}

}  // namespace plumbline::program
