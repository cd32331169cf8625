// The generated tests of a public thread about the K-cache quantizer (sglang's slow writer), with the answers
// that its policy gives.
//
// There a new version is compared with the old one on whatever random tensor comes; nothing says what is
// right. Here each of those calls is a recipe, seed and shape, and an answer: bytes by hand for constant
// tensors, the argument that is refused, and for random ones the hash of the cache, on which the reference, a
// second encoder that shares no code with it, and both kernels agree.
#include "tests/quantize_kernels.hpp"

#include "kernels/core/variants_of.hpp"
#include "reference/core/sha256.hpp"
#include "tests/quantize_reference_scalar.hpp"

using namespace plumbline;
using namespace plumbline::quantize;
using namespace plumbline::quantize::by_hand;

namespace {

// num_blocks, block_size, h_k, d of the tensor; dv and tile of the call.
struct thread_test {
  const char* name;
  std::int64_t blocks, block_size, heads, d, dv, tile;
  const char* type;
  const char* fill;    // "normal", or a number
  const char* answer;  // first half of the SHA-256 of the cache; or the argument that is refused
};

constexpr thread_test tests[] = {
    {"basic_shape_and_dtype_cpu", 1, 1, 1, 192, 128, 64, "f32", "normal", "1a201a9e8583c310a72ac9d4226c3999"},
    {"basic_values_no_rope", 2, 3, 1, 128, 128, 64, "f32", "1", "540ca33a6a2529f5c833680762f3bb0c"},
    {"edge_minimum_sizes", 1, 1, 1, 128, 128, 128, "f32", "0", "5589808c072bc75f1bb6754d0f047243"},
    {"edge_tile_size_not_divisor", 1, 1, 1, 128, 128, 60, "f32", "normal", "tile"},
    {"edge_h_k_not_one", 1, 1, 2, 128, 128, 64, "f32", "normal", "hk"},
    {"edge_device_cuda", 2, 2, 1, 128, 128, 64, "f32", "normal", "145c25f0483d743956d072327e63d3e0"},
    {"large_scale_512_blocks_32_seq", 512, 32, 1, 300, 256, 64, "f32", "normal",
     "8afcfcd9078b427c555fccd5ff6b5e2f"},
    {"large_scale_max_size_under_100mb", 64, 64, 1, 64, 64, 32, "f32", "normal",
     "e96dbab63bc90ea4461db51afc23ec48"},
    {"large_scale_randomized", 128, 8, 1, 256, 256, 64, "f32", "normal", "ca7eae343319f43b7e6f559fafe032be"},
    {"large_scale_rope_part_consistency", 16, 16, 1, 300, 256, 64, "f32", "normal",
     "72bfa7251e76e4f4a04d081f6d8a1d20"},
    {"basic_shape_and_dtype", 2, 3, 1, 520, 512, 128, "bf16", "normal", "9e63ae6adad503c05445fc6cd965e334"},
    {"basic_content_rope_copy", 1, 2, 1, 520, 512, 128, "bf16", "normal", "1bbfd215fe3021b11ad14ece34f87731"},
    {"basic_scale_factor_shape_and_type", 1, 1, 1, 512, 512, 128, "bf16", "normal",
     "43c5f7a5f8f7e22804c69800fd8ed023"},
    {"edge_zero_input", 1, 1, 1, 512, 512, 128, "bf16", "0", "5361147bea7b0b15bffc16f660af5cd2"},
    {"edge_negative_input", 1, 1, 1, 128, 128, 128, "bf16", "-1", "d15d2e51bf26224c642a87b3763ea106"},
    {"edge_single_tile", 2, 2, 1, 128, 128, 128, "bf16", "normal", "e43e465b7b5ea457dfadc01b9419c68c"},
    {"edge_minimal_block", 1, 1, 1, 128, 128, 128, "bf16", "normal", "ffff79650c3ff9f77d49dc2202beb676"},
    {"edge_invalid_h_k", 1, 1, 2, 128, 128, 128, "bf16", "normal", "hk"},
    {"edge_invalid_tile_size", 1, 1, 1, 130, 128, 7, "bf16", "normal", "tile"},
    {"edge_d_less_than_dv", 1, 1, 1, 100, 100, 100, "bf16", "normal", "04473c73d378ceaf13550b2f658711df"},
    {"large_scale_max_size", 8, 16, 1, 512, 512, 128, "bf16", "normal", "a62ace86e7fc1c6223b7412155acc25b"},
    {"large_scale_many_blocks", 32, 16, 1, 256, 256, 128, "bf16", "normal",
     "0624b82e351170bf18ca3dc0b787bb67"},
    {"large_scale_dv_not_512", 4, 4, 1, 256, 256, 64, "bf16", "normal", "1ced17ec875eea2af6ebd44d2ee06d75"},
    {"large_scale_varied_dtype_f16", 2, 2, 1, 128, 128, 64, "f16", "normal",
     "57632ad8da01e2195efc84ca2ca0769f"},
    {"large_scale_varied_dtype_f32", 2, 2, 1, 128, 128, 64, "f32", "normal",
     "ca0b85e95a7094f03ed7ffc0f540400f"},
    {"large_scale_rope_part_content", 2, 2, 1, 256, 128, 64, "f32", "normal",
     "fe8b656b465379e16bc90151d4fbe131"}};

store_problem problem_of(const thread_test& t) {
  store_problem p;
  p.rule = *policy_named("sglang_slow");
  p.type = *dtype_from(t.type);
  p.dv = t.dv, p.tile = t.tile, p.d = t.d, p.hk = t.heads;
  p.tokens = t.blocks * t.block_size, p.page_size = t.block_size, p.num_pages = t.blocks;
  return p;
}

tensor_set inputs_of(const thread_test& t, const store_problem& p) {
  tensor_set inputs = make_cache(p);
  tensor k = matrix(p.type, p.tokens, p.d);
  random_stream draw(3, t.name);
  const bool normal = std::string_view(t.fill) == "normal";
  for (std::int64_t i = 0; i < k.size(); ++i) k.set_value(i, normal ? draw.normal() : std::atof(t.fill));
  inputs.set("k", std::move(k));
  return inputs;
}

// Rows as the second encoder has them.
std::vector<std::byte> second_opinion(const store_problem& p, const tensor& k) {
  std::vector<std::byte> cache;
  for (std::int64_t token = 0; token < p.tokens; ++token) {
    std::vector<std::uint8_t> codes;
    std::vector<float> scales;
    for (std::int64_t first = 0; first < p.dv; first += p.tile) {
      std::vector<double> x;
      for (std::int64_t i = first; i < first + p.tile; ++i) x.push_back(k.value(token * p.d + i));
      const scalar::encoded one = scalar::encode(p.rule, p.type, x);
      codes.insert(codes.end(), one.codes.begin(), one.codes.end());
      scales.push_back(one.scale);
    }
    const auto put = [&](const void* from, std::size_t bytes) {
      const auto* const at = static_cast<const std::byte*>(from);
      cache.insert(cache.end(), at, at + bytes);
    };
    put(codes.data(), codes.size());
    put(scales.data(), 4 * scales.size());
    const auto width = static_cast<std::int64_t>(size_of(p.type));
    put(k.data() + (token * p.d + p.dv) * width, static_cast<std::size_t>((p.d - p.dv) * width));
  }
  return cache;
}

std::string hash_of(const tensor& cache) {
  return sha256().update("cache").update(cache).hex().substr(0, 32);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(quantize_thread)

BOOST_AUTO_TEST_CASE(every_generated_test_has_the_answer_that_the_policy_gives) {
  for (const thread_test& t : tests) BOOST_TEST_CONTEXT(t.name) {
      const store_problem p = problem_of(t);
      const std::string_view answer = t.answer;
      if (answer == "tile" || answer == "hk") {
        BOOST_CHECK_EXCEPTION(check(p), bad_argument,
                              [&](const bad_argument& e) { return e.argument() == answer; });
        continue;
      }
      tensor_set inputs = inputs_of(t, p);
      const tensor_set truth = outputs_of(p, inputs, store(p, inputs));

      BOOST_TEST(hash_of(truth.at("cache")) == answer);
      const std::vector<std::byte> second = second_opinion(p, inputs.at("k"));
      BOOST_TEST_REQUIRE(second.size() == truth.at("cache").extent_bytes());
      BOOST_TEST((std::memcmp(second.data(), truth.at("cache").data(), second.size()) == 0));
      if (where == side::checked && p.tokens > 1000) continue;  // watched access by access, minutes
      for (const auto& row : variants_of<store_problem>(where))
        if (row.domain(p).empty()) {
          const tensor_set found = run_row(row, p, inputs, poisoned(make_outputs(p, inputs)));
          BOOST_TEST(same_elements(truth.at("cache"), found.at("cache")), row.name);
        }
    }
}

BOOST_AUTO_TEST_CASE(constant_tensors_have_bytes_by_hand) {
  for (const thread_test& t : tests) {
    if (std::string_view(t.fill) == "normal") continue;
    const store_problem p = problem_of(t);
    tensor_set inputs = inputs_of(t, p);
    // amax / 448 in the tensor's type; ones get the largest code, zeros 0 / 0.
    const double x = std::atof(t.fill), scale = round_to(p.type, static_cast<float>(std::fabs(x) / 448));
    const float quotient = static_cast<float>(x / scale);
    const int expected = x == 0 ? 0x7f : (quotient > 0 ? 0x00 : 0x80) | 0x7e;

    const tensor_set truth = outputs_of(p, inputs, store(p, inputs));

    const auto view = slot_of(p, p.tokens - 1, truth.at("cache").data());
    for (std::int64_t i = 0; i < p.dv; ++i)
      BOOST_TEST((view.codes[i] & (x == 0 ? 0x7f : 0xff)) == expected, t.name);
    for (std::int64_t tile = 0; tile < tiles(p); ++tile)
      BOOST_TEST(scale_at(p, view.scales, tile) == scale, t.name);
  }
}

BOOST_AUTO_TEST_SUITE_END()
