// The `gpu` executor: the same calls as on the host, on a CUDA device.
//
// Inputs and outputs travel as whole blocks with their guard zones; when the call is over everything comes
// back and is compared byte for byte, so a kernel that writes where it should not is a fault here as it is on
// the host.  Launches and copies are checked one by one.  After a fault inside a kernel CUDA refuses every
// further call of the process: the fault says so, and the worker that runs cases is replaced.  A device
// schedules its blocks itself: the options about schedules and threads mean nothing here.
#pragma once

#include <memory>
#include <string>

#include "kernels/core/executor.hpp"

namespace plumbline {

class gpu_executor final : public executor {
 public:
  /// Runs on the device of that number, which must exist.
  explicit gpu_executor(int device);
  ~gpu_executor() override;
  gpu_executor(const gpu_executor&) = delete;
  gpu_executor& operator=(const gpu_executor&) = delete;

  std::string_view name() const override { return "gpu"; }
  side kernels() const override { return side::gpu; }
  std::optional<fault> run(const std::function<void(const kernel_arguments&, launcher&)>& call,
                           tensor_set& inputs, tensor_set& outputs, const run_options& options) override;
  std::string machine() const override;

 private:
  int device_;
  int sm_count_ = 0;
  void* stream_ = nullptr;
};

/// The executor on the first device, or null with one clear line why there is none.
std::unique_ptr<executor> make_gpu_executor(std::string& why_not);

}  // namespace plumbline
