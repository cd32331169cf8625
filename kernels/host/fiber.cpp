#include "kernels/host/fiber.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <new>

namespace plumbline::simt {

namespace {

#if PLUMBLINE_ASAN || !defined(__OPTIMIZE__)
constexpr std::size_t stack_bytes = 256 * 1024;
#else
constexpr std::size_t stack_bytes = 64 * 1024;
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

void fiber_switch::start(boost::context::detail::transfer_t from) {
  fiber_switch& self = *static_cast<fiber_switch*>(from.data);
  self.scheduler_ = from.fctx;
  confirm_switch(nullptr, &self.bottom_, &self.size_);
  self.run_(self.owner_);
  std::abort();
}

void fiber_switch::reserve(int count) {
  while (static_cast<int>(fibers_.size()) < count) {
    fiber made;
    made.stack = std::make_unique<fiber_stack>(fibers_.size() % 12 * 320);
    fibers_.push_back(std::move(made));
  }
}

void fiber_switch::restart(int i) {
  fiber& f = fibers_[static_cast<std::size_t>(i)];
  f.context = boost::context::detail::make_fcontext(f.stack->top(), f.stack->size(), start);
  f.fake_stack = nullptr;
}

void fiber_switch::leave_for_good() {
  announce_switch(nullptr, bottom_, size_);
  boost::context::detail::jump_fcontext(scheduler_, nullptr);
  std::abort();
}

}  // namespace plumbline::simt
