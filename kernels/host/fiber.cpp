#include "kernels/host/fiber.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <boost/context/detail/fcontext.hpp>
#include <cstdlib>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define PLUMBLINE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PLUMBLINE_ASAN 1
#endif
#endif
#ifdef PLUMBLINE_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

namespace plumbline::simt {
namespace fc = boost::context::detail;

namespace {

#if defined(PLUMBLINE_ASAN) || !defined(__OPTIMIZE__)
constexpr std::size_t stack_bytes = 256 * 1024;
#else
constexpr std::size_t stack_bytes = 64 * 1024;
#endif

#ifdef PLUMBLINE_ASAN
void start_switch(void** save, const void* bottom, std::size_t size) {
  __sanitizer_start_switch_fiber(save, bottom, size);
}
void finish_switch(void* saved, const void** bottom, std::size_t* size) {
  __sanitizer_finish_switch_fiber(saved, bottom, size);
}
#else
inline void start_switch(void**, const void*, std::size_t) {}
inline void finish_switch(void*, const void**, std::size_t*) {}
#endif

}  // namespace

fiber_stack::fiber_stack(std::size_t stagger) {
  const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  mapped_ = stack_bytes + page;
  mapping_ = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (mapping_ == MAP_FAILED) throw std::bad_alloc();
  if (mprotect(mapping_, page, PROT_NONE) != 0) {
    munmap(mapping_, mapped_);
    throw std::bad_alloc();
  }
  bottom_ = static_cast<std::byte*>(mapping_) + page;
  top_ = static_cast<std::byte*>(mapping_) + mapped_ - stagger;
}

fiber_stack::~fiber_stack() { munmap(mapping_, mapped_); }

struct fiber_switch::trampoline {
  static void start(fc::transfer_t from) {
    fiber_switch& self = *static_cast<fiber_switch*>(from.data);
    self.scheduler_ = from.fctx;
    finish_switch(nullptr, &self.scheduler_bottom_, &self.scheduler_size_);
    self.run_(self.owner_);
    std::abort();
  }
};

void fiber_switch::reserve(int count) {
  while (static_cast<int>(fibers_.size()) < count) {
    fiber made;
    made.stack = std::make_unique<fiber_stack>(fibers_.size() % 12 * 320);
    fibers_.push_back(std::move(made));
  }
}

void fiber_switch::restart(int i, entry run, void* owner) {
  run_ = run;
  owner_ = owner;
  fiber& f = fibers_[static_cast<std::size_t>(i)];
  f.context = fc::make_fcontext(f.stack->top(), f.stack->size(), trampoline::start);
  f.fake_stack = nullptr;
}

void fiber_switch::enter(int i) {
  fiber& f = fibers_[static_cast<std::size_t>(i)];
  start_switch(&scheduler_fake_stack_, f.stack->bottom(), f.stack->size());
  f.context = fc::jump_fcontext(f.context, this).fctx;
  finish_switch(scheduler_fake_stack_, nullptr, nullptr);
}

void fiber_switch::leave(int i) {
  fiber& f = fibers_[static_cast<std::size_t>(i)];
  start_switch(&f.fake_stack, scheduler_bottom_, scheduler_size_);
  scheduler_ = fc::jump_fcontext(scheduler_, nullptr).fctx;
  finish_switch(f.fake_stack, &scheduler_bottom_, &scheduler_size_);
}

void fiber_switch::leave_for_good(int) {
  start_switch(nullptr, scheduler_bottom_, scheduler_size_);
  fc::jump_fcontext(scheduler_, nullptr);
  std::abort();
}

}  // namespace plumbline::simt
