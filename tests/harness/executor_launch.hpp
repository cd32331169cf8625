// One launch of a test kernel on the host executor.
#pragma once

#include <optional>

#include "kernels/core/launch.hpp"
#include "kernels/host/host_executor.hpp"

namespace plumbline {

struct launch_shape {
  grid_size grid;
  int threads = 32;
  std::size_t shared_bytes = 0;
};

/// Runs `Kernel(params)` without tensors; nothing: completed.
template <auto Kernel, class Params>
std::optional<fault> run_kernel(const launch_shape& shape, const Params& params,
                                const run_options& options = {}) {
  host_executor executor;
  tensor_set no_inputs, no_outputs;
  return executor.run(
      [&](const kernel_arguments&, launcher& on) {
        kernels::launch<Kernel>(on, "test_kernel", shape.grid, shape.threads, shape.shared_bytes, params);
      },
      no_inputs, no_outputs, options);
}

inline run_options scheduled(const char* schedule, int os_threads = 0) {
  run_options options;
  options.schedule = schedule;
  options.os_threads = os_threads;
  return options;
}

inline constexpr const char* every_schedule[] = {"",          "reverse",  "random:1",
                                                 "random:20", "starve:0", "starve:1"};

/// Whether `text` contains `part`; for messages.
inline bool mentions(const std::optional<fault>& f, const std::string& part) {
  return f && f->message.find(part) != std::string::npos;
}

}  // namespace plumbline
