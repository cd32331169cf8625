#include "kernels/host/block.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <exception>

#include "kernels/host/tensor_core_wgmma.hpp"

constinit thread_local plumbline::simt::index3 threadIdx, blockIdx, blockDim, gridDim;

namespace plumbline::simt {

constinit thread_local way_back* running = nullptr;

namespace {

bool same_text(const char* a, const char* b) { return a == b || std::strcmp(a, b) == 0; }
bool same_place(site a, site b) { return a.line == b.line && same_text(a.file, b.file); }

index3 block_index(const host_launch& launch, std::int64_t block) {
  return {static_cast<unsigned>(block % launch.grid.x),
          static_cast<unsigned>(block / launch.grid.x % launch.grid.y),
          static_cast<unsigned>(block / launch.grid.x / launch.grid.y)};
}

constexpr std::uint32_t full_warp = ~0u;

}  // namespace

block_runner::block_runner(generation tensor_cores)
    : tensor_cores_(tensor_cores), threads_(max_block_threads), warps_(new warp_state[max_warps]) {
  fibers.set_entry(thread_main, this);
}

block_runner::~block_runner() = default;

wgmma_queue& block_runner::products() {
  if (!products_) products_ = std::make_unique<wgmma_queue>(count_);
  return *products_;
}

std::optional<fault> block_runner::run(const host_launch& launch, std::int64_t block, const schedule& how,
                                       watch* who, tap_record* shown) {
  launch_ = &launch;
  watch_ = who;
  taps = shown;
  count_ = live_ = launch.threads;
  at_barrier_ = 0;
  fault_.reset();
  failed = false;
  block_ = block;
  const int warps = (count_ + warp_size - 1) / warp_size;
  for (int w = 0; w < max_warps; ++w) {
    const int lanes = std::clamp(count_ - w * warp_size, 0, warp_size);
    exists_[static_cast<std::size_t>(w)] = lanes == warp_size ? full_warp : (1u << lanes) - 1u;
    warps_[static_cast<std::size_t>(w)].open = 0;
  }
  ready_ = exists_;
  picker_ = picker(how, block, warps);
  arena_.prepare(launch.shared_bytes);
  products_.reset();
  fibers.reserve(count_);
  for (int i = 0; i < count_; ++i) {
    fibers.restart(i);
    thread_state& t = threads_[static_cast<std::size_t>(i)];
    t.doing = activity::fresh;
    t.committed = 0;
    t.arrived = 0;
    t.copies.clear();
  }

  running = this;
  blockIdx = block_index(launch, block);
  blockDim = {static_cast<unsigned>(count_), 1, 1};
  gridDim = {static_cast<unsigned>(launch.grid.x), static_cast<unsigned>(launch.grid.y),
             static_cast<unsigned>(launch.grid.z)};
  threadIdx = {0, 0, 0};
  if (watch_) watch_->block_begins(*this, block);
  while (live_ > 0) {
    const int next = picker_.next(ready_);
    if (next < 0 && !failed) fail(stuck());
    if (failed) {
      unwind_all();
      break;
    }
    current_ = next;
    threadIdx.x = static_cast<unsigned>(next);
    fibers.enter(next);
  }
  if (watch_) watch_->block_ends();
  running = nullptr;

  if (products_ && !fault_)
    if (const auto why = products_->disagreement())
      fault_ = {"missing lanes", "missing lanes: kernel " + std::string(launch.kernel) + ", " +
                                     name_of_block(block_) + ": " + *why};
  if (const auto stray = arena_.first_stray_byte(); stray && !fault_)
    fault_ = {"stray write", "stray write: kernel " + std::string(launch.kernel) + ", " +
                                 name_of_block(block_) + ": shared memory changed at byte " +
                                 std::to_string(*stray) + " of " + std::to_string(arena_.bytes())};
  return fault_;
}

void block_runner::thread_main(void* owner) {
  block_runner& block = *static_cast<block_runner*>(owner);
  block.self().doing = activity::running;
  try {
    block.launch_->body(block.launch_->params);
  } catch (const unwinding&) {
  } catch (const kernel_fault& f) {
    block.fail(f.why());
  } catch (const std::exception& e) {
    block.fail(block.thrown(e.what()));
  } catch (...) {
    block.fail(block.thrown("of unknown type"));
  }
  block.finish_thread();
  block.fibers.leave_for_good();
}

void block_runner::fail(fault why) {
  if (failed) return;
  failed = true;
  fault_ = std::move(why);
  if (watch_) watch_->block_ends();
}

int block_runner::owner_of_stack(const void* p) const {
  for (int i = 0; i < count_; ++i) {
    const fiber_stack& s = fibers.stack_of(i);
    if (p >= s.bottom() && p < s.top()) return i;
  }
  return -1;
}

void block_runner::abandon(fault why) {
  fail(std::move(why));
  finish_thread();
  fibers.leave_for_good();
}

void block_runner::finish_thread() {
  self().doing = activity::done;
  ready_[static_cast<std::size_t>(current_ / warp_size)] &= ~(1u << current_ % warp_size);
  --live_;
}

void block_runner::unwind_all() {
  for (int i = 0; i < count_; ++i) {
    thread_state& t = threads_[static_cast<std::size_t>(i)];
    if (t.doing == activity::done || t.doing == activity::fresh) continue;
    current_ = i;
    threadIdx.x = static_cast<unsigned>(i);
    fibers.enter(i);
  }
}

bool block_runner::arrive_block(site where) {
  if (failed) unwind();
  thread_state& t = self();
  t.doing = activity::at_barrier;
  t.where = where;
  if (at_barrier_++ == 0) barrier_ = where;
  if (!same_place(barrier_, where)) {
    fail(stuck());
    unwind();
  }
  if (at_barrier_ == count_) {
    at_barrier_ = 0;
    ready_ = exists_;
    if (watch_) watch_->block_meets();
    return !picker_.last_goes_on();
  }
  ready_[static_cast<std::size_t>(current_ / warp_size)] &= ~(1u << current_ % warp_size);
  return true;
}

bool block_runner::arrive_warp(std::uint32_t mask, const char* operation, combine together, void* mine,
                               site where) {
  if (failed) unwind();
  const int w = current_ / warp_size, lane = current_ % warp_size;
  const std::uint32_t bit = 1u << lane;
  thread_state& t = self();
  t.doing = activity::in_warp;
  t.where = where;
  t.operation = operation;
  t.mask = mask;
  if (!(mask & bit))
    raise("missing lanes",
          std::string(operation) + " with a mask that leaves out the calling lane " + std::to_string(lane),
          where);
  warp_state& warp = warps_[static_cast<std::size_t>(w)];
  int m = 0;
  while (m < warp.open && warp.meetings[m].mask != mask) ++m;
  if (m == warp.open) warp.meetings[warp.open++] = {mask, 0, together, operation};
  meeting& ours = warp.meetings[m];
  if (ours.together != together || !same_text(ours.operation, operation)) {
    fail(stuck());
    unwind();
  }
  warp.arguments[lane] = mine;
  ours.arrived |= bit;
  if (ours.arrived == mask) {
    if (together)
      together(warp.arguments, mask);
    else if (watch_)
      watch_->warp_meets(w, mask);
    ours = warp.meetings[--warp.open];
    ready_[static_cast<std::size_t>(w)] |= mask;
    return !picker_.last_goes_on();
  }
  ready_[static_cast<std::size_t>(w)] &= ~bit;
  return true;
}

void block_runner::start_copy(void* shared, const void* global, bool valid, site where, code_address from) {
  check_aligned16(shared, where);
  if (valid) check_aligned16(global, where);
  if (!arena_.contains(shared, 16))
    raise("stray write", "an asynchronous copy's destination is outside the block's shared memory", where);
  if (watch_) watch_->copy_starts(shared, valid ? global : nullptr, from);
  std::memset(shared, 0xff, 16);
  thread_state& t = self();
  t.copies.push_back({shared, valid ? global : nullptr, t.committed, from});
}

void block_runner::wait_copies(int groups_left) {
  thread_state& t = self();
  while (t.arrived < t.copies.size()) {
    const pending_copy& c = t.copies[t.arrived];
    if (c.group + static_cast<std::uint32_t>(groups_left) >= t.committed) return;
    if (c.global)
      std::memcpy(c.shared, c.global, 16);
    else
      std::memset(c.shared, 0, 16);
    if (watch_) watch_->copy_arrives(c.shared, c.started);
    ++t.arrived;
  }
  t.copies.clear();
  t.arrived = 0;
}

bool arrive_block(site where) { return block_runner::current().arrive_block(where); }
bool arrive_warp(std::uint32_t mask, const char* operation, combine together, void* mine, site where) {
  return block_runner::current().arrive_warp(mask, operation, together, mine, where);
}
void* shared_base() { return block_runner::current().shared().base(); }
void start_copy(void* shared, const void* global, bool valid, site where) {
  block_runner::current().start_copy(shared, global, valid, where, __builtin_return_address(0));
}
void commit_copies() { block_runner::current().commit_copies(); }
void wait_copies(int groups_left) { block_runner::current().wait_copies(groups_left); }
void raise(const char* kind, const char* what, site where) {
  block_runner::current().raise(kind, what, where);
}
void unwind() { throw unwinding{}; }
void wait_unseen();
void wait_unseen() { wait_turn(); }
void check_matrix_row(const void* row, site where) {
  check_aligned16(row, where);
  if (!block_runner::current().shared().contains(row, 16))
    raise("stray read", "ldmatrix reads a row outside the block's shared memory", where);
  if (watch* const who = block_runner::current().looked_on_by())
    who->uses(row, 16, memory_use::read, __builtin_return_address(0));
}

void load16(void* to, const void* from) {
  if (watch* const who = block_runner::current().looked_on_by())
    who->uses(from, 16, memory_use::read, __builtin_return_address(0));
  std::memcpy(to, from, 16);
}
void store16(void* to, const void* from) {
  if (watch* const who = block_runner::current().looked_on_by())
    who->uses(to, 16, memory_use::write, __builtin_return_address(0));
  std::memcpy(to, from, 16);
}

void fence_proxy() {
  if (watch* const who = block_runner::current().looked_on_by()) who->proxy_fence();
}

void fence() { std::atomic_thread_fence(std::memory_order_seq_cst); }

namespace {

std::uint32_t word(const void* p) {
  std::uint32_t value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

}  // namespace

void shuffle_lanes(void* const* lanes, std::uint32_t mask) {
  std::uint32_t values[32];
  for (std::uint32_t rest = mask; rest; rest &= rest - 1) {
    const int i = std::countr_zero(rest);
    values[i] = static_cast<const shuffle_lane*>(lanes[i])->value;
  }
  for (std::uint32_t rest = mask; rest; rest &= rest - 1) {
    shuffle_lane& lane = *static_cast<shuffle_lane*>(lanes[std::countr_zero(rest)]);
    lane.value = values[lane.source];
  }
}

void gather_votes(void* const* lanes, std::uint32_t mask) {
  std::uint32_t yes = 0;
  for (std::uint32_t rest = mask; rest; rest &= rest - 1) {
    const int i = std::countr_zero(rest);
    yes |= (word(lanes[i]) ? 1u : 0u) << i;
  }
  for (std::uint32_t rest = mask; rest; rest &= rest - 1)
    std::memcpy(lanes[std::countr_zero(rest)], &yes, sizeof yes);
}

}  // namespace plumbline::simt
