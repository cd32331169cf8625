// The terminal: whether there is one, colour, and the progress bar.
//
// Results go to standard output, progress to standard error.  A terminal gets one bar, redrawn in place; a
// log file gets a plain line now and then.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace plumbline::program {

enum class ink : std::uint8_t { plain, bold, dim, red, green, yellow };

/// True when standard output is a terminal and NO_COLOR is not set.
bool colour_wanted();
/// `text` in that ink, or as it is without colour.
std::string inked(std::string_view text, ink, bool colour);

class progress {
 public:
  progress();
  ~progress();
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;
  /// Shows "what: done of total, note"; `total` 0: unknown.  Cheap: it draws at most ten times a second.
  void show(std::string_view what, std::int64_t done, std::int64_t total, std::string_view note);
  /// Takes the bar away and prints `text` on standard output.
  void print(const std::string& text);
  void clear();

 private:
  using clock = std::chrono::steady_clock;
  bool terminal_, drawn_ = false;
  clock::time_point begin_, last_;
};

}  // namespace plumbline::program
