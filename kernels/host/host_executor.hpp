// The `host` executor: kernels run here, on this machine's cores, one fiber a CUDA thread.
//
// A kernel sees inputs through views of copies and outputs in place, both between guard zones.  When the call
// is over every guard byte, every input byte and the zones around scratch are compared: what a GPU would have
// let pass in silence comes back as a fault that names tensor and offset.  No state is shared between
// executors, and none survives a call.
#pragma once

#include <memory>

#include "kernels/core/executor.hpp"

namespace plumbline {

class host_executor final : public executor {
 public:
  std::string_view name() const override { return "host"; }
  side kernels() const override { return side::host; }
  std::optional<fault> run(const std::function<void(const kernel_arguments&, launcher&)>& call,
                           tensor_set& inputs, tensor_set& outputs, const run_options& options) override;
  std::string machine() const override;
};

}  // namespace plumbline
