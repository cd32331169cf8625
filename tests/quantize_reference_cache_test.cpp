// Caches of scaled codes: where every byte lies, what a store leaves alone, and what a reader makes of it.
#include <boost/test/unit_test.hpp>

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "reference/core/keyed_text.hpp"
#include "reference/quantize.hpp"
#include "tests/quantize_reference_data.hpp"
#include "tests/quantize_reference_scalar.hpp"

using namespace plumbline;
using namespace plumbline::quantize;
using namespace plumbline::quantize::by_hand;

namespace {

using numbers = std::vector<double>;

store_problem store_from(const char* text) { return parse_store(keyed_text(text)); }
dequantize_problem read_from(const char* text) { return parse_dequantize(keyed_text(text)); }

tensor integers(const numbers& values) {
  tensor t(dtype::i32, {static_cast<std::int64_t>(values.size())});
  for (std::size_t i = 0; i < values.size(); ++i) t.set_value(static_cast<std::int64_t>(i), values[i]);
  return t;
}

// Inputs of zeros around a cache whose every byte is `before`.
tensor_set inputs_of(const store_problem& p, std::uint8_t before = 0) {
  tensor_set inputs = make_cache(p);
  for (auto& one : inputs) one.value.poison(before);
  if (p.separate) {
    inputs.set("k_nope", matrix(p.type, p.tokens, p.dv, p.gap));
    inputs.set("k_rope", matrix(p.type, p.tokens, p.d - p.dv, p.gap));
  } else {
    inputs.set("k", matrix(p.type, p.tokens, p.d, p.gap));
  }
  return inputs;
}

void set(tensor& t, std::int64_t row, std::int64_t column, double x) {
  t.set_value(row * t.strides()[0] + column, x);
}

const std::uint8_t* bytes_of(const tensor& t) { return reinterpret_cast<const std::uint8_t*>(t.data()); }

float float_at(const std::uint8_t* bytes) {
  float x = 0;
  std::memcpy(&x, bytes, 4);
  return x;
}

// Reserved addresses of which only the touched pages exist.
class reserved {
 public:
  explicit reserved(std::size_t bytes)
      : bytes_(bytes),
        base_(mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
    BOOST_TEST_REQUIRE(base_ != MAP_FAILED);
  }
  ~reserved() { munmap(base_, bytes_); }
  reserved(const reserved&) = delete;
  reserved& operator=(const reserved&) = delete;
  std::byte* data() const { return static_cast<std::byte*>(base_); }
  void open(std::int64_t from, std::int64_t to) const {
    constexpr std::int64_t page = 4096;
    const std::int64_t first = from / page * page;
    BOOST_TEST_REQUIRE(
        mprotect(data() + first, static_cast<std::size_t>(to - first), PROT_READ | PROT_WRITE) == 0);
  }

