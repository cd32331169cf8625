// The `checked` executor: the host executor on kernels that announce every access to memory.
//
// Everything a GPU run hides becomes a fault that names the line: races in shared and global memory, reads of
// what nothing wrote, accesses outside of a tensor or between its rows, misaligned accesses, and asynchronous
// operations used before their wait.  What the kernels compute is bit for bit what `host` computes.
//
// Blocks run one after the other on one OS thread, whatever `os_threads` says: reports depend on the schedule
// alone.  Several executors, and several calls of one, can run at once.
#pragma once

#include "kernels/host/host_executor.hpp"

namespace plumbline {

class checked_executor final : public host_executor {
 public:
  using host_executor::host_executor;
  std::string_view name() const override { return "checked"; }
  side kernels() const override { return side::checked; }
  /// Outputs start unwritten, unless an input has the same name: then they are updated in place.
  std::optional<fault> run(const std::function<void(const kernel_arguments&, launcher&)>& call,
                           tensor_set& inputs, tensor_set& outputs, const run_options& options) override;
};

}  // namespace plumbline
