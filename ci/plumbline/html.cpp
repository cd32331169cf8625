#include "ci/plumbline/html.hpp"
#include "reference/core/counted.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace plumbline::program {

namespace {

constexpr std::string_view style = R"(
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fdfdfc; --line: #d5d8dc; --soft: #6a737d; --good: #2f7d4f;
  --bad: #b3261e; --doubt: #9a6700; --bar: #4a7bb5 }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e6e8; --paper: #16181b; --line: #3a3f45; --soft: #9aa3ad;
  --good: #6cc18e; --bad: #ff8a80; --doubt: #e0b252; --bar: #7fabdd } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 76rem;
  margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2.2rem } h3 { font-size: 1rem; margin: 0 0 .3rem }
table { border-collapse: collapse } td, th { padding: .2rem .8rem .2rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line) } .n { text-align: right; font-variant-numeric: tabular-nums }
code, pre { font: 13px/1.45 ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap }
.wide { overflow-x: auto } .cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(21rem, 1fr));
  gap: 1rem } .card { border: 1px solid var(--line); border-radius: .4rem; padding: .8rem }
.soft { color: var(--soft) } .pass { color: var(--good) } .fail { color: var(--bad) } .mistrusted { color: var(--doubt) }
tr.fail td:nth-child(3) { color: var(--bad) } tr.unsupported td { color: var(--soft) }
svg { display: block; margin: .3rem 0 } svg text { font: 10px system-ui, sans-serif; fill: var(--soft) }
)";

constexpr double bar_end = 1.2;
constexpr int bar_width = 288;

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

std::string page(std::string_view title, const std::string& body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>{}</title><style>{}</style></head>\n<body>\n{}</body></html>\n",
      escaped(title), style, body);
}

std::string used_bar(double used) {
  const bool beyond = !(used <= 1);
  const double shown = std::isfinite(used) ? std::clamp(used / bar_end, 0.0, 1.0) : 1.0;
  return fmt::format(
      "<svg width=\"{0}\" height=\"14\" role=\"img\" aria-label=\"budget used {4:.3g}\">"
      "<rect x=\"0\" y=\"4\" width=\"{0}\" height=\"6\" fill=\"var(--line)\"/>"
      "<rect x=\"0\" y=\"2\" width=\"{1:.1f}\" height=\"10\" fill=\"var(--{2})\"/>"
      "<line x1=\"{3}\" x2=\"{3}\" y1=\"0\" y2=\"14\" stroke=\"var(--ink)\"/></svg>",
      bar_width, shown * bar_width, beyond ? "bad" : "bar", static_cast<int>(bar_width / bar_end), used);
}

std::string used_picture(const std::array<std::int64_t, used_bins>& histogram) {
  constexpr int cell = 12, height = 70;
  constexpr int budget_at = 20;  // bins of 0.05: the budget stands between bin 19 and bin 20
  const std::int64_t most = *std::max_element(histogram.begin(), histogram.end());
  if (most == 0) return "";
  std::string bars;
  for (int i = 0; i < used_bins; ++i) {
    const std::int64_t n = histogram[static_cast<std::size_t>(i)];
    if (n == 0) continue;
    const double tall = std::max(
        1.5, std::log1p(static_cast<double>(n)) / std::log1p(static_cast<double>(most)) * (height - 4));
    bars += fmt::format(
        "<rect x=\"{}\" y=\"{:.1f}\" width=\"{}\" height=\"{:.1f}\" fill=\"var(--{})\"><title>{}"
        " from {:.2f} of the budget</title></rect>",
        i * cell, height - tall, cell - 2, tall, i >= budget_at ? "bad" : "bar", counted(n, "element"),
        i * 0.05);
  }
  return fmt::format(
      "<svg width=\"{0}\" height=\"{1}\" role=\"img\" aria-label=\"elements by error in units of budget\">{2}"
      "<line x1=\"0\" x2=\"{0}\" y1=\"{3}\" y2=\"{3}\" stroke=\"var(--line)\"/>"
      "<line x1=\"{4}\" x2=\"{4}\" y1=\"0\" y2=\"{3}\" stroke=\"var(--ink)\" stroke-dasharray=\"3 2\"/>"
      "<text x=\"0\" y=\"{5}\">0</text><text x=\"{6}\" y=\"{5}\">0.5</text><text x=\"{7}\" "
      "y=\"{5}\">budget</text></svg>",
      used_bins * cell, height + 14, bars, height, budget_at * cell - 1, height + 12,
      budget_at / 2 * cell - 7, budget_at * cell - 17);
}

}  // namespace plumbline::program
