#include "ci/plumbline/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace plumbline::program {

namespace {

constexpr std::size_t least_wrapped = 20;  // a last column that would be narrower gets a line of its own
constexpr std::size_t least_page = 30;     // a narrower page is left to the terminal
constexpr std::size_t gap = 2, hanging = 4;

std::string printable(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x20 || code == 0x7f)
      out += fmt::format("\\x{:02x}", code);
    else
      out += c;
  }
  return out;
}

}  // namespace

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  while (text.size() > width) {
    const std::size_t space = text.rfind(' ', width);
    const bool at_space = space != std::string_view::npos && space > 0;
    lines.emplace_back(text.substr(0, at_space ? space : width));
    text.remove_prefix(at_space ? space + 1 : width);
  }
  lines.emplace_back(text);
  return lines;
}

text_table::text_table(std::vector<std::string> header) : header_(std::move(header)) {
  for (std::string& name : header_) {
    right_.push_back(!name.empty() && name[0] == '>');
    if (right_.back()) name.erase(0, 1);
  }
}

void text_table::add(std::vector<std::string> cells) {
  cells.resize(header_.size());
  for (std::string& cell : cells) cell = printable(cell);
  rows_.push_back(std::move(cells));
}

std::string folded(std::string_view text, std::size_t page) {
  if (page < least_page) return std::string(text);
  std::string all;
  for (std::size_t end; !text.empty(); text.remove_prefix(end)) {
    end = std::min(text.find('\n'), text.size() - 1) + 1;
    const std::string_view line = text.substr(0, end);
    if (line.size() <= page + (line.back() == '\n')) {
      all += line;
      continue;
    }
    const std::size_t indent = std::min(line.find_first_not_of(' '), page - least_wrapped - hanging);
    std::string margin(indent, ' ');
    for (const std::string& one : wrapped(line.substr(indent), page - indent - hanging)) {
      all += margin + one + (one.empty() || one.back() != '\n' ? "\n" : "");
      margin.assign(indent + hanging, ' ');
    }
    if (line.back() != '\n') all.pop_back();
  }
  return all;
}

// Columns go on one line as long as the page has room; what has none starts a further line of each row.
std::vector<text_table::line> text_table::lines_of(std::vector<std::size_t>& width, std::size_t page) const {
  std::vector<line> all = {{0, 0, 0}};
  std::size_t used = 0;
  for (std::size_t i = 0; i < width.size(); ++i) {
    const bool fits = page == 0 || used + gap + width[i] <= page;
    const bool wraps = i + 1 == width.size() && !right_[i] && used + gap + least_wrapped <= page;
    if (!fits && !wraps && all.back().end > all.back().begin) {
      all.push_back({i, i, hanging});
      used = hanging;
    }
    if (page > 0) width[i] = std::min(width[i], page - used - gap);
    used += gap + width[i], all.back().end = i + 1;
  }
  return all;
}

std::string text_table::str(std::size_t page) const {
  std::vector<std::size_t> width;
  for (const std::string& name : header_) width.push_back(name.size());
  for (const auto& cells : rows_)
    for (std::size_t i = 0; i < cells.size(); ++i) width[i] = std::max(width[i], cells[i].size());
  const std::vector<line> layout = lines_of(width, page < least_page ? 0 : page);
  std::string text;
  const auto print = [&](const std::vector<std::string>& cells) {
    for (const line& of : layout) {
      std::vector<std::string> part(cells.begin() + static_cast<std::ptrdiff_t>(of.begin),
                                    cells.begin() + static_cast<std::ptrdiff_t>(of.end));
      for (const std::string& last : wrapped(part.back(), width[of.end - 1])) {
        part.back() = last;
        std::string one(of.indent, ' ');
        for (std::size_t i = 0; i < part.size(); ++i) {
          const std::string padding(width[of.begin + i] - part[i].size(), ' ');
          one += std::string(gap, ' ') + (right_[of.begin + i] ? padding + part[i] : part[i] + padding);
        }
        one.erase(one.find_last_not_of(' ') + 1);
        if (!one.empty() || of.indent == 0) text += one + "\n";
        part.assign(part.size(), "");
      }
    }
  };
  if (std::any_of(header_.begin(), header_.end(), [](const std::string& name) { return !name.empty(); }))
    print(header_);
  for (const auto& cells : rows_) print(cells);
  return text;
}

}  // namespace plumbline::program
