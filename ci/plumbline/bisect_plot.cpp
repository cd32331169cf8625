// The metric over the commits visited, as one SVG that needs nothing beside it.
//
// Every measured value is a point at its place in the range; the dashed line tells good from bad.  The axis
// is logarithmic when every number is above zero, else linear; what is infinite stands at the upper edge and
// what gave no number below the axis.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "ci/plumbline/bisect_report.hpp"
#include "ci/plumbline/html.hpp"

namespace plumbline::program {

namespace {

constexpr double width = 760, height = 320, left = 84, right = 20, top = 34, bottom = 56;
constexpr const char* style =
    ":root { color-scheme: light dark } .ink { fill: #1b1f24 } .line { stroke: #8a9199; fill: none } .good { "
    "fill: #2f7d4f } .bad { fill: #b3261e } .skipped { fill: none; stroke: #8a9199 } text { font: 12px "
    "system-ui, sans-serif } @media (prefers-color-scheme: dark) { .ink { fill: #e4e6e8 } .good { fill: "
    "#6cc18e } .bad { fill: #ff8a80 } }";

struct axis {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  bool logarithmic = true;

  void hold(double x) {
    if (!std::isfinite(x)) return;
    low = std::min(low, x), high = std::max(high, x);
    logarithmic = logarithmic && x > 0;
  }
  void widen() {
    if (!(low <= high)) low = 0, high = 1, logarithmic = false;
    if (logarithmic)
      low /= 1.3, high *= 1.3;
    else
      high += high > low ? 0.1 * (high - low) : 1;
  }
  double at(double x) const {
    const double share = logarithmic ? std::log(x / low) / std::log(high / low) : (x - low) / (high - low);
    return height - bottom - std::clamp(share, 0.0, 1.0) * (height - top - bottom);
  }
  std::vector<double> ticks() const {
    if (!logarithmic) return {low, (low + high) / 2, high};
    std::vector<double> all;
    for (double decade = std::pow(10, std::floor(std::log10(low))); decade <= high; decade *= 10)
      for (const double x : {decade, 2 * decade, 5 * decade})
        if (x >= low && x <= high) all.push_back(x);
    while (all.size() > 9) {  // many decades: every other tick is enough
      for (std::size_t i = 1; i < all.size(); ++i) all.erase(all.begin() + static_cast<std::ptrdiff_t>(i));
    }
    return all;
  }
};

}  // namespace

std::string svg_of(const bisect_report& r) {
  axis y;
  for (const visited_commit& v : r.visited)
    for (const double x : values_of(v.what, r.plan.metric)) y.hold(x);
  if (r.plan.threshold > 0) y.hold(r.plan.threshold);
  y.widen();
  const auto place = [&](std::size_t index) {
    const double last = std::max<double>(1, static_cast<double>(r.commits()));
    return left + static_cast<double>(index) / last * (width - left - right);
  };
  std::string drawn;
  for (const double x : y.ticks())
    drawn += fmt::format(
        "<line class=\"line\" x1=\"{:.0f}\" x2=\"{:.0f}\" y1=\"{:.1f}\" y2=\"{:.1f}\" "
        "stroke-opacity=\"0.35\"/>"
        "<text class=\"ink\" x=\"{:.0f}\" y=\"{:.1f}\" text-anchor=\"end\">{:.3g}</text>\n",
        left, width - right, y.at(x), y.at(x), left - 6, y.at(x) + 4, x);
  if (std::isfinite(r.plan.threshold))
    drawn += fmt::format(
        "<line class=\"line\" x1=\"{:.0f}\" x2=\"{:.0f}\" y1=\"{:.1f}\" y2=\"{:.1f}\" "
        "stroke-dasharray=\"5 4\"><title>bad is above {:.4g}</title></line>\n",
        left, width - right, y.at(r.plan.threshold), y.at(r.plan.threshold), r.plan.threshold);
  for (const visited_commit& v : r.visited) {
    const std::string name = v.side == commit_side::good  ? "good"
                             : v.side == commit_side::bad ? "bad"
                                                          : "skipped";
    const std::string said = escaped(v.commit.substr(0, 10) + " " + v.subject);
    std::vector<double> values = values_of(v.what, r.plan.metric);
    if (values.empty())
      drawn += fmt::format(
          "<circle class=\"skipped\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\"><title>{}: no "
          "number</title></circle>\n",
          place(v.index), height - bottom + 14, said);
    for (const double x : values)
      drawn += fmt::format(
          "<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"><title>{}: {:.6g}</title></circle>\n",
          name, place(v.index), std::isfinite(x) ? y.at(x) : top, v.commit == r.first_bad ? 6 : 4, said, x);
  }
  if (const visited_commit* first = r.find(r.first_bad)) {
    const double x = place(first->index);
    drawn +=
        fmt::format("<text class=\"bad\" x=\"{:.1f}\" y=\"{:.0f}\" text-anchor=\"{}\">first bad: {}</text>\n",
                    x, height - bottom + 32, x > width / 2 ? "end" : "start", first->commit.substr(0, 10));
  }
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" "
      "height=\"{1:.0f}\" role=\"img\">\n<title>{2} of {3}</title>\n<style>{4}</style>\n"
      "<text class=\"ink\" x=\"{5:.0f}\" y=\"18\">{2} of {3}, {6} commits after {7}{8}</text>\n{9}</svg>\n",
      width, height, escaped(r.plan.metric), escaped(r.plan.row), style, left, r.commits(),
      r.plan.good.substr(0, 10), y.logarithmic ? " (logarithmic)" : "", drawn);
}

}  // namespace plumbline::program
