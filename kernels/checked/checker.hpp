// The rules of memory, held against every access of a running block.
//
// Kernels of this side are compiled with -fsanitize=thread and linked to functions of ours, so that each
// access to memory announces itself (kernels/checked/instrumentation.cpp).  Here an access is told by its
// address: the thread's own stack is its registers and passes; shared and global memory have their rules;
// launch parameters and constants may be read; everything else is nobody's.
//
// The first breach ends the call.  Blocks run one after the other, so what is reported depends on the
// schedule alone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/checked/memory_map.hpp"
#include "kernels/checked/order.hpp"
#include "kernels/checked/shadow.hpp"
#include "kernels/host/block.hpp"
#include "kernels/host/watch.hpp"

namespace plumbline::checked {

class checker final : public simt::watch {
 public:
  explicit checker(memory_map& global);
  ~checker() override;

  void launch_begins(const host_launch&) override;
  void block_begins(simt::block_runner&, std::int64_t block) override;
  void block_ends() override;
  void block_meets() override { order_.block_meets(); }
  void warp_meets(int warp, std::uint32_t mask) override { order_.warp_meets(warp, mask); }
  void uses(const void* first, std::size_t bytes, simt::memory_use, simt::code_address) override;
  void copy_starts(void* shared, const void* global, simt::code_address) override;
  void copy_arrives(void* shared, simt::code_address started) override;
  void product_reads(const void* shared, std::size_t bytes, simt::code_address) override;
  void product_has_read(const void* shared, std::size_t bytes) override;
  void registers_taken(int thread, const void* first, std::size_t bytes, bool operand,
                       simt::code_address) override;
  void registers_given(int thread, const void* first) override;
  void proxy_fence() override;

  /// One access of instrumented code; `natural`: the address must be a multiple of the size.
  void look(const void* first, std::size_t bytes, simt::memory_use how, bool natural,
            simt::code_address from) {
    const simt::fiber_stack& own = simt::running->fibers.stack();
    const auto address = reinterpret_cast<std::uintptr_t>(first);
    if (address - reinterpret_cast<std::uintptr_t>(own.bottom()) < own.size())
      return taken_ ? look_registers(address, bytes, how, from) : void();
    look_outside(address, bytes, how, natural, from);
  }

 private:
  void look_outside(std::uintptr_t, std::size_t bytes, simt::memory_use, bool natural, simt::code_address);
  void look_registers(std::uintptr_t, std::size_t bytes, simt::memory_use, simt::code_address);
  void look_shared(std::ptrdiff_t offset, std::size_t bytes, simt::memory_use, simt::code_address);
  void look_global(region&, std::ptrdiff_t offset, std::size_t bytes, simt::memory_use, simt::code_address);
  void look_elsewhere(std::uintptr_t, std::size_t bytes, simt::memory_use, simt::code_address);
  visit visit_of(simt::memory_use, bool known_content, simt::code_address) const;
  std::string name_of(std::uintptr_t address) const;
  [[noreturn]] void stop(const char* kind, const std::string& what, simt::code_address) const;
  [[noreturn]] void stop(const collision&, const std::string& name, simt::memory_use,
                         simt::code_address) const;
  std::string who(const collision&) const;

  /// Local memory of a thread that stands for registers which an asynchronous product uses.
  struct busy_registers {
    std::uintptr_t begin;
    std::size_t bytes;
    bool operand;
    simt::code_address from;
  };

  memory_map& global_;
  std::vector<std::vector<busy_registers>> registers_;  // by thread
  std::size_t taken_ = 0;                               // of all threads
  order order_;
  shadow shared_;
  simt::block_runner* block_ = nullptr;
  std::uintptr_t shared_begin_ = 0, index_begin_ = 0, params_begin_ = 0;
  std::size_t shared_bytes_ = 0, index_bytes_ = 0, params_bytes_ = 0;
  std::uintptr_t constants_begin_ = 0;
  std::size_t constants_bytes_ = 0;
};

/// The checker of the block that this OS thread runs, or null.
extern constinit thread_local checker* active;

}  // namespace plumbline::checked
