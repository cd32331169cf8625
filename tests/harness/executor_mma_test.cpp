// ldmatrix and mma against their definitions: matrices as plain arrays, fragments as PTX lays them out.
#include <boost/test/unit_test.hpp>
#include <tuple>
#include <vector>

#include "kernels/core/convert.hpp"
#include "kernels/core/mma.hpp"
#include "kernels/host/tensor_core_generation.hpp"
#include "reference/core/random.hpp"
#include "tests/harness/executor_launch.hpp"

namespace plumbline {
namespace {

struct matrices {
  std::uint32_t* out;  // [lane][register]
  bool transposed;
  int count;
};

std::uint16_t element(int matrix, int row, int col) {
  return static_cast<std::uint16_t>(100 * matrix + 10 * row + col);
}

/// Row r of matrix m lies at 16 * (8m + (r + 3m) % 8): rows need not be in order.
void load_them(const matrices p) {
  auto* const shared = kernels::shared_memory<std::uint16_t>();
  const int lane = static_cast<int>(threadIdx.x), matrix = lane / 8, row = lane % 8;
  std::uint16_t* const mine = shared + 8 * (8 * matrix + (row + 3 * matrix) % 8);
  for (int col = 0; col < 8; ++col) mine[col] = element(matrix, row, col);
  __syncwarp();
  std::uint32_t* const r = p.out + 4 * lane;
  if (p.count == 4 && !p.transposed) kernels::load_matrix_x4(r, mine);
  if (p.count == 4 && p.transposed) kernels::load_matrix_x4_transposed(r, mine);
  const void* const address = lane < 16 ? static_cast<const void*>(mine) : shared;
  if (p.count == 2 && !p.transposed) kernels::load_matrix_x2(r, address);
  if (p.count == 2 && p.transposed) kernels::load_matrix_x2_transposed(r, address);
}

struct operands {
  const float* a;  // [16][16]
  const float* b;  // [16][8]
  float* d;        // [16][8]
};

template <dtype Type>
void multiply_them(const operands p) {
  const int g = static_cast<int>(threadIdx.x) / 4, t = static_cast<int>(threadIdx.x) % 4;
  const auto two = [](float low, float high) {
    return static_cast<std::uint32_t>(encode(Type, low)) | static_cast<std::uint32_t>(encode(Type, high))
                                                               << 16;
  };
  const auto from_a = [&](int row, int k) { return two(p.a[16 * row + k], p.a[16 * row + k + 1]); };
  const auto from_b = [&](int k) { return two(p.b[8 * k + g], p.b[8 * (k + 1) + g]); };
  const std::uint32_t a[4] = {from_a(g, 2 * t), from_a(g + 8, 2 * t), from_a(g, 2 * t + 8),
                              from_a(g + 8, 2 * t + 8)};
  const std::uint32_t b[2] = {from_b(2 * t), from_b(2 * t + 8)};
  float d[4] = {p.d[8 * g + 2 * t], p.d[8 * g + 2 * t + 1], p.d[8 * (g + 8) + 2 * t],
                p.d[8 * (g + 8) + 2 * t + 1]};

  kernels::mma_m16n8k16<Type>(d, a, b);

  for (int i = 0; i < 4; ++i) p.d[8 * (g + i / 2 * 8) + 2 * t + i % 2] = d[i];
}

struct lost_fragment {
  float* sink;
};
void half_a_warp_multiplies(const lost_fragment p) {
  const std::uint32_t zero[4] = {};
  float d[4] = {};
  if (threadIdx.x < 16) kernels::mma_m16n8k16<dtype::bf16>(d, zero, zero);
  p.sink[threadIdx.x] = d[0];
}

void row_outside(const matrices p) {
  kernels::load_matrix_x4(p.out, kernels::shared_memory<char>() + 16 * threadIdx.x);
}

struct problem {
  std::vector<float> a = std::vector<float>(256), b = std::vector<float>(128), d = std::vector<float>(128);
};

template <class Draw>
problem drawn(Draw&& draw) {
  problem p;
  for (auto* v : {&p.a, &p.b, &p.d})
    for (float& x : *v) x = draw();
  return p;
}

using both_types =
    std::tuple<std::integral_constant<dtype, dtype::bf16>, std::integral_constant<dtype, dtype::f16>>;

}  // namespace

BOOST_AUTO_TEST_SUITE(executor_mma)

BOOST_AUTO_TEST_CASE(ldmatrix_gives_each_lane_the_elements_that_ptx_defines) {
  for (const int count : {2, 4})
    for (const bool transposed : {false, true}) {
      std::vector<std::uint32_t> out(128, 0xeeeeeeeeu);

      const auto failed = run_kernel<load_them>({{}, 32, 512}, matrices{out.data(), transposed, count});

      BOOST_TEST(!failed);
      for (int lane = 0; lane < 32; ++lane)
        for (int m = 0; m < count; ++m) {
          const int major = lane / 4, minor = lane % 4 * 2;
          const std::uint16_t low = transposed ? element(m, minor, major) : element(m, major, minor);
          const std::uint16_t high = transposed ? element(m, minor + 1, major) : element(m, major, minor + 1);
          BOOST_TEST(out[4 * lane + m] == (low | static_cast<std::uint32_t>(high) << 16));
        }
      if (count == 2) BOOST_TEST(out[2] == 0xeeeeeeeeu);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(mma_is_the_product_of_small_integers_exactly, Type, both_types) {
  random_stream stream(7, "mma test");
  for (int round = 0; round < 50; ++round) {
    problem p = drawn([&] { return static_cast<float>(stream.integer(-8, 8)); });
    const std::vector<float> before = p.d;

    const auto failed =
        run_kernel<multiply_them<Type::value>>({{}, 32}, operands{p.a.data(), p.b.data(), p.d.data()});

    BOOST_TEST(!failed);
    for (int i = 0; i < 16; ++i)
      for (int n = 0; n < 8; ++n) {
        double sum = before[8 * i + n];
        for (int k = 0; k < 16; ++k) sum += static_cast<double>(p.a[16 * i + k]) * p.b[8 * k + n];
        BOOST_TEST(p.d[8 * i + n] == sum);
      }
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(mma_sums_as_the_tensor_core_model_does, Type, both_types) {
  constexpr dtype type = Type::value;
  random_stream stream(8, "mma sum test");
  for (const float size : {1.0f, 0x1p-18f}) {  // the smaller one makes all f16 elements of a subnormal
    problem p = drawn([&] { return static_cast<float>(round_to(type, stream.normal())); });
    for (float& x : p.a) x = static_cast<float>(round_to(type, size * x));
    for (float& x : p.d) x *= 1.1f * size;
    const std::vector<float> before = p.d;

    const auto failed =
        run_kernel<multiply_them<type>>({{}, 32}, operands{p.a.data(), p.b.data(), p.d.data()});

    BOOST_TEST(!failed);
    constexpr simt::sum_rule rule = simt::rule_for(dtype::f32, 16, 25);
    constexpr simt::least_exponents least = simt::least_of(type, type, dtype::f32);
    for (int i = 0; i < 16; ++i)
      for (int n = 0; n < 8; ++n)
        BOOST_TEST(p.d[8 * i + n] ==
                   simt::truncated_sum(rule, least, &p.a[16 * i], &p.b[n], 8, 16, before[8 * i + n]));
  }
}

BOOST_AUTO_TEST_CASE(an_mma_that_half_a_warp_reaches_is_reported) {
  std::vector<float> sink(32);

  const auto failed = run_kernel<half_a_warp_multiplies>({{}, 32}, lost_fragment{sink.data()});

  BOOST_TEST(mentions(failed, "threads 0-15 wait in mma.m16n8k16.bf16 with mask 0xffffffff"));
}

BOOST_AUTO_TEST_CASE(an_ldmatrix_row_outside_shared_memory_is_reported) {
  std::uint32_t r[4];

  const auto failed = run_kernel<row_outside>({{}, 32, 511}, matrices{r, false, 4});

  BOOST_REQUIRE(failed);
  BOOST_TEST(failed->kind == "stray read");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace plumbline
