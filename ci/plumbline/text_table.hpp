// Plain text in aligned columns.
#pragma once

#include <string>
#include <vector>

namespace plumbline::program {

class text_table {
 public:
  /// Columns whose name starts with '>' are aligned to the right.
  explicit text_table(std::vector<std::string> header);
  void add(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  /// Header and rows, each line indented by two spaces.
  std::string str() const;

 private:
  std::vector<std::string> header_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace plumbline::program
