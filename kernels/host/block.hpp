// One block at a time on one OS thread: its fibers, barriers, warp meetings, shared memory and copies.
//
// A fiber runs until it has to wait; the scheduler then picks another that is ready.  When fibers are left
// and none is ready, the kernel can never end: some live thread waits for one that went elsewhere.  That is
// how a divergent barrier or a missing lane is found, in the same step for all of them, and reported with
// who waits where.  After any fault the fibers that still wait are resumed once to unwind (their wait
// throws), so destructors run and the runner is as good as new.
//
// Stricter than hardware, on purpose: a barrier wants every thread of the block, exited ones too, at one
// place in the source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernels/core/executor.hpp"
#include "kernels/core/launch.hpp"
#include "kernels/host/fiber.hpp"
#include "kernels/host/generation.hpp"
#include "kernels/host/schedule.hpp"
#include "kernels/host/shared_arena.hpp"
#include "kernels/host/simt.hpp"
#include "kernels/host/watch.hpp"

namespace plumbline::simt {

class wgmma_queue;

/// A copy that was started and has not arrived.
struct pending_copy {
  void* shared;
  const void* global;  // null: zeros
  std::uint32_t group;
  code_address started;
};

/// What a thread is doing, for the scheduler's report.
enum class activity : std::uint8_t { fresh, running, at_barrier, in_warp, done };

/// Thrown where a thread waits when its block has failed.
struct unwinding {};

struct thread_state {
  activity doing = activity::fresh;
  site where{nullptr, 0};
  const char* operation = "";
  std::uint32_t mask = 0;
  std::uint32_t committed = 0;  // groups of copies
  std::size_t arrived = 0;      // copies at the front of `copies` that are done
  std::vector<pending_copy> copies;
};

/// Some lanes of a warp on their way to one operation.
struct meeting {
  std::uint32_t mask, arrived;
  combine together;
  const char* operation;
};

struct warp_state {
  int open = 0;
  meeting meetings[warp_size];
  void* arguments[warp_size];
};

/// Runs blocks, one after the other.  Used by one OS thread at a time.
class block_runner : private way_back {
 public:
  /// Tensor cores add as that generation's do.
  explicit block_runner(generation tensor_cores);
  ~block_runner();
  /// Runs one block to its end; nothing: completed.  `who` looks on, `shown` keeps what it taps; null:
  /// nobody.
  std::optional<fault> run(const host_launch&, std::int64_t block, const schedule&, watch* who = nullptr,
                           tap_record* shown = nullptr);

  // What the running kernel's threads call.
  bool arrive_block(site);
  bool arrive_warp(std::uint32_t mask, const char* operation, combine, void* mine, site);
  void start_copy(void* shared, const void* global, bool valid, site, code_address);
  void commit_copies() { ++self().committed; }
  void wait_copies(int groups_left);
  [[noreturn]] void raise(const std::string& kind, const std::string& what, site);
  /// Ends the block with a fault where no exception can leave: the current thread is not unwound.
  [[noreturn]] void abandon(fault);
  /// A fault in the words of all reports: kernel, block, current thread, place in the source, what.
  fault report(const std::string& kind, const std::string& what, const std::string& where) const;
  /// "block (3,0,1)", for block number `block` of the launch.
  std::string name_of_block(std::int64_t block) const;
  /// Thread whose stack an address lies in, or -1.
  int owner_of_stack(const void*) const;
  watch* looked_on_by() const { return watch_; }
  const shared_arena& shared() const { return arena_; }
  generation tensor_cores() const { return tensor_cores_; }
  /// The block's asynchronous products (wgmma); made when first asked for.
  wgmma_queue& products();
  int threads() const { return count_; }
  const host_launch& launch() const { return *launch_; }
  /// The runner whose block the calling thread belongs to.
  static block_runner& current() { return *static_cast<block_runner*>(running); }

 private:
  static void thread_main(void* self);
  thread_state& self() { return threads_[static_cast<std::size_t>(current_)]; }
  void fail(fault);
  void finish_thread();
  void unwind_all();
  fault stuck() const;
  fault thrown(const std::string& what) const;

  generation tensor_cores_;
  std::unique_ptr<wgmma_queue> products_;
  shared_arena arena_;
  std::vector<thread_state> threads_;
  std::unique_ptr<warp_state[]> warps_;
  ready_lanes ready_{}, exists_{};
  picker picker_;
  watch* watch_ = nullptr;
  const host_launch* launch_ = nullptr;
  std::int64_t block_ = 0;
  int count_ = 0, live_ = 0, at_barrier_ = 0, current_ = 0;
  site barrier_{nullptr, 0};
  std::optional<fault> fault_;
};

/// "0-15,17": the set bits of `lanes[]`, offset by 32 a word, as a list of ranges.
std::string list_of(const ready_lanes& lanes);
/// A source file as the project's paths have it: without the way up from the build folder, which ccache puts
/// before some.
std::string short_path(std::string_view file);

}  // namespace plumbline::simt
