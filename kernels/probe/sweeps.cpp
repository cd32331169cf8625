// Probes of random vectors: each instruction's F, its grouping and its rounding, also where C decides.
#include <bit>
#include <cmath>

#include "kernels/probe/probe.hpp"
#include "reference/core/random.hpp"

namespace plumbline::probe {

namespace {

using enum dtype;
using simt::first_half;
using simt::fp8_rule;
using simt::rounding;
using simt::sum_rule;

constexpr int vectors_of_sweep = 4096;

/// Factors of exponents spread over `spread` binades; accumulators `c_low` to `c_high` binades above them.
std::vector<vector> random_vectors(const std::string& name, const instruction& i, int spread, int c_low,
                                   int c_high) {
  random_stream stream(1, "probe " + name);
  std::vector<vector> all;
  const auto draw = [&](dtype type, int low, int high) {
    const double x = std::ldexp(stream.normal(), static_cast<int>(stream.integer(low, high)));
    return type == f32 ? std::bit_cast<std::uint32_t>(static_cast<float>(x))
                       : encode(type, x, overflow::saturate);
  };
  for (int n = 0; n < vectors_of_sweep; ++n) {
    vector v;
    for (int k = 0; k < i.k; ++k) {
      v.a.push_back(draw(i.a, -spread, 0));
      v.b.push_back(draw(i.b, -spread, 0));
    }
    v.c = stream.chance(0.1) ? 0 : draw(i.sum, c_low, c_high);
    all.push_back(v);
  }
  return all;
}

sum_rule with_bits(sum_rule r, int more) {
  r.kept_bits += more;
  return r;
}

sum_rule in_groups(sum_rule r, int products) {
  r.products = products;
  return r;
}

sum_rule with_rounding(sum_rule r, rounding last) {
  r.last = last;
  return r;
}

rounding other(rounding r) {
  return r == rounding::toward_zero ? rounding::nearest_even : rounding::toward_zero;
}

/// F, groups and rounding of one instruction, with accumulators about as large as the products.
probe rule_sweep(const std::string& name, const instruction& i) {
  const sum_rule model = model_rule(i);
  std::vector<alternative> all = {
      {"the model", as_modelled(i)},
      {"one sum of half the products after the other", by_rule(i, in_groups(model, i.k / 2))},
      {"the other rounding of the result", by_rule(i, with_rounding(model, other(model.last)))}};
  // f16 results are too coarse to tell 25 bits from 24 or 26 by chance
  if (i.sum == f32 || model.kept_bits == 13) {
    all.push_back({"a bit less", by_rule(i, with_bits(model, -1))});
    all.push_back({"a bit more", by_rule(i, with_bits(model, 1))});
  }
  return {name, "bits kept, products in one sum, rounding", i, random_vectors(name, i, 4, -4, 2), all};
}

/// Whether C is one of the terms, when it is far larger than the products, and far smaller.
probe accumulator_sweep(const std::string& name, const instruction& i) {
  const sum_rule model = model_rule(i);
  return {name,
          "does the accumulator enter the sum of the products, when it is up to 2^20 times larger?",
          i,
          random_vectors(name, i, 2, 0, 20),
          {{"with the products", as_modelled(i)},
           {"afterwards, to nearest", then_accumulator(i, model, rounding::nearest_even)},
           {"afterwards, toward zero", then_accumulator(i, model, rounding::toward_zero)}}};
}

probe wgmma_fp8_accumulator(const std::string& name, const instruction& i) {
  const sum_rule model = model_rule(i);
  sum_rule fine = model;
  fine.result_bits = 23;
  return {name,
          "wgmma of fp8: is C cut to thirteen bits with the products, and the result too?",
          i,
          random_vectors(name, i, 2, -6, 10),
          {{"C and result cut to thirteen bits", as_modelled(i)},
           {"C cut, result kept in full", by_rule(i, fine)},
           {"C added afterwards, to nearest", then_accumulator(i, model, rounding::nearest_even)},
           {"C added afterwards, toward zero", then_accumulator(i, model, rounding::toward_zero)},
           {"25 bits throughout", by_rule(i, simt::rule_for(f32, 32, 25))}}};
}

probe wgmma_fp8_f16_sums(const std::string& name, const instruction& i) {
  return {name,
          "wgmma of fp8 with f16 sums, for which no recorded vector exists",
          i,
          random_vectors(name, i, 3, -4, 2),
          {{"thirteen bits, to nearest even", as_modelled(i)},
           {"25 bits, to nearest even", by_rule(i, simt::rule_for(f16, 32, 25))},
           {"thirteen bits, toward zero", by_rule(i, with_rounding(model_rule(i), rounding::toward_zero))},
           {"two sums of sixteen", by_rule(i, in_groups(model_rule(i), 16))}}};
}

probe fp8_mma_halves(const std::string& name, const instruction& i) {
  return {name,
          "mma.sync of fp8: which products enter the first of its two f16 sums, and where does C?",
          i,
          random_vectors(name, i, 3, -4, 2),
          {{"k mod 4 of 0 and 1 first, C last", as_modelled(i)},
           {"k mod 4 of 2 and 3 first", by_halves(i, {first_half::high_pairs})},
           {"k below 16 first", by_halves(i, {first_half::front})},
           {"even k first", by_halves(i, {first_half::even})},
           {"C in the first sum", by_halves(i, {first_half::low_pairs, true})},
           {"C last, toward zero", by_halves(i, {first_half::low_pairs, false, rounding::toward_zero})}}};
}

probe fp8_mma_accumulator(const std::string& name, const instruction& i) {
  return {name,
          "mma.sync of fp8 with fp32 sums: where does C enter?",
          i,
          random_vectors(name, i, 3, -4, 10),
          {{"last, to nearest", as_modelled(i)},
           {"in the first sum", by_halves(i, {first_half::low_pairs, true})},
           {"last, toward zero", by_halves(i, {first_half::low_pairs, false, rounding::toward_zero})},
           {"in one native sum of thirteen bits", by_rule(i, simt::rule_for(f32, 16, 13, 13))}}};
}

}  // namespace

std::vector<probe> sweeps() {
  const auto mma = [](dtype a, dtype b, dtype sum, int k) { return instruction{false, a, b, sum, k}; };
  const auto wgmma = [](dtype a, dtype b, dtype sum) {
    return instruction{true, a, b, sum, 32 / static_cast<int>(size_of(a))};
  };
  return {rule_sweep("rule_mma_bf16_k16", mma(bf16, bf16, f32, 16)),
          rule_sweep("rule_mma_bf16_k8", mma(bf16, bf16, f32, 8)),
          rule_sweep("rule_mma_f16_k16", mma(f16, f16, f32, 16)),
          rule_sweep("rule_mma_f16_k8", mma(f16, f16, f32, 8)),
          rule_sweep("rule_mma_f16_f16_k16", mma(f16, f16, f16, 16)),
          rule_sweep("rule_mma_f16_f16_k8", mma(f16, f16, f16, 8)),
          rule_sweep("rule_mma_tf32_k8", mma(tf32, tf32, f32, 8)),
          rule_sweep("rule_mma_tf32_k4", mma(tf32, tf32, f32, 4)),
          rule_sweep("rule_wgmma_bf16", wgmma(bf16, bf16, f32)),
          rule_sweep("rule_wgmma_f16", wgmma(f16, f16, f32)),
          rule_sweep("rule_wgmma_f16_f16", wgmma(f16, f16, f16)),
          rule_sweep("rule_wgmma_tf32", wgmma(tf32, tf32, f32)),
          rule_sweep("rule_wgmma_e4m3", wgmma(e4m3, e4m3, f32)),
          rule_sweep("rule_wgmma_e4m3_e5m2", wgmma(e4m3, e5m2, f32)),
          rule_sweep("rule_wgmma_e5m2_e4m3", wgmma(e5m2, e4m3, f32)),
          rule_sweep("rule_wgmma_e5m2", wgmma(e5m2, e5m2, f32)),
          accumulator_sweep("accumulator_mma_bf16", mma(bf16, bf16, f32, 16)),
          accumulator_sweep("accumulator_mma_tf32", mma(tf32, tf32, f32, 8)),
          accumulator_sweep("accumulator_wgmma_bf16", wgmma(bf16, bf16, f32)),
          wgmma_fp8_accumulator("accumulator_wgmma_e4m3", wgmma(e4m3, e4m3, f32)),
          wgmma_fp8_accumulator("accumulator_wgmma_e5m2", wgmma(e5m2, e5m2, f32)),
          wgmma_fp8_f16_sums("wgmma_e4m3_f16_sums", wgmma(e4m3, e4m3, f16)),
          wgmma_fp8_f16_sums("wgmma_e4m3_e5m2_f16_sums", wgmma(e4m3, e5m2, f16)),
          wgmma_fp8_f16_sums("wgmma_e5m2_e4m3_f16_sums", wgmma(e5m2, e4m3, f16)),
          wgmma_fp8_f16_sums("wgmma_e5m2_f16_sums", wgmma(e5m2, e5m2, f16)),
          fp8_mma_halves("halves_mma_e4m3", mma(e4m3, e4m3, f16, 32)),
          fp8_mma_halves("halves_mma_e4m3_e5m2", mma(e4m3, e5m2, f16, 32)),
          fp8_mma_halves("halves_mma_e5m2_e4m3", mma(e5m2, e4m3, f16, 32)),
          fp8_mma_halves("halves_mma_e5m2", mma(e5m2, e5m2, f16, 32)),
          fp8_mma_accumulator("accumulator_mma_e4m3", mma(e4m3, e4m3, f32, 32)),
          fp8_mma_accumulator("accumulator_mma_e4m3_e5m2", mma(e4m3, e5m2, f32, 32)),
          fp8_mma_accumulator("accumulator_mma_e5m2_e4m3", mma(e5m2, e4m3, f32, 32)),
          fp8_mma_accumulator("accumulator_mma_e5m2", mma(e5m2, e5m2, f32, 32))};
}

}  // namespace plumbline::probe
