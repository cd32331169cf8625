// Recorded cases of flash_decode: from a file's terms (options and tensors) to problems and inputs, and back.
//
// The terms are those of flash_attn_with_kvcache, so that a case written elsewhere reads without translation.
// Shapes come from the tensors; options that repeat them are held against them.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "properties/operation.hpp"
#include "properties/recorded_options.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::flash_decode {

/// Results of an attention, and what others expect of them.
inline constexpr std::string_view attend_results[] = {"out",          "lse",          "softmax_lse",
                                                      "expected_out", "expected_lse", "expected_softmax_lse"};

/// An attend call out of tensors: inputs under the names and with the dtypes that attend takes.  This and the
/// reads below throw bad_argument naming what is missing, of another shape, or known to nobody.
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
