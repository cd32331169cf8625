// The words of a fault: kernel, block, who waits where, and who is elsewhere.
#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "kernels/host/block.hpp"

namespace plumbline::simt {

std::string list_of(const ready_lanes& lanes) {
  std::string text;
  int first = -1;
  for (int i = 0; i <= max_warps * warp_size; ++i) {
    const bool in =
        i < max_warps * warp_size && (lanes[static_cast<std::size_t>(i / warp_size)] >> i % warp_size & 1);
    if (in && first < 0) first = i;
    if (in || first < 0) continue;
    if (!text.empty()) text += ',';
    text += std::to_string(first);
    if (i - 1 > first) text += '-' + std::to_string(i - 1);
    first = -1;
  }
  return text;
}

std::string short_path(std::string_view file) {
  const std::size_t up = file.rfind("../");
  return std::string(up == file.npos ? file : file.substr(up + 3));
}

namespace {

std::string at(site where) { return short_path(where.file) + ":" + std::to_string(where.line); }

std::string hex(std::uint32_t mask) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", mask);
  return text;
}

}  // namespace

std::string block_runner::name_of_block(std::int64_t block) const {
  const grid_size& grid = launch_->grid;
  return "block (" + std::to_string(block % grid.x) + "," + std::to_string(block / grid.x % grid.y) + "," +
         std::to_string(block / grid.x / grid.y) + ")";
}

fault block_runner::report(const std::string& kind, const std::string& what, const std::string& where) const {
  return {kind, kind + ": kernel " + launch_->kernel + ", " + name_of_block(block_) + ", thread " +
                    std::to_string(current_) + ", " + where + ": " + what};
}

void block_runner::raise(const std::string& kind, const std::string& what, site where) {
  throw kernel_fault(report(kind, what, at(where)));
}

fault block_runner::thrown(const std::string& what) const {
  return {"exception", "exception: kernel " + std::string(launch_->kernel) + ", " + name_of_block(block_) +
                           ", thread " + std::to_string(current_) + ": " + what};
}

fault block_runner::stuck() const {
  struct group {
    const thread_state* like;
    activity doing;
    ready_lanes members{};
  };
  std::vector<group> groups;
  bool in_warp = false;
  for (int i = 0; i < count_; ++i) {
    const thread_state& t = threads_[static_cast<std::size_t>(i)];
    const bool waits = t.doing == activity::at_barrier || t.doing == activity::in_warp;
    const bool released =
        i != current_ && (ready_[static_cast<std::size_t>(i / warp_size)] >> i % warp_size & 1);
    const bool elsewhere = (waits && released) || t.doing == activity::fresh;
    const activity doing = elsewhere ? activity::running : t.doing;
    in_warp |= doing == activity::in_warp;
    const auto alike = [&](const group& g) {
      const thread_state& o = *g.like;
      if (g.doing != doing) return false;
      if (doing != activity::at_barrier && doing != activity::in_warp) return true;
      return o.where.line == t.where.line && std::strcmp(o.where.file, t.where.file) == 0 &&
             (doing == activity::at_barrier ||
              (o.mask == t.mask && std::strcmp(o.operation, t.operation) == 0));
    };
    auto found = std::find_if(groups.begin(), groups.end(), alike);
    if (found == groups.end()) found = groups.insert(groups.end(), group{&t, doing});
    found->members[static_cast<std::size_t>(i / warp_size)] |= 1u << i % warp_size;
  }

  const std::string kind = in_warp ? "missing lanes" : "divergent barrier";
  std::string text = kind + ": kernel " + launch_->kernel + ", " + name_of_block(block_) + ":";
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const thread_state& t = *groups[g].like;
    text += (g ? "; threads " : " threads ") + list_of(groups[g].members);
    const activity doing = groups[g].doing;
    if (doing == activity::at_barrier)
      text += " wait in __syncthreads at " + at(t.where);
    else if (doing == activity::in_warp)
      text += " wait in " + std::string(t.operation) + " with mask " + hex(t.mask) + " at " + at(t.where);
    else if (doing == activity::done)
      text += " have exited";
    else
      text += " are elsewhere";
  }
  return {kind, text};
}

}  // namespace plumbline::simt
