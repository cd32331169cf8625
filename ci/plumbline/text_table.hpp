// Plain text in aligned columns.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace plumbline::program {

class text_table {
 public:
  /// Columns whose name starts with '>' are aligned to the right.
  explicit text_table(std::vector<std::string> header);
  /// Control characters, such as a line break in a name from a file, are shown as `\x0a`.
  void add(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  /// Header and rows, each line indented by two spaces; without the header when no column has a name.
  /// `page` columns wide, unless 0: what does not fit of the last column goes on in lines below, and columns
  /// for which there is no room at all stand in further lines of each row, header included.
  std::string str(std::size_t page = 0) const;

 private:
  struct line {
    std::size_t begin, end, indent;  // columns
  };
  std::vector<line> lines_of(std::vector<std::size_t>& width, std::size_t page) const;

  std::vector<std::string> header_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

/// Lines of at most `width` characters, broken at spaces where there are any; at least one.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);
/// A text whose lines are at most `page` characters wide, unless 0: what is longer goes on below, indented.
std::string folded(std::string_view text, std::size_t page);

}  // namespace plumbline::program
