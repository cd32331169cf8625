#include "tests/bench/split_bench.hpp"

#include <algorithm>
#include <ctime>
#include <string>

#include "kernels/core/variants_of.hpp"
#include "reference/core/random.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline {

namespace {

constexpr std::int64_t keys = 1024, heads = 1, queries = 64, width = 128;
constexpr int rounds = 8;

tensor drawn(std::vector<std::int64_t> shape, const char* name) {
  random_stream stream(1, name);
  tensor t(dtype::bf16, std::move(shape));
  for (std::int64_t i = 0; i < t.size(); ++i) t.set_value(i, stream.normal());
  return t;
}

/// Of this OS thread, which runs everything when there is one: other load does not count.
double cpu_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace

double split_gflops(const char* executor) {
  std::string why_not;
  const auto on = make_executor(executor, why_not);
  if (!on) return 0;
  flash_decode::attend_problem p;
  p.hq = p.hk = heads;
  p.sq = queries;
  p.d = p.dv = width;
  p.capacity = keys;
  p.cache_seqlens = {keys};
  p.num_splits = 1;
  tensor_set inputs;
  inputs.set("q", drawn({1, queries, heads, width}, "q"));
  inputs.set("k_cache", drawn({1, keys, heads, width}, "k"));
  inputs.set("v_cache", drawn({1, keys, heads, width}, "v"));
  tensor lengths(dtype::i32, {1});
  lengths.set_value(0, keys);
  inputs.set("cache_seqlens", std::move(lengths));
  run_options options;
  options.os_threads = 1;
  double best = 1e9;
  for (const auto& row : variants_of<flash_decode::attend_problem>(on->kernels()))
    for (int round = 0; round < rounds && row.name == "split"; ++round) {
      tensor_set outputs = flash_decode::make_outputs(p);
      const double start = cpu_seconds();
      const auto failed =
          on->run([&](const kernel_arguments& args, launcher& place) { row.run(p, args, place); }, inputs,
                  outputs, options);
      if (failed) return 0;
      best = std::min(best, cpu_seconds() - start);
    }
  return 1e-9 * 4.0 * static_cast<double>(keys * heads * queries * width) / best;
}

}  // namespace plumbline
