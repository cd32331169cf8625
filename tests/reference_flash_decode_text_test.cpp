// Problems survive the way through text, and text that is no problem is refused.
#include <boost/test/unit_test.hpp>

#include "reference/core/keyed_text.hpp"
#include "reference/core/random.hpp"
#include "reference/core/tensor.hpp"
#include "reference/flash_decode_problem.hpp"

using namespace plumbline;
using namespace plumbline::flash_decode;

namespace {

std::vector<std::int64_t> lengths(random_stream& r, std::int64_t n, std::int64_t low, std::int64_t high) {
  std::vector<std::int64_t> list;
  for (std::int64_t i = 0; i < n; ++i) list.push_back(r.integer(low, high));
  return list;
}

void draw_cache(random_stream& r, cache_shape& p) {
  constexpr dtype types[] = {dtype::bf16, dtype::f16, dtype::e4m3};
  p.type = types[r.integer(0, 2)];
  p.b = r.integer(0, 4);
  p.hk = r.integer(1, 3);
  p.hq = p.hk * r.integer(1, 4);
  p.d = 16 * r.integer(1, 16);
  p.dv = p.d <= 64 ? 16 * r.integer(1, 32) : p.d > 128 && p.d <= 192 && r.chance(0.5) ? 128 : p.d;
  p.has_batch_idx = r.chance(0.5);
  p.batch_cache = p.has_batch_idx ? r.integer(1, 9) : p.b;
  p.capacity = r.integer(0, 200);
  if (r.chance(0.5)) {
    p.page_size = r.integer(1, 64);
    p.max_pages = r.integer(0, 9);
    p.capacity = p.page_size * p.max_pages;
    p.num_pages = r.chance(0.5) ? r.integer(0, 99) : p.batch_cache * p.max_pages;
    p.shared_pages = r.chance(0.5);
  }
  p.gap = r.chance(0.5) ? 8 : 0;
  p.cache_seqlens = lengths(r, p.b, p.capacity / 2, r.chance(0.3) ? p.capacity / 2 : p.capacity);
  if (r.chance(0.2)) p.cache_seqlens.assign(static_cast<std::size_t>(p.b), r.chance(0.5) ? p.capacity : 0);
  if (r.chance(0.3) && (p.cache_seqlens.empty() || p.cache_seqlens[0] > 0))
    p.cache_leftpad = lengths(r, p.b, 0, p.capacity / 2);
  for (std::size_t s = 0; s < p.cache_leftpad.size(); ++s)
    p.cache_leftpad[s] = std::min(p.cache_leftpad[s], p.cache_seqlens[s]);
}

template <class Problem>
void draw_mask(random_stream& r, Problem& p) {
  p.causal = r.chance(0.5);
  p.window_left = r.integer(-1, 5);
  p.window_right = r.integer(-1, 5);
  p.attention_chunk = r.integer(0, 3);
}

attend_problem draw_attend(random_stream& r) {
  attend_problem p;
  draw_cache(r, p);
  p.sq = r.integer(0, 5);
  if (r.chance(0.4)) p.seqlens_q = lengths(r, p.b, 0, p.sq);
  draw_mask(r, p);
  p.softmax_scale = r.chance(0.5) ? 0 : r.uniform();
  p.softcap = r.chance(0.5) ? 0 : r.uniform() * 50;
  p.num_splits = r.integer(0, 256);
  p.has_qv = p.type != dtype::e4m3 && p.d <= 64 && p.dv >= 256 && r.chance(0.5);
  p.has_sink = r.chance(0.3);
  p.out_type = p.type == dtype::e4m3 ? dtype::bf16 : p.type;
  return p;
}

append_problem draw_append(random_stream& r) {
  append_problem p;
  draw_cache(r, p);
  p.sq = r.integer(0, std::min<std::int64_t>(p.capacity, 5));
  p.sn = r.integer(0, 5);
  for (std::int64_t& length : p.cache_seqlens) p.sn = std::min(p.sn, p.capacity - length);
  if (r.chance(0.4)) p.seqlens_q = lengths(r, p.b, 0, p.sq);
  if (r.chance(0.4)) p.seqlens_new = lengths(r, p.b, 0, p.sn);
  draw_mask(r, p);
  if (r.chance(0.6)) {
    p.rotary_dim = 16 * r.integer(1, p.d / 16);
    p.rotary_interleaved = r.chance(0.5);
    p.seqlen_rotary = p.capacity + 5 + r.integer(0, 9);
    if (r.chance(0.5)) p.rotary_seqlens = lengths(r, p.b, 0, p.capacity);
  }
  return p;
}

std::string refused(const char* line) {
  try {
    parse_attend(keyed_text(line));
  } catch (const bad_argument& e) {
    return e.argument();
  }
  return "";
}

constexpr int problems = 5000;

}  // namespace

