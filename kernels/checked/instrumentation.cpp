// The functions that code compiled with -fsanitize=thread calls, in place of the sanitizer's own runtime.
//
// Each access of such code is a call with the address, before it happens.  Outside of a running block (the
// host side of a launch is compiled the same way) nothing is looked at.  None of these may throw: the
// compiler takes them for functions that do not, so a fault leaves its thread without unwinding it.
#include <cstddef>
#include <cstdint>

#include "kernels/checked/checker.hpp"

using plumbline::checked::active;
using plumbline::simt::memory_use;

namespace {

template <std::size_t Bytes, bool Natural>
inline __attribute__((always_inline)) void announce(void* first, memory_use how, const void* from) {
  if (active) active->look(first, Bytes, how, Natural, from);
}

}  // namespace

#define PLUMBLINE_INSTRUMENT(bytes)                                            \
  void __tsan_read##bytes(void* p) {                                           \
    announce<bytes, true>(p, memory_use::read, __builtin_return_address(0));   \
  }                                                                            \
  void __tsan_write##bytes(void* p) {                                          \
    announce<bytes, true>(p, memory_use::write, __builtin_return_address(0));  \
  }                                                                            \
  void __tsan_unaligned_read##bytes(void* p) {                                 \
    announce<bytes, false>(p, memory_use::read, __builtin_return_address(0));  \
  }                                                                            \
  void __tsan_unaligned_write##bytes(void* p) {                                \
    announce<bytes, false>(p, memory_use::write, __builtin_return_address(0)); \
  }

#define PLUMBLINE_INSTRUMENT_ATOMIC(bits, type)                                                       \
  type __tsan_atomic##bits##_load(const type* p, int order) {                                         \
    announce<sizeof(type), true>(const_cast<type*>(p), memory_use::atomic_read,                       \
                                 __builtin_return_address(0));                                        \
    return __atomic_load_n(p, order);                                                                 \
  }                                                                                                   \
  void __tsan_atomic##bits##_store(type* p, type x, int order) {                                      \
    announce<sizeof(type), true>(p, memory_use::atomic, __builtin_return_address(0));                 \
    __atomic_store_n(p, x, order);                                                                    \
  }                                                                                                   \
  type __tsan_atomic##bits##_exchange(type* p, type x, int order) {                                   \
    announce<sizeof(type), true>(p, memory_use::atomic, __builtin_return_address(0));                 \
    return __atomic_exchange_n(p, x, order);                                                          \
  }                                                                                                   \
  type __tsan_atomic##bits##_fetch_add(type* p, type x, int order) {                                  \
    announce<sizeof(type), true>(p, memory_use::atomic, __builtin_return_address(0));                 \
    return __atomic_fetch_add(p, x, order);                                                           \
  }                                                                                                   \
  type __tsan_atomic##bits##_fetch_sub(type* p, type x, int order) {                                  \
    announce<sizeof(type), true>(p, memory_use::atomic, __builtin_return_address(0));                 \
    return __atomic_fetch_sub(p, x, order);                                                           \
  }                                                                                                   \
  type __tsan_atomic##bits##_fetch_and(type* p, type x, int order) {                                  \
    announce<sizeof(type), true>(p, memory_use::atomic, __builtin_return_address(0));                 \
    return __atomic_fetch_and(p, x, order);                                                           \
  }                                                                                                   \
  type __tsan_atomic##bits##_fetch_or(type* p, type x, int order) {                                   \
    announce<sizeof(type), true>(p, memory_use::atomic, __builtin_return_address(0));                 \
    return __atomic_fetch_or(p, x, order);                                                            \
  }                                                                                                   \
  type __tsan_atomic##bits##_fetch_xor(type* p, type x, int order) {                                  \
    announce<sizeof(type), true>(p, memory_use::atomic, __builtin_return_address(0));                 \
    return __atomic_fetch_xor(p, x, order);                                                           \
  }                                                                                                   \
  bool __tsan_atomic##bits##_compare_exchange_strong(type* p, type* old, type x, int good, int bad) { \
    announce<sizeof(type), true>(p, memory_use::atomic, __builtin_return_address(0));                 \
    return __atomic_compare_exchange_n(p, old, x, false, good, bad);                                  \
  }                                                                                                   \
  bool __tsan_atomic##bits##_compare_exchange_weak(type* p, type* old, type x, int good, int bad) {   \
    announce<sizeof(type), true>(p, memory_use::atomic, __builtin_return_address(0));                 \
    return __atomic_compare_exchange_n(p, old, x, true, good, bad);                                   \
  }

extern "C" {

PLUMBLINE_INSTRUMENT(1)
PLUMBLINE_INSTRUMENT(2)
PLUMBLINE_INSTRUMENT(4)
PLUMBLINE_INSTRUMENT(8)
PLUMBLINE_INSTRUMENT(16)
PLUMBLINE_INSTRUMENT_ATOMIC(32, std::uint32_t)
PLUMBLINE_INSTRUMENT_ATOMIC(64, std::uint64_t)

void __tsan_read_range(void* p, std::size_t bytes) {
  if (active && bytes) active->look(p, bytes, memory_use::read, false, __builtin_return_address(0));
}
void __tsan_write_range(void* p, std::size_t bytes) {
  if (active && bytes) active->look(p, bytes, memory_use::write, false, __builtin_return_address(0));
}

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}

}  // extern "C"
