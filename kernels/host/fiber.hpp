// Fibers: one stack a CUDA thread, switched by hand.
//
// All switches go between a fiber and its scheduler, never from fiber to fiber, so that the choice of who
// runs next, the notice that nobody can, and the sanitizer's annotations each have one place.  A switch is
// Boost.Context's raw fcontext: about 5 ns, where ucontext takes 150 (a system call each time).  Stacks lie
// in their own mappings with a page behind them that faults, and their tops are staggered: equal offsets
// would put the hot lines of all fibers into the same few cache sets.
#pragma once

#include <boost/context/detail/fcontext.hpp>
#include <cstddef>
#include <memory>
#include <vector>

#include "kernels/host/sanitizer.hpp"

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
  /// What a fresh fiber runs; its last act is `leave_for_good`.
  using entry = void (*)(void* owner);

  /// What fibers start with.
  void set_entry(entry run, void* owner) {
    run_ = run;
    owner_ = owner;
  }
  /// Makes fibers 0..count-1 (those that exist stay) available.
  void reserve(int count);
  /// Points fiber i at its entry; whatever it did before is forgotten.
  void restart(int i);

  /// From the scheduler: runs fiber i until it leaves.
  __attribute__((always_inline)) void enter(int i) {
    fiber& f = fibers_[static_cast<std::size_t>(i)];
    inside_ = &f;
    announce_switch(&fake_stack_, f.stack->bottom(), f.stack->size());
    f.context = boost::context::detail::jump_fcontext(f.context, this).fctx;
    confirm_switch(fake_stack_, nullptr, nullptr);
  }
  /// From a fiber: back to the scheduler; returns when it is entered again.
  __attribute__((always_inline)) void leave() {
    announce_switch(&inside_->fake_stack, bottom_, size_);
    scheduler_ = boost::context::detail::jump_fcontext(scheduler_, nullptr).fctx;
    confirm_switch(inside_->fake_stack, &bottom_, &size_);
  }
  /// The stack of the fiber that runs.
  const fiber_stack& stack() const { return *inside_->stack; }
  const fiber_stack& stack_of(int i) const { return *fibers_[static_cast<std::size_t>(i)].stack; }
  /// From a fiber: back to the scheduler, never to return.
  [[noreturn]] void leave_for_good();

 private:
  struct fiber {
    void* context = nullptr;
    void* fake_stack = nullptr;  // AddressSanitizer's
    std::unique_ptr<fiber_stack> stack;
  };
  static void start(boost::context::detail::transfer_t from);

  void* scheduler_ = nullptr;
  fiber* inside_ = nullptr;
  std::vector<fiber> fibers_;
  entry run_ = nullptr;
  void* owner_ = nullptr;
  void* fake_stack_ = nullptr;  // the scheduler's, and its stack
  const void* bottom_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace plumbline::simt
