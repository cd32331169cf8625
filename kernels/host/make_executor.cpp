// Executors by name.  The GPU's is in kernels/gpu and there only when nvcc was found; the checked one in
// kernels/checked, where g++ builds without sanitizers.
#include "kernels/core/built_sides.hpp"
#include "kernels/core/executor.hpp"
#include "kernels/host/host_executor.hpp"

namespace plumbline {

/// Defined by kernels/gpu: null, with the reason, when no device can be used.
std::unique_ptr<executor> make_gpu_executor(std::string& why_not);
/// Defined by kernels/checked.
std::unique_ptr<executor> make_checked_executor();

std::unique_ptr<executor> make_executor(std::string_view name, std::string& why_not) {
  why_not.clear();
  if (name == "host") return std::make_unique<host_executor>();
  if (name == "gpu") {
    if constexpr (built_for_gpu) return make_gpu_executor(why_not);
    why_not =
        "gpu: this build has no CUDA kernels (it was configured without nvcc, or with PLUMBLINE_CUDA=OFF)";
    return nullptr;
  }
  if (name == "checked") {
    if constexpr (built_for_checked) return make_checked_executor();
    why_not = "checked: this build has no checked kernels (they need g++ and a build without sanitizers)";
    return nullptr;
  }
  why_not = "executor: expected host, checked or gpu, got \"" + std::string(name) + "\"";
  return nullptr;
}

}  // namespace plumbline
