#include "kernels/probe/alternatives.hpp"

#include <bit>
#include <stdexcept>

namespace plumbline::probe {

namespace {

float number(dtype type, std::uint32_t code) {
  if (type == dtype::f32) return std::bit_cast<float>(code);
  return static_cast<float>(decode(type, code));
}

std::uint32_t exact_code(dtype type, double x) {
  const std::uint32_t code = encode(type, x);
  if (x == x && decode(type, code) != x)
    throw std::logic_error("a probe's number is not one of " + std::string(plumbline::name_of(type)));
  return code;
}

simt::least_exponents least_of(const instruction& i) {
  if (!i.warpgroup && is_fp8(i.a)) return simt::least_of(dtype::f16, dtype::f16, i.sum);
  return simt::least_of(i.a, i.b, i.sum);
}

}  // namespace

numbers numbers_of(const instruction& i, const vector& v) {
  numbers n;
  for (const std::uint32_t code : v.a) n.a.push_back(number(i.a, code));
  for (const std::uint32_t code : v.b) n.b.push_back(number(i.b, code));
  n.c = number(i.sum, v.c);
  return n;
}

std::uint32_t code_of(const instruction& i, float result) {
  if (result != result) return format_of(i.sum).nan_code;
  return i.sum == dtype::f32 ? std::bit_cast<std::uint32_t>(result)
                             : encode(i.sum, static_cast<double>(result));
}

simt::sum_rule model_rule(const instruction& i) {
  if (i.warpgroup) return simt::rule_of(wgmma_shape{i.a, i.b, i.sum, 8});
  if (is_fp8(i.a)) return simt::rule_for(i.sum, 16, 25);
  return simt::rule_of(simt::generation::sm_90a, mma_shape{i.a, i.b, i.sum, i.k});
}

prediction as_modelled(const instruction& i) {
  if (!i.warpgroup && is_fp8(i.a)) return by_halves(i, {});
  return by_rule(i, model_rule(i));
}

prediction by_rule(const instruction& i, const simt::sum_rule& rule) { return by_rule(i, rule, least_of(i)); }

prediction by_rule(const instruction& i, const simt::sum_rule& rule, const simt::least_exponents& least) {
  return [=](const vector& v) {
    const numbers n = numbers_of(i, v);
    return code_of(i, simt::truncated_sum(rule, least, n.a.data(), n.b.data(), 1, i.k, n.c));
  };
}

prediction then_accumulator(const instruction& i, const simt::sum_rule& rule, simt::rounding last) {
  return [=](const vector& v) {
    const numbers n = numbers_of(i, v);
    const simt::least_exponents least = least_of(i);
    const float products = simt::truncated_sum(rule, least, n.a.data(), n.b.data(), 1, i.k, 0);
    const simt::sum_rule exact = {1, simt::all_bits, i.sum, format_of(i.sum).fraction_bits, last};
    constexpr float one = 1;
    return code_of(i, simt::truncated_sum(exact, least, &products, &one, 1, 1, n.c));
  };
}

prediction by_halves(const instruction& i, const simt::fp8_rule& rule) {
  return [=](const vector& v) {
    const numbers n = numbers_of(i, v);
    const simt::least_exponents least = least_of(i);
    float a[2][16], b[2][16];
    for (int k = 0; k < 32; ++k) {
      const simt::half_place to = simt::place_of(rule.order, k);
      a[to.half][to.at] = n.a[static_cast<std::size_t>(k)],
      b[to.half][to.at] = n.b[static_cast<std::size_t>(k)];
    }
    const simt::sum_rule half = simt::rule_for(i.sum, 16, 25);
    float r = rule.accumulator_first ? n.c : 0;
    for (int h = 0; h < 2; ++h) r = simt::truncated_sum(half, least, a[h], b[h], 1, 16, r);
    if (rule.accumulator_first) return code_of(i, r);
    const simt::sum_rule exact = {1, simt::all_bits, i.sum, format_of(i.sum).fraction_bits,
                                  rule.last_addition};
    constexpr float one = 1;
    return code_of(i, simt::truncated_sum(exact, least, &r, &one, 1, 1, n.c));
  };
}

vector made_of(const instruction& i, const std::vector<factors>& all, double c) {
  vector v;
  v.a.assign(static_cast<std::size_t>(i.k), 0), v.b = v.a;
  if (all.size() > v.a.size()) throw std::logic_error("a probe has more products than its instruction");
  for (std::size_t k = 0; k < all.size(); ++k)
    v.a[k] = exact_code(i.a, all[k].a), v.b[k] = exact_code(i.b, all[k].b);
  v.c = i.sum == dtype::f32 ? std::bit_cast<std::uint32_t>(static_cast<float>(c)) : exact_code(i.sum, c);
  return v;
}

}  // namespace plumbline::probe
