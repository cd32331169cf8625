#include "kernels/host/host_executor.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <thread>

#include "kernels/core/launch.hpp"
#include "kernels/host/grid.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline {

namespace {

std::string hex_byte(unsigned value) {
  char text[8];
  std::snprintf(text, sizeof text, "0x%02x", value);
  return text;
}

fault stray(const std::string& what, std::int64_t offset, unsigned expected, unsigned found) {
  return {"stray write", "stray write: " + what + " at byte offset " + std::to_string(offset) +
                             ": expected " + hex_byte(expected) + ", found " + hex_byte(found)};
}

/// Scratch of one call: poisoned blocks between guard zones.
class scratch_memory {
 public:
  void* take(std::size_t bytes) {
    const std::size_t rounded = (bytes + guard_bytes - 1) / guard_bytes * guard_bytes;
    std::byte* const memory =
        static_cast<std::byte*>(std::aligned_alloc(guard_bytes, rounded + 2 * guard_bytes));
    if (!memory) throw std::bad_alloc();
    blocks_.push_back({std::unique_ptr<std::byte, void (*)(void*)>(memory, std::free), bytes});
    std::memset(memory, guard_pattern, rounded + 2 * guard_bytes);
    std::memset(memory + guard_bytes, 0xff, bytes);
    return memory + guard_bytes;
  }

  std::optional<fault> first_stray_byte() const {
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      const block& b = blocks_[i];
      const std::byte* const data = b.memory.get() + guard_bytes;
      const auto check = [&](const std::byte* from, const std::byte* to) -> std::optional<fault> {
        const auto changed =
            std::find_if(from, to, [](std::byte x) { return x != std::byte{guard_pattern}; });
        if (changed == to) return std::nullopt;
        return stray(
            "scratch buffer " + std::to_string(i) + " (" + std::to_string(b.bytes) + " bytes) was written",
            changed - data, guard_pattern, static_cast<unsigned>(*changed));
      };
      if (auto f = check(data - guard_bytes, data)) return f;
      if (auto f = check(data + b.bytes, data + b.bytes + guard_bytes)) return f;
    }
    return std::nullopt;
  }

 private:
  struct block {
    std::unique_ptr<std::byte, void (*)(void*)> memory;
    std::size_t bytes;
  };
  std::vector<block> blocks_;
};

class host_launcher final : public launcher {
 public:
  host_launcher(const run_options& options, simt::runner_pool& pool)
      : grid_(simt::schedule::parse(options.schedule), options.os_threads, pool, nullptr, options.taps),
        sm_count_(options.sm_count) {}
  void* scratch(std::size_t bytes) override { return scratch_.take(bytes); }
  int sm_count() const override { return sm_count_; }
  void run_on_host(const host_launch& launch) override { grid_.run(launch); }
  std::optional<fault> first_stray_byte() const { return scratch_.first_stray_byte(); }

 private:
  simt::grid_runner grid_;
  scratch_memory scratch_;
  int sm_count_;
};

std::optional<fault> first_changed_input(const tensor_set& before, const tensor_set& after) {
  for (auto b = before.begin(), a = after.begin(); b != before.end(); ++a, ++b) {
    const tensor &old_value = b->value, &new_value = a->value;
    const auto old_parts = old_value.parts(), new_parts = new_value.parts();
    for (std::size_t i = 0; i < old_parts.size(); ++i) {
      const auto old_bytes = old_parts[i], new_bytes = new_parts[i];
      if (std::memcmp(old_bytes.data(), new_bytes.data(), old_bytes.size()) == 0) continue;
      const auto [was, is] = std::mismatch(old_bytes.begin(), old_bytes.end(), new_bytes.begin());
      return stray("input " + b->name + " was written", &*was - old_value.data(), static_cast<unsigned>(*was),
                   static_cast<unsigned>(*is));
    }
  }
  return std::nullopt;
}

std::optional<fault> first_stray_output(const tensor_set& outputs) {
  for (const auto& entry : outputs)
    if (const auto found = entry.value.first_stray_byte(entry.name))
      return stray("around output " + found->tensor + " was written", found->offset, found->expected,
                   found->found);
  return std::nullopt;
}

}  // namespace

void host_executor::check(const run_options& options) {
  if (options.os_threads < 0) throw bad_argument("os_threads", "expected 0 (all cores) or more");
  if (options.sm_count < 1) throw bad_argument("sm_count", "expected at least 1");
}

std::optional<fault> host_executor::complete(
    const std::function<void(const kernel_arguments&, launcher&)>& call, const kernel_arguments& arguments,
    launcher& on) {
  try {
    call(arguments, on);
  } catch (const kernel_fault& failed) {
    return failed.why();
  }
  return std::nullopt;
}

host_executor::host_executor(std::string_view generation)
    : pool_(std::make_unique<simt::runner_pool>(simt::generation_of(generation))) {}

host_executor::~host_executor() = default;

std::optional<fault> host_executor::run(const std::function<void(const kernel_arguments&, launcher&)>& call,
                                        tensor_set& inputs, tensor_set& outputs, const run_options& options) {
  check(options);
  host_launcher launcher(options, *pool_);
  tensor_set copies = inputs;
  std::vector<kernel_arguments::entry> in, out;
  for (auto& entry : copies) in.push_back({entry.name, entry.value.view()});
  for (auto& entry : outputs) out.push_back({entry.name, entry.value.view()});

  if (auto f = complete(call, kernel_arguments(in, out), launcher)) return f;
  if (auto f = first_changed_input(inputs, copies)) return f;
  if (auto f = first_stray_output(outputs)) return f;
  return launcher.first_stray_byte();
}

std::string host_executor::machine() const {
  std::string cpu = "unknown CPU";
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.rfind("model name", 0) == 0 && line.find(": ") != std::string::npos) {
      cpu = line.substr(line.find(": ") + 2);
      break;
    }
  return cpu + ", " + std::to_string(std::max(1u, std::thread::hardware_concurrency())) + " threads";
}

}  // namespace plumbline
