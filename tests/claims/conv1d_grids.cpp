// The two grids of sgl-project/sglang #10552 as they were written.
//
// The older one counts blocks of eight tokens on the host and lists, for each program, its sequence and its
// block there, in arrays of 1024 entries that hold -1 where there is no program.  The newer one is as long as
// the longest sequence that the host believes in.  In both a program leaves when the number of its sequence
// equals pad_slot_id, which marks entries of the index list and no sequence: a caller who marks padding with
// 0 loses sequence 0.  Repaired, only the slot is compared.
#include <algorithm>
#include <cstring>

#include "kernels/conv1d/prefill.hpp"
#include "properties/conv1d/tables.hpp"
#include "tests/claims/subjects.hpp"

namespace plumbline::claims {

namespace {

using namespace conv1d;
using plumbline::conv1d::prefill_problem;

enum class pad_test : std::uint8_t { of_sequence, of_slot };
enum class fault : std::uint8_t { none, planted };

struct program_params {
  prefill_params call;
  const std::int32_t *m_list, *offset_list;  // null: the newer grid
  bool compares_sequence;
  std::int64_t fewer;  // planted in the newer grid: tokens by which a block is thought to be whole
};

template <dtype Type>
__global__ void program(const program_params p) {
  const bool listed = p.m_list != nullptr;
  const std::int64_t sequence = listed ? p.m_list[blockIdx.x] : static_cast<std::int64_t>(blockIdx.x);
  const std::int64_t block = listed ? p.offset_list[blockIdx.x] : static_cast<std::int64_t>(blockIdx.y);
  if (p.compares_sequence && sequence == p.call.pad_slot_id) return;
  if (!listed) {
    const std::int64_t length = p.call.query_start_loc[sequence + 1] - p.call.query_start_loc[sequence];
    if (block * block_tokens + p.fewer >= length) return;
  }
  filter_block<Type>(p.call, sequence, block, listed ? blockIdx.y : blockIdx.z);
}

struct block_lists {
  std::int32_t *m_list, *offset_list;
  std::int64_t programs;
};

// As the host built them: repeated sequence numbers, and behind each a count from 0.
block_lists lists_of(const prefill_problem& problem, fault how, launcher& on) {
  std::int64_t programs = 0;
  for (const std::int64_t length : problem.lens) programs += token_blocks(length);
  const std::int64_t entries = std::max<std::int64_t>(1024, programs);
  const auto bytes = static_cast<std::size_t>(entries) * sizeof(std::int32_t);
  const block_lists lists = {static_cast<std::int32_t*>(on.scratch(bytes)),
                             static_cast<std::int32_t*>(on.scratch(bytes)), programs};
  std::fill_n(lists.m_list, entries, -1);
  std::fill_n(lists.offset_list, entries, -1);
  std::int64_t at = 0;
  for (std::size_t i = 0; i < problem.lens.size(); ++i)
    for (std::int64_t block = 0; block < token_blocks(problem.lens[i]); ++block, ++at) {
      lists.m_list[at] = static_cast<std::int32_t>(i);
      lists.offset_list[at] = how == fault::planted ? 0 : static_cast<std::int32_t>(block);
    }
  return lists;
}

void start(const prefill_problem& problem, const grid_size& grid, const program_params& p, launcher& on) {
  if (grid.x == 0 || grid.y == 0) return;
  with_type(problem.type, [&](auto type) {
    constexpr dtype of = decltype(type)::value;
    launch<&program<of>>(on, "conv1d_program", grid, tile_threads<of>, 0, p);
  });
}

template <pad_test Test, fault How>
void run_old(const prefill_problem& problem, const kernel_arguments& args, launcher& on) {
  const block_lists lists = lists_of(problem, How, on);
  start(problem, {lists.programs, blocks_for(problem.dim, tile_channels), 1},
        {params_of(problem, args), lists.m_list, lists.offset_list, Test == pad_test::of_sequence, 0}, on);
}

template <pad_test Test, fault How>
void run_new(const prefill_problem& problem, const kernel_arguments& args, launcher& on) {
  const int_list& believed = problem.seq_lens_cpu.empty() ? problem.lens : problem.seq_lens_cpu;
  start(problem,
        {static_cast<std::int64_t>(problem.lens.size()), token_blocks(longest_of(believed)),
         blocks_for(problem.dim, tile_channels)},
        {params_of(problem, args), nullptr, nullptr, Test == pad_test::of_sequence,
         How == fault::planted ? block_tokens - 1 : 0},
        on);
}

// Neither the mark of padding nor a sequence's number can be taken for the other.
std::string marks_apart(const prefill_problem& p) {
  return p.pad_slot_id >= 0 && p.pad_slot_id < static_cast<std::int64_t>(p.lens.size())
             ? "pad_slot_id is the number of a sequence"
             : "";
}

constexpr auto sequence = pad_test::of_sequence, slot = pad_test::of_slot;
constexpr auto none = fault::none, planted = fault::planted;

const variant<prefill_problem> rows[] = {
    {"old_grid", contracts, each_channel_alone, takes_all, run_old<sequence, none>},
    {"old_grid_marks_apart", contracts, each_channel_alone, marks_apart, run_old<sequence, none>},
    {"old_grid_marks_apart_with_fault", contracts, each_channel_alone, marks_apart,
     run_old<sequence, planted>},
    {"old_grid_by_slot", contracts, each_channel_alone, takes_all, run_old<slot, none>},
    {"old_grid_by_slot_with_fault", contracts, each_channel_alone, takes_all, run_old<slot, planted>},
    {"new_grid", contracts, each_channel_alone, takes_all, run_new<sequence, none>},
    {"new_grid_marks_apart", contracts, each_channel_alone, marks_apart, run_new<sequence, none>},
    {"new_grid_marks_apart_with_fault", contracts, each_channel_alone, marks_apart,
     run_new<sequence, planted>},
    {"new_grid_by_slot", contracts, each_channel_alone, takes_all, run_new<slot, none>},
    {"new_grid_by_slot_with_fault", contracts, each_channel_alone, takes_all, run_new<slot, planted>}};

std::span<const variant<prefill_problem>> subjects(side where) {
  if (where != side::host) return {};
  return rows;
}

}  // namespace

const operation& conv1d_prefill() {
  static const table_operation<prefill_problem> one(
      with_subjects(conv1d::prefill_tables(), "conv1d_prefill", subjects));
  return one;
}

}  // namespace plumbline::claims