BOOST_AUTO_TEST_SUITE(flash_decode_text)

BOOST_AUTO_TEST_CASE(every_problem_reads_back_as_itself) {
  random_stream random(11, "problems");
  for (int n = 0; n < problems; ++n) {
    const attend_problem a = draw_attend(random);
    const append_problem b = draw_append(random);
    BOOST_TEST_REQUIRE((parse_attend(keyed_text(to_text(a))) == a), to_text(a));
    BOOST_TEST_REQUIRE((parse_append(keyed_text(to_text(b))) == b), to_text(b));
  }
}

BOOST_AUTO_TEST_CASE(every_combine_problem_reads_back_as_itself) {
  random_stream random(12, "combines");
  constexpr dtype types[] = {dtype::f32, dtype::f16, dtype::bf16};
  for (int n = 0; n < problems; ++n) {
    combine_problem p;
    p.num_splits = random.integer(1, 256);
    p.b = random.integer(0, 3);
    p.sq = random.integer(0, 3);
    p.hq = random.integer(1, 9);
    p.dv = random.integer(1, 512);
    p.out_type = types[random.integer(0, 2)];
    p.gap = random.integer(0, 3);
    p.empty_percent = random.integer(0, 100);
    BOOST_TEST_REQUIRE((parse_combine(keyed_text(to_text(p))) == p), to_text(p));
  }
}

BOOST_AUTO_TEST_CASE(a_short_line_is_a_whole_problem) {
  const attend_problem p = parse_attend(keyed_text("b=4,hq=16,d=128,capacity=16384,dtype=f16,causal=1,sq=4"));

  BOOST_TEST(p.dv == 128);
  BOOST_TEST(p.batch_cache == 4);
  BOOST_TEST((p.out_type == dtype::f16));
  BOOST_TEST((p.cache_seqlens == std::vector<std::int64_t>(4, 16384)));
  BOOST_TEST(to_text(p) == "dtype=f16,b=4,hq=16,d=128,capacity=16384,sq=4,causal=1");
  BOOST_TEST(to_text(attend_problem(parse_attend(keyed_text("")))) == "");
}

BOOST_AUTO_TEST_CASE(one_length_stands_for_all_and_pages_follow_from_the_capacity) {
  const attend_problem p = parse_attend(keyed_text("b=3,capacity=64,page_size=16,cache_seqlens=7"));

  BOOST_TEST((p.cache_seqlens == std::vector<std::int64_t>(3, 7)));
  BOOST_TEST(p.max_pages == 4);
  BOOST_TEST(p.num_pages == 12);
}

BOOST_AUTO_TEST_CASE(lines_that_are_no_problem_are_refused_by_name) {
  BOOST_TEST(refused("batch=4") == "batch");
  BOOST_TEST(refused("dtype=int8") == "dtype");
  BOOST_TEST(refused("dtype=f32") == "dtype");
  BOOST_TEST(refused("b=1000000000000") == "b");
  BOOST_TEST(refused("b=2000000000") == "b");
  BOOST_TEST(refused("hq=3,hk=2") == "hq");
  BOOST_TEST(refused("page_size=-1") == "page_size");
  BOOST_TEST(refused("cache_seqlens=65") == "cache_seqlens");
  BOOST_TEST(refused("b=2,cache_seqlens=1/2/3") == "cache_seqlens");
  BOOST_TEST(refused("page_size=2147483647,max_pages=2147483647") == "capacity");
  BOOST_TEST(refused("softmax_scale=nan") == "softmax_scale");
}

BOOST_AUTO_TEST_CASE(outputs_have_the_layout_of_the_problem) {
  attend_problem p = parse_attend(keyed_text("b=2,sq=3,hq=4,d=8,gap=2"));
  const tensor_set dense = make_outputs(p);
  p.seqlens_q = {1, 3};
  const tensor_set packed = make_outputs(p);
  const tensor_set combined = make_outputs(parse_combine(keyed_text("b=2,sq=3,hq=4,dv=5")));
  const auto is = [](std::span<const std::int64_t> found, std::vector<std::int64_t> expected) {
    return std::vector<std::int64_t>(found.begin(), found.end()) == expected;
  };

  BOOST_TEST(is(dense.at("out").shape(), {2, 3, 4, 8}));
  BOOST_TEST(is(dense.at("out").strides(), {120, 40, 10, 1}));
  BOOST_TEST(is(dense.at("lse").shape(), {2, 4, 3}));
  BOOST_TEST(is(packed.at("out").shape(), {4, 4, 8}));
  BOOST_TEST(is(packed.at("lse").shape(), {4, 4}));
  BOOST_TEST(is(combined.at("lse").shape(), {2, 3, 4}));
  BOOST_TEST(is(combined.at("lse").strides(), {12, 1, 3}));
}

BOOST_AUTO_TEST_SUITE_END()
