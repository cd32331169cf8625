// A row: one variant of one function for one input dtype on one executor; what `verify` counts and judges.
#pragma once

#include <string>
#include <vector>

#include "ci/plumbline/instrument.hpp"

namespace plumbline::program {

struct row {
  const operation* op = nullptr;
  std::string variant;
  contract promised;
  dtype in = dtype::bf16;
  /// "flash_decode.attend/split bf16"
  std::string name() const;
  /// "flash_decode.attend.split.bf16": for files and ctest.
  std::string dotted() const;
};

/// The operation of that name, the operator's first when `function` is empty, or a function of the subjects;
/// bad_argument lists the operations that exist.
const operation& find_operation(const instrument&, const std::string& op, const std::string& function);
/// Adds a name unless it is there; names as "a, b, c".
void add_once(std::vector<std::string>& names, const std::string&);
std::string joined(const std::vector<std::string>& names);

/// Every contract of the host's variants, once.
std::vector<contract> contracts_of(const operation&);

/// "OP.FUNCTION"
std::string name_of(const operation&);

/// A variant that was chosen by name, and no row of which was left by --dtype or --regime.
struct left_out_row {
  std::string row, reason;
};

/// Rows chosen by OP, OP.FUNCTION, OP/VARIANT or OP.FUNCTION/VARIANT (none: all), by dtype and regime;
/// bad_argument on a name that chooses nothing, or of which --dtype or --regime leaves nothing, with what
/// exists.
std::vector<row> select_rows(const instrument&, side, const std::vector<std::string>& wanted,
                             const std::string& type, const std::string& regime, std::vector<left_out_row>&);

}  // namespace plumbline::program
