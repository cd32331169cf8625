#include "ci/plumbline/terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace plumbline::program {

namespace {

constexpr int bar_cells = 24;

int output_error = 0;

void note_output_error(int number) {
  if (output_error == 0) output_error = number;
}

}  // namespace

std::size_t terminal_width(stream s) {
  const int number = s == stream::output ? STDOUT_FILENO : STDERR_FILENO;
  if (const char* said = std::getenv("COLUMNS")) {
    std::size_t columns = 0;
    const auto [end, error] = std::from_chars(said, said + std::strlen(said), columns);
    if (error == std::errc{} && *end == 0 && columns > 0) return columns;
  }
  winsize size = {};
  if (!isatty(number)) return 0;
  return ioctl(number, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

bool colour_wanted(stream s) {
  const char* no = std::getenv("NO_COLOR");
  return isatty(s == stream::output ? STDOUT_FILENO : STDERR_FILENO) && !(no && *no);
}

void say(const std::string& text) {
  if (std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0) note_output_error(errno);
}

int standard_output_error() {
  if (std::fflush(stdout) != 0) note_output_error(errno);
  return output_error == EPIPE ? 0 : output_error;
}

std::string inked(std::string_view text, ink i, bool colour) {
  if (!colour || i == ink::plain) return std::string(text);
  constexpr int codes[] = {0, 1, 2, 31, 32, 33};
  return fmt::format("\033[{}m{}\033[0m", codes[static_cast<int>(i)], text);
}

progress::progress(stream text)
    : text_(text), terminal_(isatty(STDERR_FILENO)), begin_(clock::now()), last_(begin_) {}
progress::~progress() { clear(); }

void progress::show(std::string_view what, std::int64_t done, std::int64_t total, std::string_view note) {
  const std::string count = total > 0 ? fmt::format("{} of {}", done, total) : fmt::format("{}", done);
  draw(fmt::format("{}: {}{}{}", what, count, note.empty() ? "" : ", ", note), done, total);
}

void progress::show_step(std::string_view what, std::int64_t step, std::int64_t about,
                         std::string_view note) {
  if (step != step_) last_ = clock::time_point();
  step_ = step;
  draw(fmt::format("{}: step {} of about {}, {}", what, step, about, note), step - 1, about);
}

void progress::draw(const std::string& text, std::int64_t done, std::int64_t total) {
  const auto now = clock::now();
  const auto pause = terminal_ ? std::chrono::milliseconds(100) : std::chrono::seconds(15);
  if (now - last_ < pause) return;
  last_ = now;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - begin_).count();
  const std::string line = fmt::format("{}, {} s", text, seconds);
  if (!terminal_) {
    fmt::print(stderr, "{}\n", line);
    return;
  }
  std::string bar;
  if (total > 0) {
    const auto full =
        static_cast<std::size_t>(std::clamp<std::int64_t>(done * bar_cells / total, 0, bar_cells));
    bar = "[" + std::string(full, '#') + std::string(bar_cells - full, '.') + "] ";
  }
  fmt::print(stderr, "\r\033[K{}", (bar + line).substr(0, terminal_width(stream::error) - 1));
  std::fflush(stderr);
  drawn_ = true;
}

void progress::clear() {
  if (drawn_) fmt::print(stderr, "\r\033[K"), std::fflush(stderr);
  drawn_ = false;
}

void progress::print(const std::string& text) {
  clear();
  if (text_ == stream::output) return say(text);
  std::fputs(text.c_str(), stderr);
}

}  // namespace plumbline::program
