// All 2^32 floats through our encoders and through the host code of CUDA's own headers.
//
// Somebody else's implementation of the same standards: where both agree on every input, a mistake would have
// to be made twice.  Values of floats are exact in double, so both sides round the same number once.
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <bit>
#include <thread>
#include <vector>

#include "reference/core/formats.hpp"

using namespace plumbline;

namespace {

std::uint32_t cuda_bf16(float x) { return __bfloat16_as_ushort(__float2bfloat16_rn(x)); }
std::uint32_t cuda_f16(float x) { return __half_as_ushort(__float2half_rn(x)); }
template <__nv_saturation_t Rule, __nv_fp8_interpretation_t Kind>
std::uint32_t cuda_fp8(float x) {
  return __nv_cvt_float_to_fp8(x, Rule, Kind);
}

// Number of floats on which the two disagree; any NaN equals any NaN.
template <class Theirs>
std::uint64_t disagreements(dtype t, overflow rule, Theirs theirs) {
  const unsigned workers = std::max(1u, std::thread::hardware_concurrency());
  constexpr std::uint64_t floats = 1ull << 32, share = 1ull << 22;
  std::atomic<std::uint64_t> next{0}, wrong{0};
  std::vector<std::thread> threads;
  for (unsigned w = 0; w < workers; ++w)
    threads.emplace_back([&] {
      std::uint64_t mine = 0;
      for (std::uint64_t from = next.fetch_add(share); from < floats; from = next.fetch_add(share))
        for (std::uint64_t bits = from; bits < from + share; ++bits) {
          const float x = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
          const std::uint32_t a = encode(t, static_cast<double>(x), rule), b = theirs(x);
          if (a == b) continue;
          const double da = decode(t, a), db = decode(t, b);
          mine += da == da || db == db;
        }
      wrong += mine;
    });
  for (std::thread& thread : threads) thread.join();
  return wrong;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(all_floats)

BOOST_AUTO_TEST_CASE(bf16_agrees_with_the_toolkit) {
  BOOST_TEST(disagreements(dtype::bf16, overflow::ieee, cuda_bf16) == 0u);
}
BOOST_AUTO_TEST_CASE(f16_agrees_with_the_toolkit) {
  BOOST_TEST(disagreements(dtype::f16, overflow::ieee, cuda_f16) == 0u);
}
BOOST_AUTO_TEST_CASE(e4m3_agrees_with_the_toolkit) {
  BOOST_TEST(disagreements(dtype::e4m3, overflow::ieee, cuda_fp8<__NV_NOSAT, __NV_E4M3>) == 0u);
  BOOST_TEST(disagreements(dtype::e4m3, overflow::saturate, cuda_fp8<__NV_SATFINITE, __NV_E4M3>) == 0u);
}
BOOST_AUTO_TEST_CASE(e5m2_agrees_with_the_toolkit) {
  BOOST_TEST(disagreements(dtype::e5m2, overflow::ieee, cuda_fp8<__NV_NOSAT, __NV_E5M2>) == 0u);
  BOOST_TEST(disagreements(dtype::e5m2, overflow::saturate, cuda_fp8<__NV_SATFINITE, __NV_E5M2>) == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
