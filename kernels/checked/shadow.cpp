#include "kernels/checked/shadow.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace plumbline::checked {

shadow::shadow(std::size_t bytes)
    : cells_(static_cast<cell*>(std::calloc(bytes / 4 + 1, sizeof(cell))), [](void* p) { std::free(p); }) {
  if (!cells_) throw std::bad_alloc();
}

shadow::quad& shadow::bytes_of(cell& c) {
  if (!c.split) {
    split_.push_back({c, c, c, c});
    c.split = static_cast<std::uint32_t>(split_.size());
  }
  return split_[c.split - 1];
}

trouble shadow::check(const order& o, const cell& c, const visit& v, int& reader) {
  if (c.held == trouble::copy_under_way) return c.held;
  if (c.held == trouble::being_multiplied && v.writes) {
    reader = is_of_warp(c.readers[1]) ? 1 : 0;
    return c.held;
  }
  if (!v.writes || v.atomic)
    if (!c.writer && !v.known_content) return trouble::unwritten;
  if (c.writer && !(v.atomic && (c.writer & atomic_mark)) && !o.before(c.writer, v.thread))
    return trouble::race_with_write;
  if (v.by_product && !o.fenced(c.writer, c.fences, v.thread)) return trouble::unfenced;
  if (v.writes)
    for (reader = 0; reader < 2; ++reader) {
      const stamp s = c.readers[reader];
      if (s && !(v.atomic && (s & atomic_mark)) && !o.before(s, v.thread)) return trouble::race_with_read;
    }
  return trouble::none;
}

void shadow::record(const order& o, cell& c, const visit& v) {
  if (v.writes) {
    c.writer = v.now;
    c.wrote_at = v.at;
    c.fences = o.fence_count();
    c.readers[0] = c.readers[1] = 0;
    return;
  }
  int slot = -1;
  for (int i = 0; i < 2 && slot < 0; ++i)
    if (!c.readers[i] || (o.before(c.readers[i], v.thread) && (c.readers[i] & 1) >= (v.now & 1))) slot = i;
  if (slot < 0 && era_of(c.readers[0]) == era_of(c.readers[1]) &&
      thread_of(c.readers[0]) / 32 == thread_of(c.readers[1]) / 32)
    slot = 1;
  if (slot < 0) return;
  c.readers[slot] = v.now;
  c.read_at[slot] = v.at;
}

template <class Each>
void shadow::each_byte(const order& o, std::size_t offset, std::size_t bytes, Each each) {
  for (std::size_t done = 0; done < bytes;) {
    const std::size_t at_byte = offset + done, low = at_byte % 4;
    const std::size_t count = std::min(4 - low, bytes - done);
    cell& whole = at(o, at_byte / 4);
    if (count == 4 && !whole.split) {
      if (!each(whole, done)) return;
    } else {
      quad& four = bytes_of(whole);
      for (std::size_t b = low; b < low + count; ++b)
        if (!each(four[b], done + b - low)) return;
    }
    done += count;
  }
}

collision shadow::use(const order& o, std::size_t offset, std::size_t bytes, const visit& v) {
  collision found;
  each_byte(o, offset, bytes, [&](cell& c, std::size_t byte) {
    if (!v.writes && c.readers[0] == v.now && c.held == trouble::none) return true;
    int reader = 0;
    found.what = check(o, c, v, reader);
    if (found.what == trouble::none) {
      record(o, c, v);
      return true;
    }
    found.byte = offset + byte;
    const bool with_read = found.what == trouble::race_with_read || found.what == trouble::being_multiplied;
    found.other = with_read ? c.readers[reader] : c.writer;
    found.other_at = with_read ? c.read_at[reader] : c.wrote_at;
    return false;
  });
  return found;
}

void shadow::hold(const order& o, std::size_t offset, std::size_t bytes, trouble why) {
  each_byte(o, offset, bytes, [&](cell& c, std::size_t) {
    c.held = why;
    ++c.holds;
    return true;
  });
}

void shadow::release(const order& o, std::size_t offset, std::size_t bytes) {
  each_byte(o, offset, bytes, [&](cell& c, std::size_t) {
    if (c.holds && --c.holds == 0) c.held = trouble::none;
    return true;
  });
}

}  // namespace plumbline::checked
