// The metric over the commits visited, as one SVG that needs nothing beside it.
//
// Visited commits stand side by side in the order of history, however far apart they are in it: near the
// first bad one all are neighbours, and that is where one looks.  Between two of them stands how many were
// left out.  Every measured value is a point; the dashed line tells good from bad.  What is infinite stands
// above the upper edge, and what gave no number at the lower one.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "ci/plumbline/bisect_report.hpp"
#include "ci/plumbline/html.hpp"
#include "ci/plumbline/plot_axis.hpp"

namespace plumbline::program {

namespace {

constexpr double width = 860, height = 420, left = 100, right = 110, top = 70, bottom = 110;
constexpr double right_edge = width - right, lower_edge = height - bottom;
constexpr double label_width = 15;  // of a rotated hash
constexpr std::size_t hash_length = 7, most_title = 105;
constexpr const char* style =
    ":root { color-scheme: light dark } text { font: 12px system-ui, sans-serif; fill: #1b1f24 } "
    ".title { font-size: 15px; font-weight: 600 } .quiet { fill: #6a737d } "
    ".line { stroke: #8a9199; fill: none } .grid { stroke: #8a9199; stroke-opacity: 0.3 } "
    ".good { fill: #2f7d4f } .bad { fill: #b3261e } .first { stroke: #b3261e; stroke-dasharray: 2 4 } "
    ".skipped, .between { fill: none; stroke: #6a737d; stroke-width: 1.5 } "
    "@media (prefers-color-scheme: dark) { text { fill: #e4e6e8 } .quiet { fill: #9aa4ad } "
    ".good { fill: #6cc18e } .bad { fill: #ff8a80 } .first { stroke: #ff8a80 } }";

// Of bytes that anybody may have typed: text that an XML document may hold.
std::string xml(const std::string& said) {
  using nlohmann::json;
  std::string valid = json::parse(json(said).dump(-1, ' ', false, json::error_handler_t::replace));
  for (char& c : valid)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  return escaped(valid);
}

std::string line(const char* kind, double x1, double y1, double x2, double y2) {
  return fmt::format("<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n", kind,
                     x1, y1, x2, y2);
}

std::string text(const char* kind, double x, double y, const char* anchor, const std::string& said,
                 int turned = 0) {
  const std::string turn =
      turned == 0 ? "" : fmt::format(" transform=\"rotate({} {:.1f} {:.1f})\"", turned, x, y);
  return fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n", kind, x,
                     y, anchor, turn, xml(said));
}

std::string brief(const std::string& commit) { return commit.substr(0, hash_length); }

class plot {
 public:
  explicit plot(const bisect_report& r) : r_(r), y_(numbers(r)) {}

  std::string str() const {
    const std::string said = r_.plan.metric + " of " + r_.plan.row;
    std::string cased = r_.case_text;
    if (cased.size() > most_title) cased = cased.substr(0, most_title) + "...";
    return fmt::format(
               "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" "
               "height=\"{1:.0f}\" role=\"img\">\n<title>{2}</title>\n<style>{3}</style>\n",
               width, height, xml(said), style) +
           text("title", left, 24, "start", said) + text("quiet", left, 43, "start", cased) + values() +
           threshold() + commits() + first_bad() + points() + "</svg>\n";
  }

 private:
  static std::vector<double> numbers(const bisect_report& r) {
    std::vector<double> all;
    for (const visited_commit& v : r.visited)
      for (const double x : values_of(v.what, r.plan.metric)) all.push_back(x);
    if (r.plan.threshold > 0) all.push_back(r.plan.threshold);
    return all;
  }

  double across(std::size_t which) const {
    return left +
           (static_cast<double>(which) + 0.5) / static_cast<double>(r_.visited.size()) * (right_edge - left);
  }
  double up(double value) const {
    return std::isfinite(value) ? lower_edge - y_.share(value) * (lower_edge - top) : top - 12;
  }

  std::string values() const {
    std::string drawn;
    for (const double x : y_.ticks())
      drawn += line("grid", left, up(x), right_edge, up(x)) +
               text("tick", left - 8, up(x) + 4, "end", plot_axis::label(x));
    return drawn + line("line", left, top, left, lower_edge) +
           text("quiet", 18, (top + lower_edge) / 2, "middle",
                r_.plan.metric + (y_.logarithmic() ? " (logarithmic)" : ""), -90);
  }

  std::string threshold() const {
    const double x = r_.plan.threshold;
    if (!std::isfinite(x)) return "";
    return fmt::format(
               "<line class=\"line\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" "
               "stroke-dasharray=\"6 4\"/>\n",
               left, up(x), right_edge, up(x)) +
           text("threshold", right_edge + 6, up(x) - 2, "start", "bad is above") +
           text("threshold", right_edge + 6, up(x) + 12, "start", fmt::format("{:.4g}", x));
  }

  // Hashes, as many as there is room for, and the first bad one in any case.
  std::string commits() const {
    std::string drawn = line("line", left, lower_edge, right_edge, lower_edge);
    const double room = (right_edge - left) / static_cast<double>(r_.visited.size());
    const auto turn = static_cast<std::size_t>(std::max(1.0, std::ceil(label_width / room)));
    for (std::size_t i = 0; i < r_.visited.size(); ++i) {
      const visited_commit& v = r_.visited[i];
      const bool first = v.commit == r_.first_bad;
      drawn += line("line", across(i), lower_edge, across(i), lower_edge + 5);
      if (i % turn == 0 || first)
        drawn += text(first ? "bad commit" : "commit", across(i) + 4, lower_edge + 26, "end", brief(v.commit),
                      -60);
      const std::size_t skipped = i == 0 ? 0 : v.index - r_.visited[i - 1].index - 1;
      if (skipped > 0 && turn == 1)
        drawn += text("quiet", (across(i - 1) + across(i)) / 2, lower_edge + 14, "middle",
                      "+" + std::to_string(skipped));
    }
    return drawn + text("quiet", left, height - 8, "start",
                        fmt::format("{} of {} commits, oldest first; +n: n between that were not built",
                                    r_.visited.size(), r_.range.size()));
  }

  std::string first_bad() const {
    for (std::size_t i = 0; i < r_.visited.size(); ++i)
      if (r_.visited[i].commit == r_.first_bad)
        return line("first", across(i), top - 4, across(i), lower_edge) +
               text("bad", across(i), top - 8, 2 * i < r_.visited.size() ? "start" : "end",
                    "first bad: " + brief(r_.first_bad));
    return "";
  }

  std::string points() const {
    constexpr const char* kinds[] = {"good", "bad", "skipped", "between", "good end", "bad end"};
    std::string drawn;
    for (std::size_t i = 0; i < r_.visited.size(); ++i) {
      const visited_commit& v = r_.visited[i];
      const std::vector<double> measured = values_of(v.what, r_.plan.metric);
      const auto point = [&](double y, const std::string& value) {
        drawn += fmt::format(
            "<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"><title>{}: {}</title></circle>\n",
            kinds[static_cast<int>(v.side)], across(i), y, v.commit == r_.first_bad ? 6 : 4,
            xml(brief(v.commit) + " " + v.subject), value);
      };
      for (const double x : measured) point(up(x), fmt::format("{:.6g}", x));
      if (measured.empty()) {
        point(lower_edge - 8, "no number");
        drawn += text("quiet", across(i) + 7, lower_edge - 4, "start", "no number");
      }
    }
    return drawn;
  }

  const bisect_report& r_;
  const plot_axis y_;
};

}  // namespace

std::string svg_of(const bisect_report& r) { return plot(r).str(); }

}  // namespace plumbline::program
