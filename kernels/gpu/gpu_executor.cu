#include "kernels/gpu/gpu_executor.hpp"

#include <algorithm>

#include "kernels/core/launch.hpp"
#include "kernels/gpu/device_memory.hpp"

namespace plumbline {

namespace {

class gpu_launcher final : public launcher {
 public:
  gpu_launcher(void* stream, int sm_count) : stream_(stream), sm_count_(sm_count) {}
  void* scratch(std::size_t bytes) override { return scratch_.take(bytes); }
  int sm_count() const override { return sm_count_; }
  void* stream() override { return stream_; }
  std::optional<fault> first_stray_byte() const { return scratch_.first_stray_byte(); }

 private:
  void* stream_;
  int sm_count_;
  device_scratch scratch_;
};

std::optional<fault> first_changed_input(const tensor_set& before, const tensor_set& after) {
  for (auto b = before.begin(), a = after.begin(); b != before.end(); ++a, ++b) {
    const auto was = b->value.block(), is = a->value.block();
    const auto [left, right] = std::mismatch(was.begin(), was.end(), is.begin());
    if (left == was.end()) continue;
    const std::int64_t offset = (left - was.begin()) - static_cast<std::int64_t>(guard_bytes);
    return fault{"stray write",
                 "stray write: input " + b->name + " was written at byte offset " + std::to_string(offset)};
  }
  return std::nullopt;
}

std::optional<fault> first_stray_output(const tensor_set& outputs) {
  for (const auto& entry : outputs)
    if (const auto found = entry.value.first_stray_byte(entry.name))
      return fault{"stray write", "stray write: around output " + found->tensor + " at byte offset " +
                                      std::to_string(found->offset)};
  return std::nullopt;
}

std::string version(int number) {
  return std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10);
}

}  // namespace

gpu_executor::gpu_executor(int device) : device_(device) {
  require_cuda(cudaSetDevice(device), "cudaSetDevice");
  require_cuda(cudaDeviceGetAttribute(&sm_count_, cudaDevAttrMultiProcessorCount, device),
               "cudaDeviceGetAttribute");
  cudaStream_t stream = nullptr;
  require_cuda(cudaStreamCreate(&stream), "cudaStreamCreate");
  stream_ = stream;
}

gpu_executor::~gpu_executor() { static_cast<void>(cudaStreamDestroy(static_cast<cudaStream_t>(stream_))); }

std::optional<fault> gpu_executor::run(const std::function<void(const kernel_arguments&, launcher&)>& call,
                                       tensor_set& inputs, tensor_set& outputs, const run_options&) {
  try {
    require_cuda(cudaSetDevice(device_), "cudaSetDevice");
    gpu_launcher on(stream_, sm_count_);
    const device_tensors in(inputs), out(outputs);
    require_cuda(cudaDeviceSynchronize(), "copying inputs");
    call(kernel_arguments(in.views(), out.views()), on);
    require_cuda(cudaStreamSynchronize(static_cast<cudaStream_t>(stream_)),
                 "running kernels (the process can use the device no more)");
    out.copy_to(outputs);
    tensor_set after = inputs;
    in.copy_to(after);
    if (auto f = first_changed_input(inputs, after)) return f;
    if (auto f = first_stray_output(outputs)) return f;
    return on.first_stray_byte();
  } catch (const kernel_fault& failed) {
    return failed.why();
  }
}

std::string gpu_executor::machine() const {
  cudaDeviceProp properties = {};
  int driver = 0, runtime = 0;
  if (cudaGetDeviceProperties(&properties, device_) != cudaSuccess ||
      cudaDriverGetVersion(&driver) != cudaSuccess || cudaRuntimeGetVersion(&runtime) != cudaSuccess)
    return "a CUDA device that does not answer";
  return std::string(properties.name) + ", sm_" + std::to_string(properties.major) +
         std::to_string(properties.minor) + ", " + std::to_string(sm_count_) + " SMs, driver for CUDA " +
         version(driver) + ", runtime " + version(runtime);
}

std::unique_ptr<executor> make_gpu_executor(std::string& why_not) {
  int count = 0, major = 0;
  const cudaError_t found = cudaGetDeviceCount(&count);
  if (found != cudaSuccess) {
    why_not = std::string("gpu: no usable CUDA device (") + cudaGetErrorString(found) + ")";
    return nullptr;
  }
  if (count == 0) {
    why_not = "gpu: the CUDA driver reports no device";
    return nullptr;
  }
  if (cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0) != cudaSuccess || major < 8) {
    why_not = "gpu: device 0 is older than compute capability 8.0, which the kernels need";
    return nullptr;
  }
  try {
    return std::make_unique<gpu_executor>(0);
  } catch (const kernel_fault& failed) {
    why_not = "gpu: device 0 cannot be used (" + failed.why().message + ")";
    return nullptr;
  }
}

}  // namespace plumbline
