#include "ci/plumbline/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace plumbline::program {

namespace {

constexpr std::size_t least_wrapped = 20;  // a narrower last column is left to the terminal

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

std::string text_table::str(std::size_t limit) const {
  std::vector<std::size_t> width;
  for (const std::string& name : header_) width.push_back(name.size());
  for (const auto& cells : rows_)
    for (std::size_t i = 0; i < cells.size(); ++i) width[i] = std::max(width[i], cells[i].size());
  std::string text;
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string one;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string padding(width[i] - cells[i].size(), ' ');
      one += "  " + (right_[i] ? padding + cells[i] : cells[i] + padding);
    }
    one.erase(one.find_last_not_of(' ') + 1);
    text += one + "\n";
  };
  std::size_t before = 2;
  for (std::size_t i = 0; i + 1 < width.size(); ++i) before += width[i] + 2;
  const bool wraps = limit >= before + least_wrapped && before + width.back() > limit && !right_.back();
  if (wraps) width.back() = limit - before;
  if (std::any_of(header_.begin(), header_.end(), [](const std::string& name) { return !name.empty(); }))
    line(header_);
  for (const auto& cells : rows_) {
    if (!wraps) {
      line(cells);
      continue;
    }
    std::vector<std::string> part = cells;
    for (const std::string& one : wrapped(cells.back(), limit - before)) {
      part.back() = one;
      line(part);
      part.assign(cells.size(), "");
    }
  }
  return text;
}

}  // namespace plumbline::program
