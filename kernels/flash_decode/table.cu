// The rows of flash_decode: what each variant promises, what it takes, and where it starts.
#include "kernels/flash_decode/table.hpp"

#include "kernels/core/numeric.hpp"
#include "kernels/core/table.hpp"

namespace plumbline::flash_decode {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

constexpr claim every_run_alike = claim::same_bits_run_to_run | claim::same_bits_any_batch_position |
                                  claim::same_bits_any_page_layout | claim::same_bits_any_schedule;

/// The promise of an attention variant; what is not named is the same for all of them.
constexpr contract attention(std::string_view name, dtype in, accumulation sums, dtype p, double p_scale,
                             dtype out) {
  contract c;
  c.name = name;
  c.in = in;
  c.acc_qk = c.acc_pv = sums;
  c.p_type = p;
  c.p_scale = p_scale;
  c.e_exp = kernels::exp2_soft_error;
  c.e_tanh = kernels::tanh_soft_error;
  c.out_type = out;
  return c;
}

/// Functions that only move or merge: the types are all there is to promise.
constexpr contract movement(std::string_view name, dtype type, dtype out) {
  return attention(name, type, accumulation::f32, dtype::f32, 1, out);
}

constexpr contract scalar_contracts[] = {
    attention("bf16/f32", dtype::bf16, accumulation::f32, dtype::f32, 1, dtype::bf16),
    attention("f16/f32", dtype::f16, accumulation::f32, dtype::f32, 1, dtype::f16),
    attention("e4m3/f32", dtype::e4m3, accumulation::f32, dtype::f32, 1, dtype::bf16)};
constexpr contract split_contracts[] = {
    attention("bf16/tc25", dtype::bf16, accumulation::tc25, dtype::bf16, 1, dtype::bf16),
    attention("f16/tc25", dtype::f16, accumulation::tc25, dtype::f16, 1, dtype::f16)};
constexpr contract split_fp8_contracts[] = {
    attention("e4m3/tc25", dtype::e4m3, accumulation::tc25, dtype::e4m3, 256, dtype::bf16)};
constexpr contract append_contracts[] = {movement("bf16/rotary", dtype::bf16, dtype::bf16),
                                         movement("f16/rotary", dtype::f16, dtype::f16),
                                         movement("e4m3/rotary", dtype::e4m3, dtype::e4m3)};
constexpr contract combine_contracts[] = {movement("f32/combine", dtype::f32, dtype::f32)};

std::string attention_domain(const attend_problem& problem, std::span<const contract> contracts) {
  if (problem.has_qv) return "qv is not supported";
  if (problem.has_sink) return "a learnable sink is not supported";
  for (const contract& c : contracts)
    if (c.in == problem.type)
      return c.out_type == problem.out_type ? "" : "writes " + std::string(name_of(c.out_type)) + " only";
  return "does not take " + std::string(name_of(problem.type));
}

std::string scalar_domain(const attend_problem& p) { return attention_domain(p, scalar_contracts); }
std::string split_domain(const attend_problem& p) { return attention_domain(p, split_contracts); }
std::string split_fp8_domain(const attend_problem& p) { return attention_domain(p, split_fp8_contracts); }

std::string append_domain(const append_problem& problem) {
  for (const contract& c : append_contracts)
    if (c.in == problem.type) return "";
  return "does not take " + std::string(name_of(problem.type));
}

std::string combine_domain(const combine_problem&) { return ""; }

void run_split(const attend_problem& problem, const kernel_arguments& args, launcher& on) {
  if (problem.type == dtype::bf16)
    run_split_bf16(problem, args, on);
  else
    run_split_f16(problem, args, on);
}

constexpr variant<attend_problem> attend_rows[] = {
    {"scalar", scalar_contracts, every_run_alike | claim::same_bits_any_split_count, scalar_domain,
     run_scalar},
    {"split", split_contracts, every_run_alike, split_domain, run_split},
    {"split_fp8", split_fp8_contracts, every_run_alike, split_fp8_domain, run_split_fp8}};
constexpr variant<append_problem> append_rows[] = {
    {"append", append_contracts, every_run_alike, append_domain, run_append}};
constexpr variant<combine_problem> combine_rows[] = {
    {"combine", combine_contracts, every_run_alike, combine_domain, run_combine}};

}  // namespace

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::flash_decode

namespace plumbline {

template <>
std::span<const variant<flash_decode::attend_problem>> table_of<flash_decode::attend_problem, this_side>() {
  return flash_decode::attend_rows;
}
template <>
std::span<const variant<flash_decode::append_problem>> table_of<flash_decode::append_problem, this_side>() {
  return flash_decode::append_rows;
}
template <>
std::span<const variant<flash_decode::combine_problem>> table_of<flash_decode::combine_problem, this_side>() {
  return flash_decode::combine_rows;
}

}  // namespace plumbline
