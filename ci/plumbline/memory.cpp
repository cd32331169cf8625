#include "ci/plumbline/memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <limits>

#include "ci/plumbline/rows.hpp"

namespace plumbline::program {

namespace {

constexpr double always_fits = 0x1p28;  // bytes: not worth a look at the machine

// A number in a file, or infinity ("max", no such file).
double number_in(const char* file) {
  std::ifstream in(file);
  double x = 0;
  return in >> x ? x : std::numeric_limits<double>::infinity();
}

double left_in_group(const char* limit, const char* used) {
  const double most = number_in(limit), now = number_in(used);
  return most > 0x1p60 || now > most ? std::numeric_limits<double>::infinity() : most - now;
}

double gib(double bytes) { return bytes / 0x1p30; }

}  // namespace

double available_memory() {
  double least = std::min(left_in_group("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
                          left_in_group("/sys/fs/cgroup/memory/memory.limit_in_bytes",
                                        "/sys/fs/cgroup/memory/memory.usage_in_bytes"));
  std::ifstream info("/proc/meminfo");
  for (std::string line; std::getline(info, line);)
    if (line.rfind("MemAvailable:", 0) == 0) least = std::min(least, std::stod(line.substr(13)) * 1024);
  return least;
}

std::string too_big(const instrument& all, const case_spec& spec) {
  const double needed = find_operation(all, spec.op, spec.function).memory_needed(spec);
  if (!(needed > always_fits)) return "";
  const double there = available_memory();
  if (needed <= there) return "";
  return fmt::format("needs about {:.3g} GiB, {:.3g} GiB are available", gib(needed), gib(there));
}

}  // namespace plumbline::program
