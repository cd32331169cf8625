#include "kernels/checked/checker.hpp"

#include <link.h>

#include <algorithm>
#include <cstdio>

#include "kernels/checked/source_lines.hpp"
#include "kernels/core/launch.hpp"
#include "reference/core/counted.hpp"

namespace plumbline::checked {

constinit thread_local checker* active = nullptr;

namespace {

using simt::code_address;
using simt::memory_use;

std::uintptr_t address_of(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }

// Code is linked into one program, so offsets from any function of it fit 32 bits.
place place_of(code_address p) {
  return static_cast<place>(address_of(p) - reinterpret_cast<std::uintptr_t>(&place_of));
}
code_address code_at(place p) {
  return reinterpret_cast<code_address>(reinterpret_cast<std::uintptr_t>(&place_of) +
                                        static_cast<std::uintptr_t>(static_cast<std::int32_t>(p)));
}

struct segment {
  std::uintptr_t wanted, begin = 0;
  std::size_t bytes = 0;
};

// The part of the loaded program that an address lies in: constants, tables of virtual functions.
int find_segment(dl_phdr_info* info, std::size_t, void* to) {
  segment& s = *static_cast<segment*>(to);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& h = info->dlpi_phdr[i];
    const std::uintptr_t begin = info->dlpi_addr + h.p_vaddr;
    if (h.p_type != PT_LOAD || s.wanted - begin >= h.p_memsz) continue;
    s.begin = begin;
    s.bytes = h.p_memsz;
    return 1;
  }
  return 0;
}

bool reads(memory_use how) { return how == memory_use::read || how == memory_use::atomic_read; }
const char* verb(memory_use how) {
  return reads(how) ? "reads " : how == memory_use::write ? "writes " : "updates ";
}
const char* stray(memory_use how) { return reads(how) ? "stray read" : "stray write"; }

}  // namespace

checker::checker(memory_map& global)
    : global_(global), registers_(max_block_threads), shared_(max_shared_bytes) {
  shared_.forget_before_blocks();
}

checker::~checker() { block_ends(); }

void checker::launch_begins(const host_launch& launch) {
  order_.launch_begins();
  params_begin_ = address_of(launch.params);
  params_bytes_ = launch.params_bytes;
}

void checker::block_begins(simt::block_runner& block, std::int64_t number) {
  order_.block_begins(number, block.threads());
  shared_.block_begins();
  if (taken_) registers_.assign(registers_.size(), {});
  taken_ = 0;
  block_ = &block;
  shared_begin_ = address_of(block.shared().base());
  shared_bytes_ = block.shared().bytes();
  const std::uintptr_t index[] = {address_of(&threadIdx), address_of(&blockIdx), address_of(&blockDim),
                                  address_of(&gridDim)};
  index_begin_ = *std::min_element(std::begin(index), std::end(index));
  index_bytes_ = *std::max_element(std::begin(index), std::end(index)) + sizeof threadIdx - index_begin_;
  active = this;
}

void checker::block_ends() {
  if (active == this) active = nullptr;
}

visit checker::visit_of(memory_use how, bool known_content, code_address from) const {
  const bool atomic = how == memory_use::atomic || how == memory_use::atomic_read;
  return {order_.now(threadIdx.x) | (atomic ? atomic_mark : 0),  threadIdx.x, place_of(from),
          how == memory_use::write || how == memory_use::atomic, atomic,      known_content};
}

void checker::uses(const void* first, std::size_t bytes, memory_use how, code_address from) {
  if (active == this) look(first, bytes, how, false, from);
}

void checker::look_outside(std::uintptr_t address, std::size_t bytes, memory_use how, bool natural,
                           code_address from) {
  if (address - index_begin_ < index_bytes_) return;
  if (natural && address % bytes)
    stop("misaligned access",
         verb(how) + std::to_string(bytes) + " bytes at once of " + name_of(address) +
             ", whose address is no multiple of " + std::to_string(bytes),
         from);
  const auto beyond = static_cast<std::ptrdiff_t>(address - shared_begin_);
  if (block_->shared().reaches(reinterpret_cast<const void*>(address)))
    return look_shared(beyond, bytes, how, from);
  if (global_.contains(address)) {
    region& r = global_.nearest(address);
    return look_global(r, static_cast<std::ptrdiff_t>(address - address_of(r.data())), bytes, how, from);
  }
  look_elsewhere(address, bytes, how, from);
}

void checker::look_shared(std::ptrdiff_t offset, std::size_t bytes, memory_use how, code_address from) {
  if (offset < 0 || static_cast<std::size_t>(offset) + bytes > shared_bytes_)
    stop(stray(how),
         verb(how) + counted(bytes, "byte") + " outside the block's " + std::to_string(shared_bytes_) +
             " bytes of shared memory, at offset " + std::to_string(offset),
         from);
  const collision c =
      shared_.use(order_, static_cast<std::size_t>(offset), bytes, visit_of(how, false, from));
  if (c.what != trouble::none) stop(c, name_of(shared_begin_ + c.byte), how, from);
}

void checker::look_global(region& r, std::ptrdiff_t offset, std::size_t bytes, memory_use how,
                          code_address from) {
  if (!r.holds(offset, bytes)) {
    std::ptrdiff_t at = offset;  // the first byte that is outside
    while (r.holds(at, 1) && at < offset + static_cast<std::ptrdiff_t>(bytes)) ++at;
    stop(stray(how), verb(how) + counted(bytes, "byte") + ", " + r.describe(at), from);
  }
  if (r.kind() == content::input) {
    if (!reads(how)) stop("stray write", verb(how) + ("input " + r.describe(offset)), from);
    return;
  }
  const collision c = r.cells().use(order_, static_cast<std::size_t>(offset), bytes,
                                    visit_of(how, r.kind() == content::in_place, from));
  if (c.what != trouble::none) stop(c, r.describe(static_cast<std::ptrdiff_t>(c.byte)), how, from);
}

