// What the parent asks of a worker, and what it gets back.
//
// One line of JSON each, over pipes of their own.  Before a worker touches a case it announces the case's
// text, so that a crash or a hang can be named by the one line that reproduces it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "properties/operation.hpp"

namespace plumbline::program {

enum class task : std::uint8_t {
  draw,     // draw the index-th case of a row and examine it
  examine,  // examine a case text (generated, or recorded inputs of a file)
  judge,    // judge a case of a file: its outputs or its `expected_*`
  check,    // hold a case of a file to all that can be asked of a recorded one
  save      // write a case's inputs, and with `outputs` what the kernel computed, to a file of cases
};

struct work {
  std::uint64_t id = 0;
  task what = task::draw;
  std::string op, function, variant;  // draw
  dtype in = dtype::bf16;
  std::uint64_t seed = 0, index = 0;
  std::string regime;
  std::string executor = "host";
  bool laws = true, all_laws = false;
  stages_wanted stages = stages_wanted::on_failure;  // draw, examine
  std::string case_text;                             // examine, save
  std::string recorded;                              // judge: FILE#/group/case
  std::string contract;                              // judge
  std::string file;                                  // save
  bool outputs = false, taps = false;                // save
  bool truth = false;                                // save: also what the reference says in double
  std::map<std::string, std::string> attributes;     // save: what the file says beside the case
  bool again =
      false;  // the parent's own note: the first worker was killed on it, this one has the machine alone
};

struct answer {
  std::uint64_t id = 0;
  std::string about;  // case text, when this line only announces it
  bool done = false;  // `result` or `judged` or `error` is there
  case_result result;
  external_judgement judged;
  std::string error;   // the task could not be done: one line
  bool usage = false;  // ... because the case itself is malformed
};

std::string to_line(const work&);
work work_from_line(std::string_view line);
std::string to_line(const answer&);
answer answer_from_line(std::string_view line);

}  // namespace plumbline::program
