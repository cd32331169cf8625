#include "ci/plumbline/bisect_view.hpp"

#include <algorithm>
#include <cmath>

namespace plumbline::program {

void bisect_view::doing(const std::string& what, const std::string& commit) {
  const auto halvings = static_cast<std::int64_t>(std::ceil(std::log2(static_cast<double>(r_.range.size()))));
  bar_.show("bisect", done_, 2 + halvings, what + " " + commit.substr(0, 10));
}

void bisect_view::print_line(const visited_commit& v) { bar_.print(line_of(r_, v, colour_wanted(text_))); }

void bisect_view::print_report() { bar_.print(text_of(r_, colour_wanted(text_))); }

visited_commit bisect_view::visit(const std::string& commit, const measured_commit& m) const {
  visited_commit v;
  v.commit = commit, v.what = m, v.subject = git_.described(commit, "%s");
  v.index = static_cast<std::size_t>(std::find(r_.range.begin(), r_.range.end(), commit) - r_.range.begin());
  v.side = side_of(m, r_.plan.metric, r_.plan.threshold);
  return v;
}

}  // namespace plumbline::program
