// libbacktrace comes with g++ and reads the debug information of the running program, inlined calls too.  Its
// state can never be freed, so there is one a process, made at the first report.
#include "kernels/checked/source_lines.hpp"

#include <cxxabi.h>
#include <dlfcn.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#if PLUMBLINE_HAVE_LIBBACKTRACE
#include <backtrace.h>
#endif

#include "kernels/host/block.hpp"

namespace plumbline::checked {

namespace {

bool is_wrapper(std::string_view path) {
  for (std::string_view room : {"kernels/core/", "kernels/host/", "kernels/checked/"})
    if (path.substr(0, room.size()) == room) return true;
  return false;
}

struct frame {
  std::string line, function;
  std::uintptr_t offset = 0;
};

#if PLUMBLINE_HAVE_LIBBACKTRACE

void ignore_error(void*, const char*, int) {}

backtrace_state* state() {
  static backtrace_state* const one = backtrace_create_state(nullptr, 1, ignore_error, nullptr);
  return one;
}

frame find(std::uintptr_t pc) {
  frame found;
  if (!state()) return found;
  backtrace_pcinfo(
      state(), pc,
      [](void* to, std::uintptr_t, const char* file, int line, const char*) {
        frame& f = *static_cast<frame*>(to);
        if (!file || line <= 0) return 0;
        const std::string path = simt::short_path(file);
        if (f.line.empty() || !is_wrapper(path)) f.line = path + ":" + std::to_string(line);
        return is_wrapper(path) ? 0 : 1;
      },
      ignore_error, &found);
  backtrace_syminfo(
      state(), pc,
      [](void* to, std::uintptr_t at, const char* name, std::uintptr_t start, std::uintptr_t) {
        if (!name) return;
        static_cast<frame*>(to)->function = name;
        static_cast<frame*>(to)->offset = at - start;
      },
      ignore_error, &found);
  return found;
}

#else

frame find(std::uintptr_t pc) {
  frame found;
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(pc), &info) && info.dli_sname) {
    found.function = info.dli_sname;
    found.offset = pc - reinterpret_cast<std::uintptr_t>(info.dli_saddr);
  }
  return found;
}

#endif

}  // namespace

std::string line_of(simt::code_address after) {
  const frame f = find(reinterpret_cast<std::uintptr_t>(after) - 1);
  if (!f.line.empty()) return f.line;
  if (f.function.empty()) return "an unknown place";
  int failed = 0;
  char* const plain = abi::__cxa_demangle(f.function.c_str(), nullptr, nullptr, &failed);
  char offset[24];
  std::snprintf(offset, sizeof offset, " + 0x%zx", static_cast<std::size_t>(f.offset));
  const std::string text = (plain && failed == 0 ? plain : f.function) + offset;
  std::free(plain);
  return text;
}

}  // namespace plumbline::checked
