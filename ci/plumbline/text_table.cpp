#include "ci/plumbline/text_table.hpp"

#include <algorithm>

namespace plumbline::program {

text_table::text_table(std::vector<std::string> header) : header_(std::move(header)) {
  for (std::string& name : header_) {
    right_.push_back(!name.empty() && name[0] == '>');
    if (right_.back()) name.erase(0, 1);
  }
}

void text_table::add(std::vector<std::string> cells) {
  cells.resize(header_.size());
  rows_.push_back(std::move(cells));
}

std::string text_table::str() const {
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
  line(header_);
  for (const auto& cells : rows_) line(cells);
  return text;
}

}  // namespace plumbline::program
