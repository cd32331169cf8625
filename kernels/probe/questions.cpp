// Probes with special values: what zeros, subnormals, overflow, NaN and odd accumulators do.
#include <bit>
#include <cmath>
#include <limits>

#include "kernels/probe/probe.hpp"

namespace plumbline::probe {

namespace {

using enum dtype;
using simt::rounding;
using simt::sum_rule;

constexpr double inf = std::numeric_limits<double>::infinity();

constexpr instruction mma_bf16 = {false, bf16, bf16, f32, 16}, mma_f16 = {false, f16, f16, f32, 16},
                      mma_f16_f16 = {false, f16, f16, f16, 16}, mma_tf32 = {false, tf32, tf32, f32, 8},
                      mma_e4m3 = {false, e4m3, e4m3, f32, 32}, wgmma_bf16 = {true, bf16, bf16, f32, 16},
                      wgmma_e4m3 = {true, e4m3, e4m3, f32, 32}, wgmma_e5m2 = {true, e5m2, e5m2, f32, 32};

std::vector<factors> repeated(factors one, int count) {
  return std::vector<factors>(static_cast<std::size_t>(count), one);
}

std::vector<factors> joined(std::vector<factors> first, const std::vector<factors>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

sum_rule with_lowest(sum_rule r, int lowest) {
  r.lowest = lowest;
  return r;
}

sum_rule with_zeros(sum_rule r) {
  r.zeros_align = true;
  return r;
}

/// A prediction where `exceptional` may answer first (a code), the model otherwise.
template <class Exceptional>
prediction unless(const instruction& i, const Exceptional& exceptional) {
  return [=, model = as_modelled(i)](const vector& v) {
    const std::uint32_t code = model(v);
    return exceptional(v, numbers_of(i, v), code);
  };
}

std::uint32_t negative_zero(const instruction& i) { return i.sum == f32 ? 0x80000000u : 0x8000u; }

// 0 * 2^127: dropped, or a term of exponent -126 + 127 that pushes 2^-25 out of the sum.
probe zero_times_huge(const char* name, const instruction& i) {
  const std::vector<factors> small = {{0x1p-25, 1}, {0x1p-25, 1}};
  std::vector<vector> all;
  for (const double zero : {0.0, -0.0}) {
    all.push_back(made_of(i, joined({{zero, 0x1p127}}, small), 0));
    all.push_back(made_of(i, joined({{0x1p127, zero}}, small), 0));
    all.push_back(made_of(i, joined(small, {{zero, 0x1p127}}), 0x1p-26));
    all.push_back(made_of(i, joined({{zero, 0x1p100}}, small), 0));
  }
  return {
      name,
      "does a zero factor beside a huge one take part in the alignment?",
      i,
      all,
      {{"dropped", as_modelled(i)}, {"aligned with exponent -126", by_rule(i, with_zeros(model_rule(i)))}}};
}

// Products below 2^-126 with C = 0.  2^-153 sixteen times is 2^-149; the second vector sums to 2^-149 only if
// its last two terms, 2^-159, are kept beside 2^-150.
probe lowest_exponent(const char* name, const instruction& i) {
  std::vector<factors> geometric;
  for (int e = 150; e <= 159; ++e) geometric.push_back({std::ldexp(1, -75), std::ldexp(1, 75 - e)});
  geometric.push_back(geometric.back());
  const sum_rule model = model_rule(i);
  return {name,
          "how low can the exponent be to which terms are aligned, when every product is tiny and C is zero?",
          i,
          {made_of(i, repeated({0x1p-76, 0x1p-77}, 16), 0), made_of(i, geometric, 0),
           made_of(i, repeated({0x1p-75, -0x1p-77}, 8), 0)},
          {{"no limit", as_modelled(i)},
           {"-133", by_rule(i, with_lowest(model, -133))},
           {"-126", by_rule(i, with_lowest(model, -126))}}};
}

// A tie in f16, 2^-25, that 2^-47 breaks if it is kept.
probe lowest_exponent_f16() {
  const instruction& i = mma_f16_f16;
  const sum_rule model = model_rule(i);
  return {"lowest_exponent_f16_sums",
          "the same with f16 sums",
          i,
          {made_of(i, {{0x1p-12, 0x1p-13}, {0x1p-23, 0x1p-24}}, 0),
           made_of(i, {{-0x1p-12, 0x1p-13}, {-0x1p-23, 0x1p-24}}, 0)},
          {{"no limit", as_modelled(i)}, {"-21", by_rule(i, with_lowest(model, -21))}}};
}

probe sign_of_zero(const char* name, const instruction& i) {
  std::vector<vector> all = {made_of(i, repeated({-1, 0}, i.k), -0.0),
                             made_of(i, repeated({-0.0, 1}, i.k), -0.0), made_of(i, {{1, 1}, {-1, 1}}, 0),
                             made_of(i, {{1, 1}}, -1), made_of(i, {}, -0.0)};
  const auto all_negative = [](const numbers& n) {
    bool all_minus = n.c == 0 && std::signbit(n.c);
    for (std::size_t k = 0; k < n.a.size(); ++k) {
      const float p = n.a[k] * n.b[k];
      all_minus = all_minus && p == 0 && std::signbit(p);
    }
    return all_minus;
  };
  return {name,
          "what sign has a zero: of -0 alone, of cancellation?",
          i,
          all,
          {{"plus", as_modelled(i)},
           {"minus when every term is -0",
            unless(i, [=](const vector&, const numbers& n,
                          std::uint32_t code) { return all_negative(n) ? negative_zero(i) : code; })},
           {"minus when C is -0", unless(i, [=](const vector&, const numbers& n, std::uint32_t code) {
              return code == 0 && n.c == 0 && std::signbit(n.c) ? negative_zero(i) : code;
            })}}};
}

probe sign_of_underflow(const char* name, const instruction& i, const factors& tiny) {
  return {
      name,
      "what sign has a negative sum that is rounded to zero?",
      i,
      {made_of(i, {{-tiny.a, tiny.b}}, 0), made_of(i, {{-tiny.a, tiny.b}, {-tiny.a, tiny.b}}, 0)},
      {{"plus", as_modelled(i)}, {"minus", unless(i, [=](const vector&, const numbers&, std::uint32_t code) {
                                    return code == 0 ? negative_zero(i) : code;
                                  })}}};
}

probe overflow(const char* name, const instruction& i) {
  const std::vector<vector> all = {made_of(i, {{0x1p64, 0x1p63}, {0x1p64, 0x1p63}, {-0x1p64, 0x1p63}}, 0),
                                   made_of(i, {{0x1p64, 0x1p66}, {-0x1p64, 0x1p66}, {1, 1}}, 0),
                                   made_of(i, {{0x1p64, 0x1p64}}, -0x1p127),
                                   made_of(i, {{0x1p64, 0x1p64}, {-0x1p64, 0x1p40}}, 0),
                                   made_of(i, {{0x1p64, 0x1p63}}, 0x1p127),
                                   made_of(i, {{0x1.8p64, 0x1p63}, {-0x1p64, 0x1p62}}, 0x1.8p127),
                                   made_of(i, {{-0x1p64, 0x1p63}}, -0x1p127)};
  const auto products_overflow = [=](const vector&, const numbers& n, std::uint32_t code) {
    bool up = false, down = false;
    for (std::size_t k = 0; k < n.a.size(); ++k) {
      const double p = static_cast<double>(n.a[k]) * n.b[k];
      up = up || p >= 0x1p128, down = down || p <= -0x1p128;
    }
    return up && down ? 0x7fffffffu : up ? 0x7f800000u : down ? 0xff800000u : code;
  };
  const auto sums_overflow = [=](const vector&, const numbers& n, std::uint32_t code) {
    double sum = 0;
    for (std::size_t k = 0; k < n.a.size(); ++k) {
      sum += static_cast<double>(n.a[k]) * n.b[k];
      if (std::abs(sum) >= 0x1p128) return sum > 0 ? 0x7f800000u : 0xff800000u;
    }
    return code;
  };
  const auto largest = [=](const vector&, const numbers&, std::uint32_t code) {
    return code == 0x7f800000u ? 0x7f7fffffu : code == 0xff800000u ? 0xff7fffffu : code;
  };
  return {name,
          "products and partial sums of 2^128 and more: do they cancel, and what is the end of the range?",
          i,
          all,
          {{"only the result overflows, to infinity", as_modelled(i)},
           {"a product overflows by itself", unless(i, products_overflow)},
           {"a partial sum overflows", unless(i, sums_overflow)},
           {"the result stays the largest number", unless(i, largest)}}};
}

// NaN codes with sign and payload, in every place, and NaN that arise.
probe nan_payload(const char* name, const instruction& i, std::uint32_t operand_nan, std::uint32_t sum_nan) {
  std::vector<vector> all;
  const bool infinite = format_of(i.a).has_infinity;
  for (const int k : {0, 1, i.k - 1}) {
    vector v = made_of(i, repeated({1, 1}, i.k), 1);
    v.a[static_cast<std::size_t>(k)] = operand_nan;
    all.push_back(v);
    std::swap(v.a, v.b);
    all.push_back(v);
  }
  vector in_c = made_of(i, {{1, 1}}, 0);
  in_c.c = sum_nan;
  all.push_back(in_c);
  if (infinite) {
    all.push_back(made_of(i, {{inf, 0}}, 0));
    all.push_back(made_of(i, {{inf, 1}, {-inf, 1}}, 0));
    all.push_back(made_of(i, {{-inf, 1}}, inf));
  }
  const auto quieted = [=](const vector& v, const numbers&, std::uint32_t code) {
    if (code != format_of(i.sum).nan_code) return code;
    if (v.c == sum_nan) return i.sum == f32 ? v.c | 0x400000u : v.c | 0x200u;
    return i.sum == f32 ? 0x7fc00000u : 0x7e00u;
  };
  const auto negative = [=](const vector&, const numbers&, std::uint32_t code) {
    return code == format_of(i.sum).nan_code ? code | negative_zero(i) : code;
  };
  return {name,
          "which NaN comes out, whatever came in or arose?",
          i,
          all,
          {{"0x7fffffff (f16: 0x7fff)", as_modelled(i)},
           {"the accumulator's own, else 0x7fc00000", unless(i, quieted)},
           {"0xffffffff (f16: 0xffff)", unless(i, negative)}}};
}

// 2^-24 * 1 has exponent -14 in f16's terms and -24 in its own; C of 2^-40 is 2^-26 of the first.  `scale`
// lifts both to where C is a normal number.
probe subnormal_factor(const char* name, const instruction& i, int least, int smallest, int scale = 0) {
  std::vector<vector> all;
  const int kept = model_rule(i).kept_bits;
  for (int below = 0; below < 6; ++below)
    all.push_back(made_of(i, {{std::ldexp(1, smallest), std::ldexp(1, scale)}},
                          std::ldexp(1, least + scale - kept - below + 2)));
  return {name,
          "which exponent has a product of a subnormal factor?",
          i,
          all,
          {{"of the format's least normal number", as_modelled(i)},
           {"of the number itself", by_rule(i, model_rule(i), {-149, -149, -149})}}};
}

// C is a subnormal f16 and decides a tie: 2^-24 + 2^-25 - 2^-45.
probe subnormal_accumulator() {
  const instruction& i = mma_f16_f16;
  return {"subnormal_accumulator_f16",
          "which exponent has a subnormal f16 accumulator?",
          i,
          {made_of(i, {{0x1p-12, 0x1p-13}, {-0x1p-22, 0x1p-23}}, 0x1p-24),
           made_of(i, {{-0x1p-12, 0x1p-13}, {0x1p-22, 0x1p-23}}, -0x1p-24)},
          {{"of the least normal number", as_modelled(i)},
           {"of the number itself", by_rule(i, model_rule(i), {-14, -14, -149})}}};
}

// Below the tenth fraction bit: half of a step, more and less, and all thirteen bits.
probe tf32_low_bits() {
  const instruction& i = mma_tf32;
  std::vector<vector> all;
  for (const std::uint32_t low : {0x0fffu, 0x1000u, 0x1001u, 0x1fffu})
    for (const std::uint32_t code : {0x3f800000u, 0x3f802000u, 0xbfffe000u}) {
      vector v = made_of(i, {{1, 1}}, 0);
      v.a[0] = code | low;
      all.push_back(v);
      std::swap(v.a, v.b);
      all.push_back(v);
    }
  const auto rounded_to = [=](std::uint32_t half, bool even) {
    return [=](const vector& v) {
      vector r = v;
      for (auto* codes : {&r.a, &r.b})
        for (std::uint32_t& code : *codes) code = (code + half + (even ? code >> 13 & 1u : 0)) & 0xffffe000u;
      return as_modelled(i)(r);
    };
  };
  return {"tf32_low_bits",
          "what becomes of the thirteen low bits of a tf32 operand?",
          i,
          all,
          {{"cut off", as_modelled(i)},
           {"rounded to nearest even", rounded_to(0xfff, true)},
           {"rounded to nearest, ties away", rounded_to(0x1000, false)},
           {"used", [=](const vector& v) {
              const float product = std::bit_cast<float>(v.a[0]) * std::bit_cast<float>(v.b[0]);
              return std::bit_cast<std::uint32_t>(product);
            }}}};
}

}  // namespace

std::vector<probe> questions() {
  return {zero_times_huge("zero_times_huge_bf16", mma_bf16),
          zero_times_huge("zero_times_huge_tf32", mma_tf32),
          zero_times_huge("zero_times_huge_wgmma", wgmma_bf16),
          lowest_exponent("lowest_exponent_bf16", mma_bf16),
          lowest_exponent("lowest_exponent_wgmma", wgmma_bf16),
          lowest_exponent_f16(),
          sign_of_zero("sign_of_zero_bf16", mma_bf16),
          sign_of_zero("sign_of_zero_f16_sums", mma_f16_f16),
          sign_of_zero("sign_of_zero_e4m3", mma_e4m3),
          sign_of_zero("sign_of_zero_wgmma_e4m3", wgmma_e4m3),
          sign_of_underflow("sign_of_underflow_bf16", mma_bf16, {0x1p-75, 0x1p-76}),
          sign_of_underflow("sign_of_underflow_f16_sums", mma_f16_f16, {0x1p-14, 0x1p-14}),
          overflow("overflow_bf16", mma_bf16),
          overflow("overflow_tf32", mma_tf32),
          overflow("overflow_wgmma", wgmma_bf16),
          nan_payload("nan_bf16", mma_bf16, 0xffa5u, 0xff801234u),
          nan_payload("nan_f16_sums", mma_f16_f16, 0xfd55u, 0xfd01u),
          nan_payload("nan_e4m3", mma_e4m3, 0xffu, 0xffc01234u),
          nan_payload("nan_wgmma_e5m2", wgmma_e5m2, 0xfdu, 0x7f801234u),
          subnormal_factor("subnormal_factor_f16", mma_f16, -14, -24),
          subnormal_factor("subnormal_factor_bf16", mma_bf16, -126, -133, 60),
          subnormal_factor("subnormal_factor_wgmma_e4m3", wgmma_e4m3, -6, -9),
          subnormal_factor("subnormal_factor_wgmma_e5m2", wgmma_e5m2, -14, -16),
          subnormal_accumulator(),
          tf32_low_bits()};
}

}  // namespace plumbline::probe
