// wgmma through kernels: every way that a matrix can lie, every pair of formats, against the model composed
// by hand; and kernels that break its rules.
#include <bit>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <vector>

#include "kernels/host/tensor_core_generation.hpp"
#include "reference/core/random.hpp"
#include "tests/harness/executor_launch.hpp"
#include "tests/tensor_core_kernels.hpp"

namespace plumbline {
namespace {

using enum dtype;
using kernels::gemm_params;

/// Rows of random codes of a format, and what they are.
struct operand {
  std::vector<std::uint8_t> bytes;
  std::vector<float> numbers;
};

operand drawn(dtype type, int count, random_stream& stream) {
  operand all;
  for (int i = 0; i < count; ++i) {
    const std::uint32_t code = encode(type, stream.normal());
    for (std::size_t b = 0; b < size_of(type); ++b)
      all.bytes.push_back(static_cast<std::uint8_t>(code >> 8 * b));
    all.numbers.push_back(static_cast<float>(decode(type, code)));
  }
  return all;
}

/// A B^T by the model, step after step.
template <wgmma_shape Shape>
std::vector<float> by_hand(const operand& a, const operand& b, int k) {
  constexpr int inner = inner_size(Shape);
  std::vector<float> out(64 * Shape.n);
  for (int row = 0; row < 64; row += 16)
    for (int column = 0; column < Shape.n; column += 8) {
      simt::product_tile<inner> tile = {};
      for (int first = 0; first < k; first += inner) {
        for (int j = 0; j < inner; ++j) {
          for (int i = 0; i < 16; ++i)
            tile.a[i][j] = a.numbers[static_cast<std::size_t>((row + i) * k + first + j)];
          for (int n = 0; n < 8; ++n)
            tile.b[j][n] = b.numbers[static_cast<std::size_t>((column + n) * k + first + j)];
        }
        simt::multiply_as_wgmma<Shape.a, Shape.b, Shape.sum>(tile);
      }
      for (int i = 0; i < 16; ++i)
        for (int n = 0; n < 8; ++n)
          out[static_cast<std::size_t>((row + i) * Shape.n + column + n)] = tile.d[i][n];
    }
  return out;
}

template <wgmma_shape Shape>
std::vector<float> numbers_of(const std::vector<std::uint32_t>& words) {
  std::vector<float> out;
  for (int i = 0; i < 64 * Shape.n; ++i)
    if (Shape.sum == f16)
      out.push_back(
          static_cast<float>(decode(f16, words[static_cast<std::size_t>(i / 2)] >> 16 * (i % 2) & 0xffffu)));
    else
      out.push_back(std::bit_cast<float>(words[static_cast<std::size_t>(i)]));
  return out;
}

int different(const std::vector<float>& x, const std::vector<float>& y) {
  int count = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    count += std::bit_cast<std::uint32_t>(x[i]) != std::bit_cast<std::uint32_t>(y[i]);
  return count;
}

template <wgmma_shape Shape, auto Kernel>
void check_gemm(int k = 64) {
  random_stream stream(5, "wgmma");
  const operand a = drawn(Shape.a, 64 * k, stream), b = drawn(Shape.b, Shape.n * k, stream);
  std::vector<std::uint32_t> out(64 * Shape.n);
  const std::size_t bytes = a.bytes.size() + b.bytes.size();

  const auto failed =
      run_kernel<Kernel>({{}, 128, bytes}, gemm_params{a.bytes.data(), b.bytes.data(), out.data(), k});

  BOOST_TEST(!failed, (failed ? failed->message : ""));
  const std::vector<float> expected = by_hand<Shape>(a, b, k);
  BOOST_TEST(different(numbers_of<Shape>(out), expected) == 0);
  BOOST_TEST(std::isfinite(expected[7]));
}

constexpr std::uint32_t steps_of_64(const wgmma_shape& s) {
  return 64 / static_cast<std::uint32_t>(inner_size(s));
}

template <wgmma_shape Shape, swizzle... Patterns>
void check_patterns() {
  (check_gemm<Shape, kernels::wgmma_gemm<Shape, Patterns, steps_of_64(Shape)>>(), ...);
}

constexpr wgmma_shape plain = {bf16, bf16, f32, 64};
constexpr wgmma_shape turned = {bf16, bf16, f32, 64, major::mn, major::mn};

// ---- kernels that break the rules, and one that keeps them in a pipeline

enum class mistake { none, reads_early, overwrites_early, no_fence, absent_warp, other_descriptor, outside };

struct careless_params {
  gemm_params gemm;
  mistake what;
};

void careless(const careless_params p) {
  std::uint64_t a, b;
  kernels::place_operands<plain, swizzle::bytes128>(p.gemm, a, b, 4);
  const auto descriptor = [&](std::uint64_t start, std::uint32_t step) {
    return kernels::step_descriptor<plain, swizzle::bytes128>(start, 64, major::k, 4, step);
  };
  const unsigned warp = threadIdx.x / 32;
  float d[32] = {};
  if (p.what != mistake::no_fence) kernels::wgmma_fence();
  for (std::uint32_t s = 0; s < 4; ++s) {
    if (p.what == mistake::absent_warp && warp == 2 && s == 3) continue;
    std::uint64_t b_matrix = descriptor(b, s);
    if (p.what == mistake::other_descriptor && warp == 1) b_matrix = descriptor(b, 0);
    if (p.what == mistake::outside) b_matrix = kernels::advanced(b_matrix, 1024);
    kernels::wgmma<plain>(d, descriptor(a, s), b_matrix, s > 0);
  }
  kernels::wgmma_commit();
  if (p.what == mistake::reads_early) kernels::store_sums<plain>(p.gemm, d);
  if (p.what == mistake::overwrites_early) kernels::shared_memory<std::uint16_t>()[threadIdx.x] = 0x3f80;
  kernels::wgmma_wait<0>(d);
  if (p.what != mistake::reads_early) kernels::store_sums<plain>(p.gemm, d);
}

/// Two accumulators, one product of each group under way while the other lands.
void pipelined(const gemm_params p) {
  std::uint64_t a, b;
  kernels::place_operands<plain, swizzle::bytes128>(p, a, b, 4);
  const auto start = [&](float(&d)[32], std::uint32_t s, bool add) {
    kernels::wgmma_fence();
    kernels::wgmma<plain>(d, kernels::step_descriptor<plain, swizzle::bytes128>(a, 64, major::k, 4, s),
                          kernels::step_descriptor<plain, swizzle::bytes128>(b, 64, major::k, 4, s), add);
    kernels::wgmma_commit();
  };
  float first[32], second[32];
  start(first, 0, false);
  start(second, 2, false);
  kernels::wgmma_wait<1>(first);
  for (float& x : first) x += 1;
  const bool still_away = second[0] != second[0];
  start(first, 1, true);
  kernels::wgmma_wait<0>(second);
  for (int i = 0; i < 32; ++i) first[i] += second[i];
  if (still_away) kernels::store_sums<plain>(p, first);
}

struct careless_run {
  std::optional<fault> failed;
  std::vector<float> out, expected;
};

careless_run run_careless(mistake what, int threads = 128, const char* generation = "sm_90a",
                          const char* schedule = "") {
  random_stream stream(6, "careless");
  const operand a = drawn(bf16, 64 * 64, stream), b = drawn(bf16, 64 * 64, stream);
  std::vector<std::uint32_t> out(64 * 64);
  host_executor executor(generation);
  tensor_set none_in, none_out;
  careless_run r;
  r.failed = executor.run(
      [&](const kernel_arguments&, launcher& on) {
        kernels::launch<careless>(on, "careless", {}, threads, 16384,
                                  careless_params{{a.bytes.data(), b.bytes.data(), out.data(), 64}, what});
      },
      none_in, none_out, scheduled(schedule));
  r.out = numbers_of<plain>(out), r.expected = by_hand<plain>(a, b, 64);
  return r;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tensor_core_wgmma)

// Worked out from PTX's drawings of the layouts.
BOOST_AUTO_TEST_CASE(elements_of_a_shared_matrix_lie_where_ptx_draws_them) {
  using kernels::element_address;
  const shared_matrix swizzled = {0, 16, 1024, swizzle::bytes128}, cores = {64, 512, 128, swizzle::none};
  BOOST_TEST(element_address(swizzled, major::k, 2, 0, 15) == 30u);
  BOOST_TEST(element_address(swizzled, major::k, 2, 1, 0) == 144u);  // row 1: units 0 and 1 change places
  BOOST_TEST(element_address(swizzled, major::k, 2, 3, 8) == 416u);  // row 3: unit 1 goes to unit 1 xor 3
  BOOST_TEST(element_address(swizzled, major::k, 2, 13, 1) == 1024u + 640 + 80 + 2);
  BOOST_TEST(element_address({32, 16, 1024, swizzle::bytes128}, major::k, 2, 1, 0) == 128u + 48);
  BOOST_TEST(element_address({0, 16, 512, swizzle::bytes64}, major::k, 1, 2, 0) == 128u + 16);
  BOOST_TEST(element_address({0, 16, 512, swizzle::bytes64}, major::k, 1, 1, 0) == 64u);
  BOOST_TEST(element_address({0, 16, 256, swizzle::bytes32}, major::k, 4, 4, 0) == 128u + 16);
  BOOST_TEST(element_address(cores, major::k, 2, 9, 8) == 64u + 16 + 128 + 512);
  BOOST_TEST(element_address(swizzled, major::mn, 2, 8, 1) == 128u);  // k 1: units 0 and 1 change places
  BOOST_TEST(element_address({0, 4096, 1024, swizzle::bytes128}, major::mn, 2, 64, 8) == 4096u + 1024);
  BOOST_TEST(element_address({0, 128, 256, swizzle::none}, major::mn, 2, 8, 9) == 256u + 128 + 16);
}

BOOST_AUTO_TEST_CASE(a_descriptor_says_what_it_was_made_of) {
  const shared_matrix m = {0x2a3f0, 0x1230, 0x3fff0, swizzle::bytes64};
  const shared_matrix back = kernels::matrix_of(kernels::descriptor_of(m));
  BOOST_TEST(back.address == m.address);
  BOOST_TEST(back.leading == m.leading);
  BOOST_TEST(back.stride == m.stride);
  BOOST_TEST((back.pattern == m.pattern));
  BOOST_TEST(kernels::descriptor_of({1024, 16, 1024, swizzle::bytes128}) == 0x4000004000010040ull);
}

BOOST_AUTO_TEST_CASE(every_pattern_and_direction_gives_the_same_product) {
  using enum swizzle;
  check_patterns<plain, none, bytes32, bytes64, bytes128>();
  check_patterns<turned, none, bytes32, bytes64, bytes128>();
  check_patterns<wgmma_shape{f16, f16, f32, 64, major::k, major::mn}, bytes128>();
  check_patterns<wgmma_shape{f16, f16, f32, 64, major::mn, major::k}, bytes128>();
}

BOOST_AUTO_TEST_CASE(every_pair_of_formats_sums_as_the_model_does) {
  using enum swizzle;
  check_patterns<wgmma_shape{f16, f16, f16, 64}, bytes128>();
  check_patterns<wgmma_shape{tf32, tf32, f32, 64}, bytes128>();
  check_patterns<wgmma_shape{e4m3, e4m3, f32, 64}, none, bytes32, bytes64>();
  check_patterns<wgmma_shape{e4m3, e5m2, f32, 64}, bytes64>();
  check_patterns<wgmma_shape{e5m2, e4m3, f32, 64}, bytes64>();
  check_patterns<wgmma_shape{e5m2, e5m2, f32, 64}, bytes64>();
  check_patterns<wgmma_shape{e4m3, e4m3, f16, 64}, bytes64>();
  constexpr wgmma_shape four = {e4m3, e4m3, f32, 64};
  check_gemm<four, kernels::wgmma_gemm<four, bytes128, 4>>(128);
}

BOOST_AUTO_TEST_CASE(narrow_and_wide_products_and_a_from_registers) {
  using enum swizzle;
  constexpr wgmma_shape mixed = {e5m2, e4m3, f32, 64}, single = {tf32, tf32, f32, 64};
  check_patterns<wgmma_shape{bf16, bf16, f32, 8}, bytes128>();
  check_patterns<wgmma_shape{bf16, bf16, f32, 256}, bytes128>();
  check_gemm<plain, kernels::wgmma_gemm_registers<plain, bytes128, 4>>();
  check_gemm<mixed, kernels::wgmma_gemm_registers<mixed, bytes64, 2>>();
  check_gemm<single, kernels::wgmma_gemm_registers<single, bytes128, 8>>();
}

BOOST_AUTO_TEST_CASE(a_right_kernel_gives_the_same_bits_under_every_schedule) {
  for (const char* schedule : every_schedule) {
    const careless_run r = run_careless(mistake::none, 128, "sm_90a", schedule);
    BOOST_TEST(!r.failed);
    BOOST_TEST(different(r.out, r.expected) == 0);
  }
}

BOOST_AUTO_TEST_CASE(groups_land_in_order_and_not_before) {
  random_stream stream(7, "pipeline");
  const operand a = drawn(bf16, 64 * 64, stream), b = drawn(bf16, 64 * 64, stream);
  std::vector<std::uint32_t> out(64 * 64);

  const auto failed =
      run_kernel<pipelined>({{}, 128, 16384}, gemm_params{a.bytes.data(), b.bytes.data(), out.data(), 64});

  BOOST_TEST(!failed);
  const auto step = [&](float c, int first) {
    constexpr simt::sum_rule rule = simt::rule_of(plain);
    return simt::truncated_sum(rule, simt::least_of(bf16, bf16, f32), &a.numbers[first], &b.numbers[first], 1,
                               16, c);
  };
  BOOST_TEST(std::bit_cast<float>(out[0]) == step(step(0, 0) + 1, 16) + step(0, 32));
}

BOOST_AUTO_TEST_CASE(an_accumulator_that_is_read_before_its_wait_is_nan) {
  const careless_run r = run_careless(mistake::reads_early);
  BOOST_TEST(!r.failed);
  for (const float x : r.out) BOOST_REQUIRE(std::isnan(x));
}

BOOST_AUTO_TEST_CASE(an_operand_that_is_overwritten_before_the_wait_spoils_the_product) {
  const careless_run r = run_careless(mistake::overwrites_early);
  BOOST_TEST(!r.failed);
  BOOST_TEST(different(r.out, r.expected) > 0);
}

BOOST_AUTO_TEST_CASE(kernels_that_break_the_rules_are_named) {
  const careless_run fence = run_careless(mistake::no_fence), warp = run_careless(mistake::absent_warp),
                     other = run_careless(mistake::other_descriptor),
                     outside = run_careless(mistake::outside), few = run_careless(mistake::none, 96),
                     old = run_careless(mistake::none, 128, "sm_89");

  BOOST_TEST(mentions(fence.failed, "missing fence: kernel careless"));
  BOOST_TEST(mentions(warp.failed, "warp 2 started 3 of the 4 wgmma of its group"));
  BOOST_TEST(mentions(other.failed, "divergent operands"));
  BOOST_TEST(mentions(outside.failed, "stray read"));
  BOOST_TEST(mentions(outside.failed, "wgmma reads matrix B at byte"));
  BOOST_TEST(mentions(few.failed, "whose group of 128 threads is not whole"));
  BOOST_TEST(mentions(old.failed, "wgmma does not exist on sm_89"));
  for (const careless_run* r : {&fence, &other, &outside, &few, &old, &warp})
    BOOST_TEST(mentions(r->failed, "tests/tensor_core_wgmma_test.cpp:"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace plumbline
