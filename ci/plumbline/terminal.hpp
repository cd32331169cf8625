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

/// Text of a run goes to standard output, or to standard error when a result was asked for on the former.
enum class stream : std::uint8_t { output, error };

/// Columns of a page: what the environment says in COLUMNS, else those of the terminal that the stream is; 0:
/// as many as there are.
std::size_t terminal_width(stream);
/// True when the stream is a terminal and NO_COLOR is not set.
bool colour_wanted(stream = stream::output);

/// Prints on standard output; a failure is remembered.
void say(const std::string& text);
/// The first error of standard output, or 0.  A reader that went away (EPIPE) is none.
int standard_output_error();
/// `text` in that ink, or as it is without colour.
std::string inked(std::string_view text, ink, bool colour);

class progress {
 public:
  explicit progress(stream text = stream::output);
  ~progress();
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;
  /// Shows "what: done of total, note"; `total` 0: unknown.  Cheap: it draws at most ten times a second.
  void show(std::string_view what, std::int64_t done, std::int64_t total, std::string_view note);
  /// Shows "what: step N of about M, note": at once where the step is a new one.
  void show_step(std::string_view what, std::int64_t step, std::int64_t about, std::string_view note);
  /// Takes the bar away and prints `text`.
  void print(const std::string& text);
  void clear();

 private:
  using clock = std::chrono::steady_clock;
  void draw(const std::string& line, std::int64_t done, std::int64_t total);

  stream text_;
  bool terminal_, drawn_ = false;
  std::int64_t step_ = 0;  // the last one shown
  clock::time_point begin_, last_;
};

}  // namespace plumbline::program
