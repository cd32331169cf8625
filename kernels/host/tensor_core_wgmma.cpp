#include "kernels/host/tensor_core_wgmma.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/core/shared_matrix.hpp"
#include "kernels/host/block.hpp"
#include "kernels/host/tensor_core_generation.hpp"
#include "kernels/host/tensor_core_operand.hpp"

namespace plumbline::simt {

namespace {

constexpr int rows_of_warp = 16, warps_of_group = 4, lanes_of_warp = 32;
constexpr std::uint32_t unit_bytes = 16, row_bytes = 32;  // of k, in one wgmma

/// An accumulator under way: where it goes back to, its sixteen rows, and how many products still need it.
struct accumulator {
  wgmma_shape shape;
  void* registers[lanes_of_warp];
  std::vector<float> values;  // [16][n]
  int products = 0;
};

struct product {
  wgmma_lane what;  // of lane 0
  std::uint32_t a[lanes_of_warp][4];
  const void* a_registers[lanes_of_warp];
  accumulator* sums;
  std::uint32_t group;
};

struct warp_products {
  std::vector<std::unique_ptr<accumulator>> accumulators;
  std::vector<product> waiting;
  std::uint32_t committed = 0;
  std::size_t started = 0;
  bool fenced = false;
};

/// What the warps of a group started, in order, by whoever came first.
struct group_log {
  std::vector<wgmma_lane> started;
};

bool same_product(const wgmma_lane& x, const wgmma_lane& y) {
  return x.shape == y.shape && (x.a == nullptr) == (y.a == nullptr) && x.a_matrix == y.a_matrix &&
         x.b_matrix == y.b_matrix && x.add == y.add;
}

/// Calls `each(row in units of its kind, first k, address)` for every unit of a matrix of `rows` rows.
template <class Each>
void for_each_unit(std::uint64_t descriptor, major along, std::uint32_t element_bytes, int first_row,
                   int rows, const Each& each) {
  const shared_matrix m = kernels::matrix_of(descriptor);
  const int in_unit = static_cast<int>(unit_bytes / element_bytes), inner = 2 * in_unit;
  const int row_step = along == major::k ? 1 : in_unit, k_step = along == major::k ? in_unit : 1;
  for (int row = 0; row < rows; row += row_step)
    for (int k = 0; k < inner; k += k_step)
      each(row, k,
           kernels::element_address(m, along, element_bytes, static_cast<std::uint32_t>(first_row + row),
                                    static_cast<std::uint32_t>(k)));
}

/// Codes [row][k] of a matrix in shared memory.
template <dtype Type>
void read_matrix(std::uint64_t descriptor, major along, int first_row, int rows, operand_code<Type>* codes) {
  constexpr int in_unit = unit_bytes / sizeof(operand_code<Type>), inner = 2 * in_unit;
  const std::byte* const memory = block_runner::current().shared().base();
  for_each_unit(descriptor, along, sizeof(operand_code<Type>), first_row, rows,
                [&](int row, int k, std::uint32_t address) {
                  operand_code<Type> unit[in_unit];
                  std::memcpy(unit, memory + address, unit_bytes);
                  for (int i = 0; i < in_unit; ++i)
                    codes[along == major::k ? row * inner + k + i : (row + i) * inner + k] = unit[i];
                });
}

void require_inside(std::uint64_t descriptor, major along, std::uint32_t element_bytes, int rows,
                    const char* matrix, site where) {
  block_runner& block = block_runner::current();
  if (descriptor >> 49 & 7)
    block.raise("bad descriptor", std::string("the base offset of ") + matrix + " is not 0", where);
  for_each_unit(descriptor, along, element_bytes, 0, rows, [&](int, int, std::uint32_t address) {
    if (address + unit_bytes > block.shared().bytes())
      block.raise("stray read",
                  std::string("wgmma reads matrix ") + matrix + " at byte " + std::to_string(address) +
                      " of " + std::to_string(block.shared().bytes()) + " of shared memory",
                  where);
  });
}

/// The four registers of A of a warp, as codes [row][k].
template <dtype Type>
void place_registers(const std::uint32_t (&a)[lanes_of_warp][4], operand_code<Type>* codes) {
  constexpr int in_register = 4 / sizeof(operand_code<Type>), inner = 8 * in_register;
  for (int lane = 0; lane < lanes_of_warp; ++lane)
    for (int r = 0; r < 4; ++r)
      std::memcpy(codes + (lane / 4 + r % 2 * 8) * inner + (r / 2 * 4 + lane % 4) * in_register, &a[lane][r],
                  4);
}

template <dtype A, dtype B, dtype Sum>
void complete(const product& p, int warp) {
  constexpr int inner = row_bytes / sizeof(operand_code<A>);
  const wgmma_shape& shape = p.what.shape;
  product_tile<inner> tile;
  alignas(32) operand_code<A> a[rows_of_warp][inner];
  alignas(32) operand_code<B> b[8][inner];
  alignas(32) float b_values[8][inner];
  if (p.what.a)
    place_registers<A>(p.a, a[0]);
  else
    read_matrix<A>(p.what.a_matrix, shape.a_major, warp % warps_of_group * rows_of_warp, rows_of_warp, a[0]);
  widen_all<A, rows_of_warp * inner>(a[0], tile.a[0]);
  for (int n = 0; n < shape.n; n += 8) {
    read_matrix<B>(p.what.b_matrix, shape.b_major, n, 8, b[0]);
    widen_all<B, 8 * inner>(b[0], b_values[0]);
    for (int k = 0; k < inner; ++k)
      for (int j = 0; j < 8; ++j) tile.b[k][j] = b_values[j][k];
    for (int i = 0; i < rows_of_warp; ++i) {
      float* const row = &p.sums->values[static_cast<std::size_t>(i * shape.n + n)];
      for (int j = 0; j < 8; ++j) tile.d[i][j] = p.what.add ? row[j] : 0;
    }
    multiply_as_wgmma<A, B, Sum>(tile);
    for (int i = 0; i < rows_of_warp; ++i)
      std::memcpy(&p.sums->values[static_cast<std::size_t>(i * shape.n + n)], tile.d[i], sizeof tile.d[i]);
  }
}

using completion = void (*)(const product&, int warp);

completion completion_of(const wgmma_shape& s) {
  using enum dtype;
  if (s.a == bf16) return complete<bf16, bf16, f32>;
  if (s.a == tf32) return complete<tf32, tf32, f32>;
  if (s.a == f16) return s.sum == f32 ? complete<f16, f16, f32> : complete<f16, f16, f16>;
  if (s.sum == f32) {
    if (s.a == e4m3) return s.b == e4m3 ? complete<e4m3, e4m3, f32> : complete<e4m3, e5m2, f32>;
    return s.b == e4m3 ? complete<e5m2, e4m3, f32> : complete<e5m2, e5m2, f32>;
  }
  if (s.a == e4m3) return s.b == e4m3 ? complete<e4m3, e4m3, f16> : complete<e4m3, e5m2, f16>;
  return s.b == e4m3 ? complete<e5m2, e4m3, f16> : complete<e5m2, e5m2, f16>;
}

/// Calls `each(32-bit word or pair index, row, column)` for every pair of neighbouring sums a lane holds.
template <class Each>
void for_each_pair(int lane, int n, const Each& each) {
  for (int pair = 0; pair < n / 4; ++pair) each(pair, lane / 4 + pair % 2 * 8, pair / 2 * 8 + lane % 4 * 2);
}

void take_registers(accumulator& to) {
  const int n = to.shape.n;
  to.values.resize(static_cast<std::size_t>(rows_of_warp * n));
  for (int lane = 0; lane < lanes_of_warp; ++lane) {
    std::byte* const registers = static_cast<std::byte*>(to.registers[lane]);
    for_each_pair(lane, n, [&](int pair, int row, int column) {
      float* const values = &to.values[static_cast<std::size_t>(row * n + column)];
      if (to.shape.sum == dtype::f16) {
        std::uint16_t two[2];
        std::memcpy(two, registers + 4 * pair, 4);
        values[0] = f16_value_of(two[0]), values[1] = f16_value_of(two[1]);
      } else {
        std::memcpy(values, registers + 8 * pair, 8);
      }
    });
    std::memset(registers, 0xff, static_cast<std::size_t>(4 * sum_registers(to.shape)));
  }
}

void give_registers(const accumulator& from) {
  const int n = from.shape.n;
  for (int lane = 0; lane < lanes_of_warp; ++lane) {
    std::byte* const registers = static_cast<std::byte*>(from.registers[lane]);
    for_each_pair(lane, n, [&](int pair, int row, int column) {
      const float* const values = &from.values[static_cast<std::size_t>(row * n + column)];
      if (from.shape.sum == dtype::f16) {
        const std::uint16_t two[2] = {f16_code_of(values[0]), f16_code_of(values[1])};
        std::memcpy(registers + 4 * pair, two, 4);
      } else {
        std::memcpy(registers + 8 * pair, values, 8);
      }
    });
  }
}

/// Tells which shared memory a warp's product reads, unit by unit.
template <class Tell>
void tell_operands(const wgmma_lane& what, int warp, const Tell& tell) {
  const std::byte* const memory = block_runner::current().shared().base();
  const auto each = [&](int, int, std::uint32_t address) { tell(memory + address); };
  const wgmma_shape& shape = what.shape;
  if (!what.a)
    for_each_unit(what.a_matrix, shape.a_major, static_cast<std::uint32_t>(size_of(shape.a)),
                  warp % warps_of_group * rows_of_warp, rows_of_warp, each);
  for_each_unit(what.b_matrix, shape.b_major, static_cast<std::uint32_t>(size_of(shape.b)), 0, shape.n, each);
}

void tell_started(watch& who, const product& p, int warp, bool fresh_sums) {
  for (int lane = 0; lane < lanes_of_warp; ++lane) {
    const int thread = warp * lanes_of_warp + lane;
    if (fresh_sums)
      who.registers_taken(thread, p.sums->registers[lane],
                          static_cast<std::size_t>(4 * sum_registers(p.what.shape)), false, p.what.from);
    if (p.what.a) who.registers_taken(thread, p.a_registers[lane], sizeof p.a[lane], true, p.what.from);
  }
  tell_operands(p.what, warp, [&](const std::byte* at) { who.product_reads(at, unit_bytes, p.what.from); });
}

void tell_done(watch& who, const product& p, int warp) {
  if (p.what.a)
    for (int lane = 0; lane < lanes_of_warp; ++lane)
      who.registers_given(warp * lanes_of_warp + lane, p.a_registers[lane]);
  tell_operands(p.what, warp, [&](const std::byte* at) { who.product_has_read(at, unit_bytes); });
}

wgmma_queue& queue() { return block_runner::current().products(); }
int current_warp() { return static_cast<int>(threadIdx.x) / lanes_of_warp; }

std::string text_of(site where) { return short_path(where.file) + ":" + std::to_string(where.line); }

}  // namespace

struct wgmma_queue::state {
  int threads;
  std::vector<warp_products> warps;
  std::vector<group_log> groups;
};

wgmma_queue::wgmma_queue(int threads) : state_(new state{threads, {}, {}}) {
  state_->warps.resize(static_cast<std::size_t>((threads + lanes_of_warp - 1) / lanes_of_warp));
  state_->groups.resize(state_->warps.size() / warps_of_group + 1);
}

wgmma_queue::~wgmma_queue() = default;

void wgmma_queue::start(int warp, void* const* lanes) {
  block_runner& block = block_runner::current();
  const wgmma_lane& first = *static_cast<const wgmma_lane*>(lanes[0]);
  warp_products& mine = state_->warps[static_cast<std::size_t>(warp)];
  const int group = warp / warps_of_group;
  if ((group + 1) * warps_of_group * lanes_of_warp > state_->threads)
    block.raise("missing lanes",
                "wgmma by warp " + std::to_string(warp) + ", whose group of 128 threads is not whole",
                first.where);
  for (int lane = 1; lane < lanes_of_warp; ++lane)
    if (!same_product(first, *static_cast<const wgmma_lane*>(lanes[lane])))
      block.raise("divergent operands", "lanes of a warp give wgmma different descriptors", first.where);
  if (!mine.fenced)
    block.raise("missing fence", "wgmma before any wgmma_fence, so that registers may not be in place",
                first.where);
  std::vector<wgmma_lane>& log = state_->groups[static_cast<std::size_t>(group)].started;
  if (mine.started == log.size()) log.push_back(first);
  const wgmma_lane& others = log[mine.started++];
  if (!same_product(first, others))
    block.raise("divergent operands",
                "warp " + std::to_string(warp) + " starts another wgmma than its group, which is at " +
                    text_of(others.where),
                first.where);
  const auto bytes_a = static_cast<std::uint32_t>(size_of(first.shape.a));
  const auto bytes_b = static_cast<std::uint32_t>(size_of(first.shape.b));
  if (!first.a)
    require_inside(first.a_matrix, first.shape.a_major, bytes_a, rows_of_warp * warps_of_group, "A",
                   first.where);
  require_inside(first.b_matrix, first.shape.b_major, bytes_b, first.shape.n, "B", first.where);

  auto& all = mine.accumulators;
  auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& one) { return one->registers[0] == first.d; });
  const bool fresh_sums = found == all.end();
  if (fresh_sums) {
    auto fresh = std::make_unique<accumulator>();
    fresh->shape = first.shape;
    for (int lane = 0; lane < lanes_of_warp; ++lane)
      fresh->registers[lane] = static_cast<const wgmma_lane*>(lanes[lane])->d;
    take_registers(*fresh);
    found = all.insert(all.end(), std::move(fresh));
  } else if ((*found)->shape.n != first.shape.n || (*found)->shape.sum != first.shape.sum) {
    block.raise("accumulator in use", "a wgmma of another shape still uses these registers", first.where);
  }
  ++(*found)->products;
  product& added = mine.waiting.emplace_back();
  added.what = first, added.sums = found->get(), added.group = mine.committed;
  if (first.a)
    for (int lane = 0; lane < lanes_of_warp; ++lane) {
      added.a_registers[lane] = static_cast<const wgmma_lane*>(lanes[lane])->a;
      std::memcpy(added.a[lane], added.a_registers[lane], sizeof added.a[lane]);
    }
  if (watch* const who = block.looked_on_by()) tell_started(*who, added, warp, fresh_sums);
}

