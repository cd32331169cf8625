// The contracts that calibration covers: every accumulation, every type of P, and each option once.
#pragma once

#include <array>

#include "reference/core/contract.hpp"

namespace plumbline::testing {

constexpr contract calibrated(std::string_view name, dtype in, accumulation acc, dtype p, dtype out) {
  attention_promise how;
  how.acc_qk = how.acc_pv = acc;
  how.p_type = p;
  how.p_scale = p == dtype::e4m3 ? 256 : 1;
  how.e_tanh = 2.4e-7;  // std::tanh on floats with its argument rounded
  return {name, in, out, how};
}
constexpr contract with_rounded_sum(contract c) {
  c.name = "bf16/l from rounded P";
  c.attention().l_from_rounded = true;
  return c;
}
constexpr contract with_cubic_exp(contract c) {
  c.name = "bf16/exp2 of degree 3";
  c.attention().e_exp = 2.2e-4;
  return c;
}
constexpr contract with_integer_shift(contract c) {
  c.name = "e4m3/integer shift";
  c.attention().shift = p_shift::integer;
  return c;
}

inline constexpr contract bf16_tc =
    calibrated("bf16", dtype::bf16, accumulation::tc25, dtype::bf16, dtype::bf16);
inline constexpr std::array<contract, 5> bf16_contracts{
    bf16_tc, with_rounded_sum(bf16_tc), with_cubic_exp(bf16_tc),
    calibrated("bf16/P f32", dtype::bf16, accumulation::f32, dtype::f32, dtype::bf16),
    calibrated("bf16/out f32", dtype::bf16, accumulation::tc25, dtype::bf16, dtype::f32)};
inline constexpr std::array<contract, 2> f16_contracts{
    calibrated("f16", dtype::f16, accumulation::tc25, dtype::f16, dtype::f16),
    calibrated("f16/P f32", dtype::f16, accumulation::f32, dtype::f32, dtype::f16)};
inline constexpr contract e4m3_tc =
    calibrated("e4m3", dtype::e4m3, accumulation::tc25, dtype::e4m3, dtype::bf16);
inline constexpr std::array<contract, 3> e4m3_contracts{
    e4m3_tc, with_integer_shift(e4m3_tc),
    calibrated("e4m3/f13", dtype::e4m3, accumulation::f13, dtype::e4m3, dtype::bf16)};
inline constexpr std::array<contract, 1> f32_contracts{
    calibrated("f32", dtype::f32, accumulation::f32, dtype::f32, dtype::f32)};

}  // namespace plumbline::testing
