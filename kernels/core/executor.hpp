// An executor runs one call of a variant somewhere: `host` (this machine, SIMT emulation), `checked` (host
// with the memory and race checker), `gpu`.
//
// It owns everything about the place: where tensors live, poison of scratch, schedules, what a crash looks
// like.  It knows no operator: the call is a closure over a variant's `run`.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/core/variant.hpp"
#include "reference/core/tensor.hpp"

namespace plumbline {

class tap_record;

/// Which build of the kernels a call goes to.
enum class side : std::uint8_t { host, checked, gpu };

struct run_options {
  std::string schedule;        // empty: round robin; else "reverse", "random:SEED", "starve:WARP"
  int os_threads = 0;          // host: 0 means all cores
  int sm_count = 132;          // what heuristics see on the host; a GPU tells its own
  tap_record* taps = nullptr;  // host: keeps what the kernels show of the call; others leave it empty
};

/// Why a call did not complete: divergent barrier, launch error, stray write, ...  `message` is one or more
/// full lines: kind, kernel, block, lanes, source line.
struct fault {
  std::string kind;
  std::string message;
};

class executor {
 public:
  virtual ~executor() = default;
  virtual std::string_view name() const = 0;
  virtual side kernels() const = 0;
  /// Runs the call on copies of the inputs and on `outputs` in place; nothing: completed.
  /// Afterwards inputs are unchanged and all guard zones intact, else a fault says where ("stray write:
  /// ...").
  virtual std::optional<fault> run(const std::function<void(const kernel_arguments&, launcher&)>& call,
                                   tensor_set& inputs, tensor_set& outputs, const run_options& options) = 0;
  /// One line about the machine for reports: CPU or GPU name, driver, toolkit.
  virtual std::string machine() const = 0;
};

/// The executor of that name ("host", "checked", "gpu"), or null with the reason in `why_not`, one clear line
/// (unknown names too).  Executors that were not built in, or find no device, are such reasons.
std::unique_ptr<executor> make_executor(std::string_view name, std::string& why_not);

}  // namespace plumbline
