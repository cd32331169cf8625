// What AddressSanitizer has to be told: stack switches, and memory that must not be touched.  Without it, all
// of this is nothing.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define PLUMBLINE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PLUMBLINE_ASAN 1
#endif
#endif
#ifndef PLUMBLINE_ASAN
#define PLUMBLINE_ASAN 0
#endif

#if PLUMBLINE_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace plumbline::simt {

#if PLUMBLINE_ASAN

inline void announce_switch(void** save, const void* bottom, std::size_t size) {
  __sanitizer_start_switch_fiber(save, bottom, size);
}
inline void confirm_switch(void* saved, const void** bottom, std::size_t* size) {
  __sanitizer_finish_switch_fiber(saved, bottom, size);
}
inline void forbid_access(const void* p, std::size_t bytes) { __asan_poison_memory_region(p, bytes); }
inline void allow_access(const void* p, std::size_t bytes) { __asan_unpoison_memory_region(p, bytes); }

#else

inline void announce_switch(void**, const void*, std::size_t) {}
inline void confirm_switch(void*, const void**, std::size_t*) {}
inline void forbid_access(const void*, std::size_t) {}
inline void allow_access(const void*, std::size_t) {}

#endif

}  // namespace plumbline::simt
