// The `host` executor: kernels run here, on this machine's cores, one fiber a CUDA thread.
//
// A kernel sees inputs through views of copies and outputs in place, both between guard zones.  When the call
// is over every guard byte, every input byte and the zones around scratch are compared: what a GPU would have
// let pass in silence comes back as a fault that names tensor and offset.  Executors share
// nothing, and from call to call keep only the memory of fibers' stacks.
#pragma once

#include <memory>

#include "kernels/core/executor.hpp"

namespace plumbline {

namespace simt {
class runner_pool;
}

class host_executor : public executor {
 public:
  /// Tensor cores add as those of that generation do: "sm_80", "sm_89" or "sm_90a" (bad_argument otherwise).
  explicit host_executor(std::string_view generation = "sm_90a");
  ~host_executor() override;
  std::string_view name() const override { return "host"; }
  side kernels() const override { return side::host; }
  std::optional<fault> run(const std::function<void(const kernel_arguments&, launcher&)>& call,
                           tensor_set& inputs, tensor_set& outputs, const run_options& options) override;
  std::string machine() const override;

 protected:
  /// Throws bad_argument, naming the option.
  static void check(const run_options&);
  /// Makes the call; the fault of a launch is returned.
  static std::optional<fault> complete(const std::function<void(const kernel_arguments&, launcher&)>& call,
                                       const kernel_arguments&, launcher&);
  simt::runner_pool& pool() { return *pool_; }

 private:
  std::unique_ptr<simt::runner_pool> pool_;
};

}  // namespace plumbline