void checker::look_elsewhere(std::uintptr_t address, std::size_t bytes, memory_use how, code_address from) {
  if (reads(how)) {
    if (address - params_begin_ < params_bytes_ || address - constants_begin_ < constants_bytes_) return;
    segment s{address};
    if (dl_iterate_phdr(find_segment, &s)) {
      constants_begin_ = s.begin;
      constants_bytes_ = s.bytes;
      return;
    }
  }
  const int owner = block_->owner_of_stack(reinterpret_cast<const void*>(address));
  const std::string size = counted(bytes, "byte");
  stop(stray(how),
       verb(how) + size + " of " +
           (owner >= 0 ? "local memory of thread " + std::to_string(owner)
                       : "memory that is no tensor, no scratch buffer and not shared"),
       from);
}

void checker::copy_starts(void* shared, const void* global, code_address from) {
  if (active != this) return;
  const auto offset = address_of(shared) - shared_begin_;
  look_outside(address_of(shared), 16, memory_use::write, false, from);
  if (global) look_outside(address_of(global), 16, memory_use::read, false, from);
  shared_.hold(order_, offset, 16, trouble::copy_under_way);
}

void checker::copy_arrives(void* shared, code_address started) {
  if (active != this) return;
  const auto offset = address_of(shared) - shared_begin_;
  shared_.release(order_, offset, 16);
  look_outside(address_of(shared), 16, memory_use::write, false, started);
}

void checker::product_reads(const void* shared, std::size_t bytes, code_address from) {
  if (active != this) return;
  const auto offset = address_of(shared) - shared_begin_;
  visit v = visit_of(memory_use::read, false, from);
  v.now = order_.now_as_warp(v.thread);
  v.by_product = true;
  const collision c = shared_.use(order_, offset, bytes, v);
  if (c.what != trouble::none) stop(c, name_of(shared_begin_ + c.byte), memory_use::read, from);
  shared_.hold(order_, offset, bytes, trouble::being_multiplied);
}

void checker::product_has_read(const void* shared, std::size_t bytes) {
  if (active == this) shared_.release(order_, address_of(shared) - shared_begin_, bytes);
}

void checker::registers_taken(int thread, const void* first, std::size_t bytes, bool operand,
                              code_address from) {
  if (active != this) return;
  registers_[static_cast<std::size_t>(thread)].push_back({address_of(first), bytes, operand, from});
  ++taken_;
}

void checker::registers_given(int thread, const void* first) {
  if (active != this) return;
  auto& all = registers_[static_cast<std::size_t>(thread)];
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const busy_registers& r) { return r.begin == address_of(first); });
  if (found == all.end()) return;
  all.erase(found);
  --taken_;
}

void checker::proxy_fence() {
  if (active == this) order_.proxy_fence(threadIdx.x);
}

void checker::look_registers(std::uintptr_t address, std::size_t bytes, memory_use how, code_address from) {
  for (const busy_registers& r : registers_[threadIdx.x])
    if (address < r.begin + r.bytes && address + bytes > r.begin && !(r.operand && reads(how)))
      stop("early access",
           verb(how) + std::string(r.operand ? "an operand" : "the sums") +
               " of an asynchronous product that was started at " + line_of(r.from) +
               " and has not been waited for",
           from);
}

std::string checker::name_of(std::uintptr_t address) const {
  char text[24];
  std::snprintf(text, sizeof text, "0x%zx", static_cast<std::size_t>(address - shared_begin_));
  if (address - shared_begin_ < shared_bytes_) return std::string("shared + ") + text;
  if (!global_.contains(address)) return "memory that is no tensor";
  region& r = global_.nearest(address);
  return r.describe(static_cast<std::ptrdiff_t>(address - address_of(r.data())));
}

void checker::stop(const char* kind, const std::string& what, code_address from) const {
  block_->abandon(block_->report(kind, what, line_of(from)));
}

std::string checker::who(const collision& c) const {
  std::string text = "thread " + std::to_string(thread_of(c.other));
  if (era_of(c.other) < order_.first_of_block())
    text += " of " + block_->name_of_block(order_.block_of(era_of(c.other)));
  return text;
}

void checker::stop(const collision& c, const std::string& name, memory_use how, code_address from) const {
  const std::string at = c.other ? line_of(code_at(c.other_at)) : "";
  switch (c.what) {
    case trouble::unwritten:
      stop("unwritten memory", verb(how) + name + ", which nothing has written", from);
    case trouble::race_with_write:
      stop("race", verb(how) + name + ", which " + who(c) + " wrote at " + at + "; nothing orders the two",
           from);
    case trouble::race_with_read:
      stop("race", verb(how) + name + ", which " + who(c) + " read at " + at + "; nothing orders the two",
           from);
    case trouble::unfenced:
      stop("missing fence",
           "an asynchronous product reads " + name + ", which " + who(c) + " wrote at " + at +
               " without a fence_async_proxy behind it",
           from);
    case trouble::copy_under_way:
      stop("early access",
           verb(how) + name + ", the destination of an asynchronous copy that " + who(c) + " started at " +
               at + " and has not waited for",
           from);
    default:
      stop("early access",
           verb(how) + name + ", an operand of an asynchronous product that was started at " + at +
               " and has not been waited for",
           from);
  }
}

}  // namespace plumbline::checked
