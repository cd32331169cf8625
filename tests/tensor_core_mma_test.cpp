// Every mma.sync through a kernel of 32 threads: fragments as PTX lays them out, sums as the generation adds.
#include <bit>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <tuple>
#include <vector>

#include "kernels/core/mma.hpp"
#include "kernels/host/tensor_core_generation.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/core/random.hpp"
#include "tests/harness/executor_launch.hpp"

namespace plumbline {
namespace {

using enum dtype;

/// A 16 x K, B K x 8 and D 16 x 8 as codes in row-major order.
struct code_matrices {
  const std::uint32_t* a;
  const std::uint32_t* b;
  std::uint32_t* d;
};

template <mma_shape Shape>
void multiply_them(const code_matrices p) {
  constexpr int width = static_cast<int>(4 / size_of(Shape.a)), bits = 32 / width;
  const int g = static_cast<int>(threadIdx.x) / 4, t = static_cast<int>(threadIdx.x) % 4;
  std::uint32_t a[4] = {}, b[2] = {};
  for (int r = 0; r < a_registers(Shape); ++r)
    for (int i = 0; i < width; ++i)
      a[r] |= p.a[(g + 8 * (r & 1)) * Shape.k + width * (t + 4 * (r >> 1)) + i] << bits * i;
  for (int r = 0; r < b_registers(Shape); ++r)
    for (int i = 0; i < width; ++i) b[r] |= p.b[(width * (t + 4 * r) + i) * 8 + g] << bits * i;
  const auto at = [&](int i) { return 8 * (g + 8 * (i / 2)) + 2 * t + i % 2; };
  kernels::sum_register<Shape> d[4] = {};
  for (int i = 0; i < 4; ++i)
    if constexpr (Shape.sum == f16)
      d[i / 2] |= p.d[at(i)] << 16 * (i % 2);
    else
      d[i] = std::bit_cast<float>(p.d[at(i)]);

  kernels::mma_sync<Shape>(d, a, b);

  for (int i = 0; i < 4; ++i)
    if constexpr (Shape.sum == f16)
      p.d[at(i)] = d[i / 2] >> 16 * (i % 2) & 0xffffu;
    else
      p.d[at(i)] = std::bit_cast<std::uint32_t>(d[i]);
}

template <mma_shape Shape>
struct shape_type {
  static constexpr mma_shape shape = Shape;
};
using every_shape =
    std::tuple<shape_type<mma_shape{bf16, bf16, f32, 16}>, shape_type<mma_shape{bf16, bf16, f32, 8}>,
               shape_type<mma_shape{f16, f16, f32, 16}>, shape_type<mma_shape{f16, f16, f32, 8}>,
               shape_type<mma_shape{f16, f16, f16, 16}>, shape_type<mma_shape{f16, f16, f16, 8}>,
               shape_type<mma_shape{tf32, tf32, f32, 8}>, shape_type<mma_shape{tf32, tf32, f32, 4}>,
               shape_type<mma_shape{e4m3, e4m3, f32, 32}>, shape_type<mma_shape{e4m3, e5m2, f32, 32}>,
               shape_type<mma_shape{e5m2, e4m3, f32, 32}>, shape_type<mma_shape{e5m2, e5m2, f32, 32}>,
               shape_type<mma_shape{e4m3, e4m3, f16, 32}>, shape_type<mma_shape{e4m3, e5m2, f16, 32}>,
               shape_type<mma_shape{e5m2, e4m3, f16, 32}>, shape_type<mma_shape{e5m2, e5m2, f16, 32}>>;

/// Random operands as codes, and what they are.
template <int K>
struct drawn_operands {
  std::vector<std::uint32_t> a, b, d;
  simt::product_tile<K> numbers;
};

template <mma_shape Shape>
drawn_operands<Shape.k> draw(random_stream& stream) {
  drawn_operands<Shape.k> all;
  const auto fill = [&](dtype type, std::vector<std::uint32_t>& codes, float* numbers, int count) {
    for (int i = 0; i < count; ++i) {
      codes.push_back(type == f32 ? std::bit_cast<std::uint32_t>(static_cast<float>(stream.normal()))
                                  : encode(type, stream.normal()));
      numbers[i] = static_cast<float>(decode(type, codes.back()));
    }
  };
  fill(Shape.a, all.a, all.numbers.a[0], 16 * Shape.k);
  fill(Shape.b, all.b, all.numbers.b[0], 8 * Shape.k);
  fill(Shape.sum, all.d, all.numbers.d[0], 128);
  return all;
}

template <auto Kernel, class Params>
std::optional<fault> run_on(const char* generation, const Params& params) {
  host_executor executor(generation);
  tensor_set none_in, none_out;
  return executor.run([&](const kernel_arguments&,
                          launcher& on) { kernels::launch<Kernel>(on, "test_kernel", {}, 32, 0, params); },
                      none_in, none_out, {});
}

template <mma_shape Shape>
void check_on(simt::generation g) {
  random_stream stream(11, "mma shapes");
  for (int round = 0; round < 10; ++round) {
    drawn_operands<Shape.k> all = draw<Shape>(stream);

    const auto failed = run_on<multiply_them<Shape>>(std::string(name_of(g)).c_str(),
                                                     code_matrices{all.a.data(), all.b.data(), all.d.data()});

    BOOST_TEST(!failed);
    simt::multiply_as<Shape>(g, all.numbers);
    int different = 0;
    for (int i = 0; i < 128; ++i)
      different += decode(Shape.sum, all.d[static_cast<std::size_t>(i)]) != all.numbers.d[i / 8][i % 8];
    BOOST_TEST(different == 0);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tensor_core_mma)

BOOST_AUTO_TEST_CASE_TEMPLATE(fragments_lie_as_ptx_says_and_add_as_hopper_does, Type, every_shape) {
  check_on<Type::shape>(simt::generation::sm_90a);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_executor_of_another_generation_adds_as_that_one, Type, every_shape) {
  check_on<Type::shape>(simt::generation::sm_89);
  if (has(simt::generation::sm_80, Type::shape)) check_on<Type::shape>(simt::generation::sm_80);
}

BOOST_AUTO_TEST_CASE(executors_of_two_generations_do_not_disturb_each_other) {
  constexpr mma_shape shape = {bf16, bf16, f32, 16};
  std::vector<std::uint32_t> a(256, 0), b(128, 0), hopper(128, 0), ampere(128, 0);
  a[0] = 0x3f80, b[0] = 0x3f80;                                  // 1
  for (int k = 1; k < 5; ++k) a[k] = 0x3300, b[8 * k] = 0x3f80;  // 2^-25, four times

  for (int round = 0; round < 2; ++round) {
    hopper.assign(128, 0), ampere.assign(128, 0);
    const auto one = run_on<multiply_them<shape>>("sm_90a", code_matrices{a.data(), b.data(), hopper.data()});
    const auto other =
        run_on<multiply_them<shape>>("sm_80", code_matrices{a.data(), b.data(), ampere.data()});

    BOOST_TEST((!one && !other));
    BOOST_TEST(hopper[0] == 0x3f800001u);
    BOOST_TEST(ampere[0] == 0x3f800000u);
  }
}

BOOST_AUTO_TEST_CASE(an_instruction_that_the_generation_lacks_is_named) {
  std::vector<std::uint32_t> a(512), b(256), d(128);

  const auto failed = run_on<multiply_them<mma_shape{e4m3, e5m2, f32, 32}>>(
      "sm_80", code_matrices{a.data(), b.data(), d.data()});

  BOOST_REQUIRE(failed);
  BOOST_TEST(failed->kind == "unsupported instruction");
  BOOST_TEST(mentions(failed, "mma.m16n8k32.e4m3.e5m2 does not exist on sm_80"));
  BOOST_TEST(mentions(failed, "tests/tensor_core_mma_test.cpp:"));
}

BOOST_AUTO_TEST_CASE(an_executor_of_an_unknown_generation_is_refused) {
  BOOST_CHECK_THROW(host_executor("sm_70"), bad_argument);
}

// 0x3f801fff is 1 with every one of the thirteen low bits set: to a tensor core it is 1.
BOOST_AUTO_TEST_CASE(tf32_operands_lose_their_low_bits) {
  std::vector<std::uint32_t> a(128, 0), b(64, 0), d(128, 0);
  a[0] = 0x3f801fff, b[0] = 0x3f801fff;

  const auto failed = run_on<multiply_them<mma_shape{tf32, tf32, f32, 8}>>(
      "sm_90a", code_matrices{a.data(), b.data(), d.data()});

  BOOST_TEST(!failed);
  BOOST_TEST(d[0] == 0x3f800000u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace plumbline
