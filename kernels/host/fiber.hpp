// Fibers: one stack a CUDA thread, switched by hand.
//
// All switches go between a fiber and its scheduler, never from fiber to fiber, so that the choice of who
// runs next, the notice that nobody can, and the sanitizer's annotations each have one place.  A switch is
// Boost.Context's raw fcontext: 4 to 5 ns, where ucontext takes 150 (a system call each time).  Stacks lie in
// their own mappings with a page behind them that faults, and their tops are staggered: equal offsets would
// put the hot lines of all fibers into the same few cache sets.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace plumbline::simt {

/// The memory of one fiber's stack: grows down from `top`, onto a page that faults.
class fiber_stack {
 public:
  /// `stagger` moves the top down by that many bytes.
  explicit fiber_stack(std::size_t stagger);
  ~fiber_stack();
  fiber_stack(const fiber_stack&) = delete;
  fiber_stack& operator=(const fiber_stack&) = delete;

  std::byte* top() const { return top_; }
  std::byte* bottom() const { return bottom_; }
  std::size_t size() const { return static_cast<std::size_t>(top_ - bottom_); }

 private:
  void* mapping_;
  std::size_t mapped_;
  std::byte *bottom_, *top_;
};

/// Both ends of the switches between one scheduler and its fibers.  Used by one OS thread at a time.
class fiber_switch {
 public:
  /// Called on a fresh fiber; never returns: its last act is `leave_for_good`.
  using entry = void (*)(void* owner);

  /// Makes fibers 0..count-1 (those that exist stay) available.
  void reserve(int count);
  /// Points fiber i at the start of `run(owner)`; whatever it did before is forgotten.
  void restart(int i, entry run, void* owner);
  /// From the scheduler: runs fiber i until it leaves.
  void enter(int i);
  /// From fiber i: back to the scheduler; returns when it is entered again.
  void leave(int i);
  /// From fiber i: back to the scheduler, never to return.
  [[noreturn]] void leave_for_good(int i);

 private:
  struct fiber {
    std::unique_ptr<fiber_stack> stack;
    void* context = nullptr;
    void* fake_stack = nullptr;  // AddressSanitizer's
  };
  std::vector<fiber> fibers_;
  void* scheduler_ = nullptr;
  void* owner_ = nullptr;
  entry run_ = nullptr;
  void* scheduler_fake_stack_ = nullptr;
  const void* scheduler_bottom_ = nullptr;
  std::size_t scheduler_size_ = 0;

  struct trampoline;
};

}  // namespace plumbline::simt
