// steps, variant `chain`: the kernels of attention and a crop, one call after another on one layer's cache.
//
// The lengths of the slots live in cache_seqlens from call to call, on the device: a call takes those of its
// slots (none where a sequence begins), its kernels append and attend, and the crop behind it leaves what
// step_lists says the slot keeps of all that it then holds.
#include "kernels/core/promises.hpp"
#include "kernels/core/rows.hpp"
#include "kernels/core/table.hpp"
#include "kernels/dflash/attention.hpp"
#include "reference/dflash_steps_problem.hpp"

namespace plumbline::dflash {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

using namespace kernels;

constexpr int threads = 128;

struct slot_params {
  std::int32_t* lengths;                   // (slots)
  const std::int32_t *slots, *new_starts;  // of a call: (n), (n + 1)
  const std::int32_t* keep;                // (n)
  std::int32_t* held;                      // (n): rows in use before the call
  std::int64_t count;
  bool begins;
};

__global__ void __launch_bounds__(threads) empty_kernel(const slot_params p) {
  const std::int64_t at = static_cast<std::int64_t>(blockIdx.x) * threads + threadIdx.x;
  if (at < p.count) p.lengths[at] = 0;
}

__global__ void __launch_bounds__(threads) take_kernel(const slot_params p) {
  const std::int64_t at = static_cast<std::int64_t>(blockIdx.x) * threads + threadIdx.x;
  if (at < p.count) p.held[at] = p.begins ? 0 : p.lengths[p.slots[at]];
}

__global__ void __launch_bounds__(threads) crop_slots_kernel(const slot_params p) {
  const std::int64_t at = static_cast<std::int64_t>(blockIdx.x) * threads + threadIdx.x;
  if (at >= p.count) return;
  const std::int32_t holds = p.held[at] + p.new_starts[at + 1] - p.new_starts[at], keep = p.keep[at];
  p.lengths[p.slots[at]] = keep < holds ? keep : holds;
}

/// Tokens from `first` on.
head_rows behind(head_rows rows, std::int64_t first) {
  rows.data += first * rows.token;
  return rows;
}

class chain {
 public:
  chain(const steps_problem& p, const kernel_arguments& args, launcher& on) : p_(p), args_(args), on_(on) {}

  void empty_slots() const {
    slot_params s = {};
    s.lengths = args_.out("cache_seqlens").as<std::int32_t>();
    s.count = p_.slots;
    launch<&empty_kernel>(on_, "empty", {blocks_for(s.count, threads), 1, 1}, threads, 0, s);
  }

  void run(const step_call& call) const {
    const auto n = static_cast<std::int64_t>(call.parts.size());
    if (n == 0) return;
    const std::int32_t* const lists = args_.in("step_lists").as<std::int32_t>() + call.lists;
    const slot_params s = {args_.out("cache_seqlens").as<std::int32_t>(),
                           lists,
                           lists + n,
                           lists + 2 * n + 1,
                           static_cast<std::int32_t*>(on_.scratch(static_cast<std::size_t>(n) * 4)),
                           n,
                           call.kind == 'p'};
    const grid_size grid = {blocks_for(n, threads), 1, 1};
    launch<&take_kernel>(on_, "take", grid, threads, 0, s);
    if (call.kind != 'c') attend(call, s);
    launch<&crop_slots_kernel>(on_, "crop_slots", grid, threads, 0, s);
  }

 private:
  void attend(const step_call& call, const slot_params& s) const {
    attention_params p = attention_params_of(attention_of(p_, call));
    p.q = queries(args_.in("q"), call.first_query);
    p.attended = queries(args_.out("attended"), call.first_query);
    p.k = head_rows_of(args_.in("k")), p.v = head_rows_of(args_.in("v"));
    p.k_cache = head_rows_of(args_.out("k_cache")), p.v_cache = head_rows_of(args_.out("v_cache"));
    p.cu_seqlens_k_new = s.new_starts;
    p.cache_seqlens = s.held;
    p.cache_batch_idx = s.slots;
    launch_append(p, on_);
    launch_attend(p_.type, p, on_);
  }
  // Blocks of a call: (tokens, hq, d) read as (sequences, block_size, hq, d).
  head_rows queries(const tensor_view& v, std::int64_t first) const {
    head_rows rows = behind(head_rows_of(v), first);
    rows.outer = p_.block_size * rows.token;
    return rows;
  }

  const steps_problem& p_;
  const kernel_arguments& args_;
  launcher& on_;
};

std::string domain(const steps_problem& p) { return width_domain(p.d); }

void run(const steps_problem& p, const kernel_arguments& args, launcher& on) {
  const chain all(p, args, on);
  all.empty_slots();
  for (const step_call& call : calls_of(p)) all.run(call);
}

constexpr contract contracts[] = {
    attention("bf16/tc25", dtype::bf16, accumulation::tc25, dtype::bf16, 1, dtype::bf16),
    attention("f16/tc25", dtype::f16, accumulation::tc25, dtype::f16, 1, dtype::f16)};

constexpr claim alike = claim::same_bits_run_to_run | claim::same_bits_any_schedule;

constexpr variant<steps_problem> rows[] = {{"chain", contracts, alike, domain, run}};

}  // namespace
}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::dflash

template <>
std::span<const plumbline::variant<plumbline::dflash::steps_problem>>
plumbline::table_of<plumbline::dflash::steps_problem, plumbline::this_side>() {
  return dflash::rows;
}