void wgmma_queue::commit(int warp) { ++state_->warps[static_cast<std::size_t>(warp)].committed; }

void wgmma_queue::wait(int warp, int groups_left) {
  watch* const who = block_runner::current().looked_on_by();
  warp_products& mine = state_->warps[static_cast<std::size_t>(warp)];
  auto done = mine.waiting.begin();
  for (; done != mine.waiting.end() && done->group + static_cast<std::uint32_t>(groups_left) < mine.committed;
       ++done) {
    completion_of(done->what.shape)(*done, warp);
    if (who) tell_done(*who, *done, warp);
    --done->sums->products;
  }
  mine.waiting.erase(mine.waiting.begin(), done);
  std::erase_if(mine.accumulators, [&](const auto& one) {
    if (one->products > 0) return false;
    give_registers(*one);
    for (int lane = 0; who && lane < lanes_of_warp; ++lane)
      who->registers_given(warp * lanes_of_warp + lane, one->registers[lane]);
    return true;
  });
}

void wgmma_queue::fence(int warp) { state_->warps[static_cast<std::size_t>(warp)].fenced = true; }

std::optional<std::string> wgmma_queue::disagreement() const {
  for (std::size_t w = 0; w < state_->warps.size(); ++w) {
    const std::vector<wgmma_lane>& log = state_->groups[w / warps_of_group].started;
    const std::size_t started = state_->warps[w].started;
    if (started < log.size())
      return "warp " + std::to_string(w) + " started " + std::to_string(started) + " of the " +
             std::to_string(log.size()) + " wgmma of its group; the first it left out is at " +
             text_of(log[started].where);
  }
  return std::nullopt;
}

void start_product(void* const* lanes, std::uint32_t) { queue().start(current_warp(), lanes); }
void commit_products(void* const*, std::uint32_t) { queue().commit(current_warp()); }
void wait_products(void* const* lanes, std::uint32_t) {
  queue().wait(current_warp(), *static_cast<const int*>(lanes[0]));
}
void fence_products(void* const*, std::uint32_t) { queue().fence(current_warp()); }

const void* require_wgmma(site where) {
  const generation g = block_runner::current().tensor_cores();
  if (has_wgmma(g)) return __builtin_return_address(0);
  const std::string what =
      "wgmma does not exist on " + std::string(name_of(g)) + ", the generation that this executor models";
  raise("unsupported instruction", what.c_str(), where);
}

std::uint32_t shared_address(const void* p, site where) {
  const shared_arena& memory = block_runner::current().shared();
  if (!memory.contains(p, 1)) raise("stray read", "a matrix outside the block's shared memory", where);
  return static_cast<std::uint32_t>(static_cast<const std::byte*>(p) - memory.base());
}

}  // namespace plumbline::simt
