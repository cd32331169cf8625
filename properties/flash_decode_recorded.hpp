// Recorded cases of flash_decode: from a file's terms (options and tensors) to problems and inputs, and back.
//
// The terms are those of flash_attn_with_kvcache, so that a case written elsewhere reads without translation.
// Shapes come from the tensors; options are read by name, and one that nobody read is reported by name, as is
// a tensor that no function knows: nothing is ignored silently.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "properties/operation.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::flash_decode {

/// Options of a recorded case; remembers which were read.
class recorded_options {
 public:
  explicit recorded_options(const recorded_case& c) : from_(c) {}
  std::int64_t integer(const std::string& name, std::int64_t fallback);
  bool flag(const std::string& name, bool fallback);  // 0 or 1
  double real(const std::string& name, double fallback);
  std::string word(const std::string& name, const std::string& fallback);
  /// An option that says nothing when it has this value, and is unsupported when it has another.
  void neutral(const std::string& name, const std::string& value);
  bool has(const std::string& name) const { return from_.options.count(name) != 0; }
  /// Names of options that nobody read and that are no provenance, then of tensors not in `known`; one line.
  std::string unsupported(std::span<const std::string_view> known_tensors) const;

 private:
  const recorded_case& from_;
  std::map<std::string, bool> read_;
};

/// An attend call out of tensors: inputs under the names and with the dtypes that attend takes.
struct recorded_attend {
  attend_problem problem;
  tensor_set inputs;
};
recorded_attend read_attend(const recorded_case&, recorded_options&);

/// An append call; `attend` brings the options of the attention that follows in one call.
struct recorded_append {
  append_problem problem;
  attend_problem attend;
  tensor_set inputs;
};
recorded_append read_append(const recorded_case&, recorded_options&);

struct recorded_combine {
  combine_problem problem;
  tensor_set inputs;
};
recorded_combine read_combine(const recorded_case&, recorded_options&);

/// Options of a problem in a file's terms.
std::map<std::string, std::string> options_of_problem(const attend_problem&);
std::map<std::string, std::string> options_of_problem(const append_problem&);
std::map<std::string, std::string> options_of_problem(const combine_problem&);

/// One way to present recorded sequences to a kernel: as recorded, paged, split, fewer query rows.
struct presentation {
  std::string text;  // what differs from the record: "page_size=16,num_splits=3,sq=1"
  attend_problem problem;
  tensor_set inputs;
};
/// The presentation that the case text names, or, when it names none, the standard ones.  A record with an
/// append is attended to as its truth leaves it.  Throws bad_argument when the record holds no attend call.
std::vector<presentation> presentations(const recorded_case&, const case_spec&);

/// Judgements of cases from a file; see operation::judge.
external_judgement judge_recorded_attend(const recorded_case&, std::string_view contract_name);
external_judgement judge_recorded_append(const recorded_case&, std::string_view contract_name);
external_judgement judge_recorded_combine(const recorded_case&, std::string_view contract_name);
external_judgement judge_recorded_rotary(const recorded_case&);

/// Tables of upstream's host functions ("num_splits_heuristic", "split_block_range", ...).
bool is_table(std::string_view group);
external_judgement judge_recorded_table(const recorded_case&);

}  // namespace plumbline::flash_decode