 private:
  std::size_t bytes_;
  void* base_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(quantize_cache)

BOOST_AUTO_TEST_CASE(a_row_of_656_bytes_is_codes_scales_and_rope) {
  const cache_shape rows = store_from("page_size=3,num_pages=2,page_gap=656");

  BOOST_TEST(slot_bytes(rows) == 656);
  BOOST_TEST(page_stride(rows) == 4 * 656);
  BOOST_TEST(place_of(rows, 1).codes == 656);
  BOOST_TEST(place_of(rows, 1).scales == 656 + 512);
  BOOST_TEST(place_of(rows, 1).rope == 656 + 528);
  BOOST_TEST(place_of(rows, 4).codes == 5 * 656);
}

BOOST_AUTO_TEST_CASE(a_page_of_584_byte_slots_has_its_scales_behind_all_codes) {
  const cache_shape pages =
      store_from("policy=sglang_dsv4,layout=pages,dv=448,page_size=64,num_pages=2,page_gap=64");

  BOOST_TEST(slot_bytes(pages) == 584);
  BOOST_TEST(page_stride(pages) % 576 == 0);
  BOOST_TEST(place_of(pages, 2).codes == 2 * 576);
  BOOST_TEST(place_of(pages, 2).rope == 2 * 576 + 448);
  BOOST_TEST(place_of(pages, 2).scales == 64 * 576 + 2 * 8);
  BOOST_TEST(place_of(pages, 66).scales == 64 * 584 + 64 + 64 * 576 + 2 * 8);
}

BOOST_AUTO_TEST_CASE(an_indexer_page_is_codes_then_one_float_a_token) {
  const cache_shape keys =
      store_from("policy=indexer_vllm,layout=pages,scale_type=f32,dv=128,d=128,page_size=64,num_pages=2");

  BOOST_TEST(page_stride(keys) == 8448);
  BOOST_TEST(place_of(keys, 65).codes == 8448 + 128);
  BOOST_TEST(place_of(keys, 65).scales == 8448 + 64 * 128 + 4);
}

BOOST_AUTO_TEST_CASE(split_parts_are_rows_of_their_own) {
  const cache_shape parts = store_from("layout=split,tokens=3");

  BOOST_TEST(place_of(parts, 2).codes == 2 * 528);
  BOOST_TEST(place_of(parts, 2).scales == 2 * 528 + 512);
  BOOST_TEST(place_of(parts, 2).rope == 2 * 128);
}

BOOST_AUTO_TEST_CASE(every_tile_has_its_own_scale_and_every_code_its_place) {
  store_problem p = store_from("tokens=2,page_size=2,gap=5");
  tensor_set inputs = inputs_of(p, 0xee);
  tensor& k = inputs.at("k");
  const std::array<std::int64_t, 4> largest_at = {0, 255, 320, 511};  // first, last, middle, last of its tile
  for (std::size_t t = 0; t < 4; ++t) set(k, 1, largest_at[t], 448 << t);
  set(k, 1, 1, -1);
  set(k, 1, 2, 1);
  for (int c = 512; c < 576; ++c) k.set_code(k.strides()[0] + c, static_cast<std::uint64_t>(0x7f80 + c));

  const tensor cache = outputs_of(p, inputs, store(p, inputs)).at("cache");

  const std::uint8_t* row = bytes_of(cache) + 656;
  for (std::size_t t = 0; t < 4; ++t) {
    BOOST_TEST(float_at(row + 512 + 4 * t) == static_cast<float>(1 << t));
    BOOST_TEST(row[largest_at[t]] == 0x7e);
  }
  BOOST_TEST((row[1] == 0xb8 && row[2] == 0x38 && row[3] == 0x00));
  BOOST_TEST(std::memcmp(row + 528, k.data() + 2 * (k.strides()[0] + 512), 128) == 0);
  BOOST_TEST(std::count(bytes_of(cache), bytes_of(cache) + 528, 0) == 528);
}

BOOST_AUTO_TEST_CASE(equal_maxima_in_neighbouring_tiles_do_not_mix) {
  store_problem p = store_from("policy=sglang_fast");
  tensor_set inputs = inputs_of(p);
  for (int c = 0; c < 512; ++c) set(inputs.at("k"), 0, c, c % 2 == 0 ? 7 : c / 128 == 2 ? -14 : -7);

  const store_truth truth = store(p, inputs);

  BOOST_TEST((truth.scales == std::vector<float>{7.0f / 448, 7.0f / 448, 14.0f / 448, 7.0f / 448}));
  for (std::size_t c = 0; c < 512; ++c)
    BOOST_TEST(truth.codes[c] == (c % 2 == 1 ? 0xfe : c / 128 == 2 ? 0x76 : 0x7e));
}

BOOST_AUTO_TEST_CASE(tokens_go_to_their_slots_and_other_bytes_stay) {
  store_problem p = store_from(
      "policy=flashmla_2026,layout=pages,tile=64,dv=448,tokens=3,page_size=2,num_pages=2,page_gap=8,has_"
      "slots=1");
  tensor_set inputs = inputs_of(p, 0xa7);
  inputs.set("slots", integers({3, -1, 0}));
  set(inputs.at("k"), 0, 70, 448);
  set(inputs.at("k"), 2, 0, 448 * 4);

  const tensor_set after = outputs_of(p, inputs, store(p, inputs));

  const std::uint8_t* cache = bytes_of(after.at("cache"));
  const std::int64_t page = page_stride(p);
  const auto scales = [&](std::int64_t slot) { return cache + place_of(p, slot).scales; };
  BOOST_TEST((scales(3)[0] == 114 && scales(3)[1] == 127 && scales(0)[0] == 129));
  BOOST_TEST(cache[page + 576 + 70] == 0x7e);
  BOOST_TEST((scales(3)[7] == 0xa7 && scales(0)[7] == 0xa7));
  for (const std::int64_t slot : {1, 2}) {
    BOOST_TEST(std::count(cache + place_of(p, slot).codes, cache + place_of(p, slot).codes + 576, 0xa7) ==
               576);
    BOOST_TEST(std::count(scales(slot), scales(slot) + 8, 0xa7) == 8);
  }
  BOOST_TEST(!after.at("cache").first_stray_byte("cache").has_value());
}

BOOST_AUTO_TEST_CASE(parts_and_whole_rows_hold_the_same_bytes) {
  const store_problem whole = store_from("policy=sglang_fast,tokens=5,page_size=5"),
                      parts = store_from("policy=sglang_fast,tokens=5,layout=split,separate=1,gap=3");
  random_stream draw(3, "parts");
  tensor_set one = inputs_of(whole), two = inputs_of(parts);
  for (int token = 0; token < 5; ++token)
    for (int c = 0; c < 576; ++c) {
      const double x = draw.normal();
      set(one.at("k"), token, c, x);
      c < 512 ? set(two.at("k_nope"), token, c, x) : set(two.at("k_rope"), token, c - 512, x);
    }

  const tensor cache = outputs_of(whole, one, store(whole, one)).at("cache");
  const tensor_set split = outputs_of(parts, two, store(parts, two));

  for (int token = 0; token < 5; ++token) {
    BOOST_TEST(std::memcmp(cache.data() + 656 * token, split.at("nope_part").data() + 528 * token, 528) == 0);
    BOOST_TEST(
        std::memcmp(cache.data() + 656 * token + 528, split.at("rope_part").data() + 128 * token, 128) == 0);
  }
}

BOOST_AUTO_TEST_CASE(a_latent_without_rotary_dims_is_legal) {
  const store_problem p =
      store_from("policy=sglang_slow,dtype=f32,tokens=6,dv=128,tile=64,d=128,page_size=3");
  tensor_set inputs = inputs_of(p);
  for (int i = 0; i < 6 * 128; ++i) inputs.at("k").set_value(i, -1);

  const tensor cache = outputs_of(p, inputs, store(p, inputs)).at("cache");

  BOOST_TEST(slot_bytes(p) == 136);
  for (int slot = 0; slot < 6; ++slot) {
    BOOST_TEST(std::count(bytes_of(cache) + 136 * slot, bytes_of(cache) + 136 * slot + 128, 0xfe) == 128);
    BOOST_TEST(float_at(bytes_of(cache) + 136 * slot + 132) == 1.0f / 448);
  }
}

BOOST_AUTO_TEST_CASE(no_tokens_write_nothing) {
  const store_problem p = store_from("tokens=0,num_pages=1");
  const tensor_set inputs = inputs_of(p, 0x5b);

  const tensor_set after = outputs_of(p, inputs, store(p, inputs));

  BOOST_TEST(same_elements(after.at("cache"), inputs.at("cache")));
}

BOOST_AUTO_TEST_CASE(every_policy_fills_rows_as_a_second_encoder_does) {
  random_stream draw(4, "rows");
  for (const policy& rule : policies) {
    if (rule.code != dtype::e4m3) continue;
    store_problem p = store_from("tokens=14,page_size=14,gap=1,dv=256,tile=64,d=264");
    p.rule = rule;
    tensor_set inputs = inputs_of(p);
    std::vector<numbers> groups;
    for (int g = 0; g < 14 * 4; ++g) {
      groups.push_back(group_of_kind(g % kinds, p.type, 64, draw));
      for (int i = 0; i < 64; ++i)
        set(inputs.at("k"), g / 4, g % 4 * 64 + i, groups.back()[static_cast<std::size_t>(i)]);
    }

    const tensor cache = outputs_of(p, inputs, store(p, inputs)).at("cache");

    int differ = 0;
    for (int g = 0; g < 14 * 4; ++g) {
      const scalar::encoded other = scalar::encode(rule, p.type, groups[static_cast<std::size_t>(g)]);
      const std::uint8_t* row = bytes_of(cache) + g / 4 * (256 + 16 + 16);
      const float scale = float_at(row + 256 + g % 4 * 4);
      differ += !(scale == other.scale || (std::isnan(scale) && std::isnan(other.scale)));
      for (int i = 0; i < 64; ++i) {
        const std::uint8_t mine = row[g % 4 * 64 + i], theirs = other.codes[static_cast<std::size_t>(i)];
        differ += mine != theirs && !((mine & 0x7f) == 0x7f && (theirs & 0x7f) == 0x7f);
      }
    }
    BOOST_TEST(differ == 0, rule.name);
  }
}

BOOST_AUTO_TEST_CASE(what_is_read_back_is_within_half_a_step) {
  const store_problem p = store_from("tokens=20,page_size=20");
  tensor_set inputs = inputs_of(p);
  random_stream draw(5, "read back");
  for (int i = 0; i < 20 * 576; ++i) inputs.at("k").set_value(i, draw.normal() * (1 + i % 7));
  const store_truth truth = store(p, inputs);
  dequantize_problem q = read_from("tokens=20,page_size=20,out_type=f32");

  const numbers back = dequantize(q, outputs_of(p, inputs, truth)).values();

  const numbers x = inputs.at("k").values();
  for (int token = 0; token < 20; ++token)
    for (int c = 0; c < 576; ++c) {
      const auto at = static_cast<std::size_t>(token * 576 + c);
      const double step = c < 512 ? truth.scales[static_cast<std::size_t>(token * 4 + c / 128)] * 0x1p-10 : 0;
      const double bound = c < 512 ? std::max(std::fabs(x[at]) * 0x1p-4, step) * (1 + 0x1p-20) : 0;
      BOOST_TEST(std::fabs(back[at] - x[at]) <= bound);
    }
}

BOOST_AUTO_TEST_CASE(readers_take_any_scale_and_round_twice) {
  const dequantize_problem q = read_from("tokens=1,page_size=1");
  tensor_set inputs = make_cache(q);
  std::uint8_t* row = reinterpret_cast<std::uint8_t*>(inputs.at("cache").data());
  const double tie = 1.0625 + 0x1p-8, s = std::ceil(tie * 8 / 9 * 0x1p24) / 0x1p24;
  const float scales[] = {static_cast<float>(s), 0, std::numeric_limits<float>::infinity(), 0x1p-140f};
  std::memcpy(row + 512, scales, 16);
  row[0] = 0x39;    // 1.125
  row[128] = 0xfe;  // under scale 0
  row[129] = 0x7f;
  row[256] = 0x00;  // under infinity
  row[257] = 0x81;
  row[384] = 0x7e;
  row[528] = 0xc1, row[529] = 0x7f;  // a NaN with a payload

  const tensor out = dequantize(q, inputs);

  BOOST_TEST(out.value(0) == 1.0625);
  BOOST_TEST(dequantize(read_from("tokens=1,page_size=1,out_type=f32"), inputs).value(0) == tie);
  BOOST_TEST(out.code(128) == 0x8000u);
  BOOST_TEST((std::isnan(out.value(129)) && std::isnan(out.value(256))));
  BOOST_TEST(out.value(257) == -infinity);
  BOOST_TEST(out.value(384) == 0x1p-131);  // 3.5 steps of bf16: a tie, to even
  BOOST_TEST(out.code(512) == 0x7fc1u);
}

BOOST_AUTO_TEST_CASE(rows_are_gathered_by_index_and_extra_rows_are_zero) {
  const dequantize_problem q = read_from(
      "layout=pages,dv=448,tile=64,tokens=4,page_size=2,num_pages=2,page_gap=16,has_indices=1,extra=2,gap=3");
  tensor_set inputs = make_cache(q);
  std::byte* cache = inputs.at("cache").data();
  for (int slot = 0; slot < 4; ++slot) {
    cache[place_of(q, slot).codes + 447] = std::byte{0x38};
    cache[place_of(q, slot).scales + 6] = static_cast<std::byte>(127 + slot);
  }
  inputs.set("indices", integers({3, 0, 3, 2}));

  const tensor out = dequantize(q, inputs);

  const numbers all = out.values();
  for (std::size_t row = 0; row < 6; ++row)
    BOOST_TEST(all[row * 512 + 447] == (numbers{8, 1, 8, 4, 0, 0})[row]);
  BOOST_TEST(!out.first_stray_byte("out").has_value());
}

BOOST_AUTO_TEST_CASE(rows_may_become_codes_again) {
  const dequantize_problem q = read_from("tokens=1,page_size=1,out_type=e4m3");
  tensor_set inputs = make_cache(q);
  std::uint8_t* row = reinterpret_cast<std::uint8_t*>(inputs.at("cache").data());
  const float scales[] = {3, 1, 1, 1};
  std::memcpy(row + 512, scales, 16);
  row[0] = 0x38, row[1] = 0x7e, row[2] = 0xff;
  row[528] = 0x80, row[529] = 0x3f;

  const tensor out = dequantize(q, inputs);

  BOOST_TEST(out.value(0) == 3);
  BOOST_TEST(out.value(1) == 448);
  BOOST_TEST(std::isnan(out.value(2)));
  BOOST_TEST(out.code(512) == 0x38u);
}

BOOST_AUTO_TEST_CASE(offsets_past_two_to_the_31_bytes_reach_their_own_rows) {
  cache_shape p = store_from("num_pages=60000");
  const std::int64_t slot = 3400000, at = slot * 656;
  const reserved memory(static_cast<std::size_t>(slots(p) * 656));
  memory.open(at, at + 656);
  std::vector<std::uint8_t> codes(512, 0x38);
  const float scales[] = {1, 2, 4, 8};
  std::vector<std::byte> rope(128, std::byte{0x40}), back(2 * 576);

  write_slot(p, slot, codes.data(), scales, rope.data(), memory.data());
  read_slot(p, p.type, slot_of(p, slot, memory.data()), back.data());

  BOOST_TEST(at > std::int64_t{1} << 31);
  BOOST_TEST(place_of(p, slot).rope == at + 528);
  std::vector<std::uint16_t> values(576);
  std::memcpy(values.data(), back.data(), back.size());
  BOOST_TEST((values[0] == 0x3f80 && values[511] == 0x4100 && values[512] == 0x4040));
}

BOOST_AUTO_TEST_SUITE_END()
