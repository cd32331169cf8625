#include "kernels/checked/checked_executor.hpp"

#include <cstring>

#include "kernels/checked/checker.hpp"
#include "kernels/core/launch.hpp"
#include "kernels/host/grid.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline {

namespace {

class checked_launcher final : public launcher {
 public:
  checked_launcher(const run_options& options, simt::runner_pool& pool, checked::memory_map& global)
      : global_(global),
        checker_(global),
        grid_(simt::schedule::parse(options.schedule), 1, pool, &checker_),
        sm_count_(options.sm_count) {}
  void* scratch(std::size_t bytes) override {
    return global_.place("scratch " + std::to_string(buffers_++), bytes).data();
  }
  int sm_count() const override { return sm_count_; }
  void run_on_host(const host_launch& launch) override { grid_.run(launch); }

 private:
  checked::memory_map& global_;
  checked::checker checker_;
  simt::grid_runner grid_;
  int sm_count_, buffers_ = 0;
};

tensor_view moved(tensor_view view, const checked::region& to) {
  view.data = to.data();
  return view;
}

}  // namespace

std::optional<fault> checked_executor::run(
    const std::function<void(const kernel_arguments&, launcher&)>& call, tensor_set& inputs,
    tensor_set& outputs, const run_options& options) {
  check(options);
  checked::memory_map global;
  checked_launcher launcher(options, pool(), global);
  std::vector<kernel_arguments::entry> in, out;
  std::vector<checked::region*> places;
  for (auto& entry : inputs)
    in.push_back({entry.name,
                  moved(entry.value.view(), global.place(entry.name, checked::content::input, entry.value))});
  for (auto& entry : outputs) {
    const auto kind = inputs.has(entry.name) ? checked::content::in_place : checked::content::output;
    places.push_back(&global.place(entry.name, kind, entry.value));
    out.push_back({entry.name, moved(entry.value.view(), *places.back())});
  }

  if (auto f = complete(call, kernel_arguments(in, out), launcher)) return f;

  auto from = places.begin();
  for (auto& entry : outputs) {
    const checked::region& r = **from++;
    if (r.bytes()) std::memcpy(entry.value.data(), r.data(), r.bytes());
  }
  return std::nullopt;
}

/// Known to make_executor where this library is built.
std::unique_ptr<executor> make_checked_executor() { return std::make_unique<checked_executor>(); }

}  // namespace plumbline
