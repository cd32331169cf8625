// Problems of mla survive the way through text, and text that is no problem is refused.
#include <boost/test/unit_test.hpp>

#include "reference/core/keyed_text.hpp"
#include "reference/core/random.hpp"
#include "reference/core/tensor.hpp"
#include "reference/mla_problem.hpp"

using namespace plumbline;
using namespace plumbline::mla;
using lengths = std::vector<std::int64_t>;

namespace {

constexpr int problems = 3000;

lengths drawn_lengths(random_stream& r, std::int64_t n, std::int64_t low, std::int64_t high) {
  lengths list;
  const bool alike = r.chance(0.3);
  for (std::int64_t i = 0; i < n; ++i) list.push_back(alike && i > 0 ? list[0] : r.integer(low, high));
  return list;
}

decode_problem draw_decode(random_stream& r) {
  decode_problem p;
  p.type = r.chance(0.5) ? dtype::bf16 : dtype::f16;
  p.b = r.integer(0, 4);
  p.sq = r.integer(0, 5);
  p.hk = r.integer(1, 3);
  p.hq = p.hk * r.integer(1, 4);
  p.d = r.integer(1, 600);
  p.dv = r.integer(1, p.d);
  p.page_size = r.integer(1, 64);
  p.max_pages = r.integer(0, 9);
  p.num_pages = r.chance(0.5) ? r.integer(0, 99) : p.b * p.max_pages;
  p.gap = r.integer(0, 2);
  p.page_gap = r.integer(0, 2);
  p.cache_seqlens = drawn_lengths(r, p.b, 0, p.max_pages * p.page_size);
  if (r.chance(0.2)) p.cache_seqlens.assign(static_cast<std::size_t>(p.b), p.max_pages * p.page_size);
  p.softmax_scale = r.chance(0.5) ? 0 : r.uniform();
  p.causal = r.chance(0.5);
  p.num_sm_parts = r.integer(0, 140);
  return p;
}

prefill_problem draw_prefill(random_stream& r) {
  prefill_problem p;
  p.type = r.chance(0.5) ? dtype::bf16 : dtype::f16;
  p.b = r.integer(0, 4);
  p.sq = r.integer(0, 300);
  p.hk = r.integer(1, 3);
  p.hq = p.hk * r.integer(1, 4);
  p.d = r.integer(1, 600);
  p.dv = r.integer(1, 600);
  p.capacity = r.integer(0, 9);
  p.gap = r.integer(0, 2);
  p.cache_seqlens = drawn_lengths(r, p.b, 0, p.capacity);
  p.softmax_scale = r.chance(0.5) ? 0 : r.uniform();
  p.causal = r.chance(0.5);
  return p;
}

decode_indices_problem draw_decode_indices(random_stream& r) {
  decode_indices_problem p;
  p.b = r.integer(0, 4);
  p.sq = r.integer(0, 5);
  p.hq = r.integer(1, 9);
  p.d = r.integer(1, 600);
  p.format = static_cast<kv_format>(r.integer(0, 2));
  if (p.format != kv_format::plain) {
    p.qk_rope_head_dim = r.integer(0, 70);
    p.d = p.qk_rope_head_dim + 128 * r.integer(1, 4);
  }
  p.dv = r.integer(1, p.d);
  p.page_size = r.integer(1, 64);
  p.num_pages = r.integer(0, 9);
  p.gap = r.integer(0, 2);
  p.page_gap = r.integer(0, 2);
  p.topk = r.integer(0, 128);
  if (r.chance(0.5)) p.topk_length = drawn_lengths(r, p.b, 0, p.topk);
  p.extra_page_size = r.chance(0.5) ? p.page_size : r.integer(1, 64);
  if (r.chance(0.5)) {
    p.extra_topk = r.integer(1, 128);
    p.extra_num_pages = r.integer(0, 9);
    if (r.chance(0.5)) p.extra_topk_length = drawn_lengths(r, p.b, 0, p.extra_topk);
  }
  p.has_sink = r.chance(0.5);
  p.softmax_scale = r.chance(0.5) ? 0 : r.uniform();
  p.num_sm_parts = r.integer(0, 140);
  p.invalid_percent = r.integer(0, 100);
  p.duplicate_percent = r.integer(0, 100);
  return p;
}

prefill_indices_problem draw_prefill_indices(random_stream& r) {
  prefill_indices_problem p;
  p.sq = r.integer(0, 9);
  p.hq = r.integer(1, 9);
  p.skv = r.integer(0, 99);
  p.d = r.integer(1, 600);
  p.dv = r.integer(1, p.d);
  p.gap = r.integer(0, 2);
  p.topk = r.integer(0, 128);
  if (r.chance(0.5)) p.topk_length = drawn_lengths(r, p.sq, 0, p.topk);
  p.has_sink = r.chance(0.5);
  p.softmax_scale = r.chance(0.5) ? 0 : r.uniform();
  p.invalid_percent = r.integer(0, 100);
  p.duplicate_percent = r.integer(0, 100);
  return p;
}

schedule_problem draw_schedule(random_stream& r) {
  schedule_problem p;
  p.b = r.integer(0, 4);
  p.num_sm_parts = r.integer(1, 132);
  p.block_size = r.integer(1, 64);
  p.fixed_overhead = r.integer(0, 5);
  if (r.chance(0.5)) {
    p.cache_seqlens = drawn_lengths(r, p.b, 0, 5000);
    return p;
  }
  p.topk = r.integer(0, 2048);
  if (r.chance(0.5)) p.topk_length = drawn_lengths(r, p.b, 0, p.topk);
  p.extra_topk = r.integer(0, 512);
  if (r.chance(0.5)) p.extra_topk_length = drawn_lengths(r, p.b, 0, p.extra_topk);
  return p;
}

combine_problem draw_combine(random_stream& r) {
  constexpr dtype types[] = {dtype::f32, dtype::f16, dtype::bf16};
  combine_problem p;
  p.b = r.integer(0, 4);
  p.sq = r.integer(0, 3);
  p.hq = r.integer(1, 9);
  p.dv = r.integer(1, 512);
  p.splits = drawn_lengths(r, p.b, 1, r.chance(0.5) ? 160 : 2);
  p.out_type = types[r.integer(0, 2)];
  p.has_sink = r.chance(0.5);
  p.gap = r.integer(0, 2);
  p.empty_percent = r.integer(0, 100);
  return p;
}

template <class Problem>
void reads_back(Problem (*draw)(random_stream&), Problem (*parse)(const keyed_text&)) {
  random_stream random(21, "problems");
  for (int n = 0; n < problems; ++n) {
    const Problem p = draw(random);
    BOOST_TEST_REQUIRE((parse(keyed_text(to_text(p))) == p), to_text(p));
  }
}

template <class Problem>
std::string refused(Problem (*parse)(const keyed_text&), const char* line) {
  try {
    parse(keyed_text(line));
  } catch (const bad_argument& e) {
    return e.argument();
  }
  return "";
}

bool is(std::span<const std::int64_t> found, const lengths& expected) {
  return lengths(found.begin(), found.end()) == expected;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mla_text)

BOOST_AUTO_TEST_CASE(every_problem_reads_back_as_itself) {
  reads_back(draw_prefill, parse_prefill);
  reads_back(draw_decode, parse_decode);
  reads_back(draw_decode_indices, parse_decode_indices);
  reads_back(draw_prefill_indices, parse_prefill_indices);
  reads_back(draw_schedule, parse_schedule);
  reads_back(draw_combine, parse_combine);
}

BOOST_AUTO_TEST_CASE(a_short_line_is_a_whole_problem) {
  const decode_problem p = parse_decode(keyed_text("b=2,hq=128,cache_seqlens=100/4096,causal=1,sq=2"));

  BOOST_TEST(p.d == 576);
  BOOST_TEST(p.dv == 512);
  BOOST_TEST(p.max_pages == 64);
  BOOST_TEST(p.num_pages == 128);
  BOOST_TEST(to_text(p) == "b=2,sq=2,hq=128,cache_seqlens=100/4096,causal=1");
  BOOST_TEST(to_text(parse_decode(keyed_text(""))) == "");
  BOOST_TEST(to_text(parse_combine(keyed_text("b=3,splits=2"))) == "b=3,splits=2");
  BOOST_TEST(to_text(parse_schedule(keyed_text("b=2,cache_seqlens=0/9,num_sm_parts=66"))) ==
             "b=2,num_sm_parts=66,cache_seqlens=0/9");
}

BOOST_AUTO_TEST_CASE(lines_that_are_no_problem_are_refused_by_name) {
  BOOST_TEST(refused(parse_decode, "batch=4") == "batch");
  BOOST_TEST(refused(parse_decode, "dtype=int8") == "dtype");
  BOOST_TEST(refused(parse_decode, "dtype=e4m3") == "dtype");
  BOOST_TEST(refused(parse_decode, "b=1000000000000") == "b");
  BOOST_TEST(refused(parse_decode, "b=2000000000") == "b");
  BOOST_TEST(refused(parse_decode, "hq=3,hk=2") == "hq");
  BOOST_TEST(refused(parse_decode, "page_size=0") == "page_size");
  BOOST_TEST(refused(parse_decode, "cache_seqlens=65,max_pages=1") == "cache_seqlens");
  BOOST_TEST(refused(parse_decode, "b=2,cache_seqlens=1/2/3") == "cache_seqlens");
  BOOST_TEST(refused(parse_decode, "softmax_scale=nan") == "softmax_scale");
  BOOST_TEST(refused(parse_decode, "dv=600") == "dv");
  BOOST_TEST(refused(parse_prefill, "cache_seqlens=3,capacity=2") == "cache_seqlens");
  BOOST_TEST(refused(parse_prefill, "hk=1,hq=0") == "hq");
  BOOST_TEST(refused(parse_decode_indices, "topk_length=65") == "topk_length");
  BOOST_TEST(refused(parse_decode_indices, "kv_format=nvfp4") == "kv_format");
  BOOST_TEST(refused(parse_decode_indices, "kv_format=v32,d=512") == "qk_rope_head_dim");
  BOOST_TEST(refused(parse_decode_indices, "qk_rope_head_dim=64") == "qk_rope_head_dim");
  BOOST_TEST(refused(parse_decode_indices, "b=2,topk_length=6/5/4") == "topk_length");
  BOOST_TEST(refused(parse_prefill_indices, "invalid_percent=101") == "invalid_percent");
  BOOST_TEST(refused(parse_schedule, "cache_seqlens=-1") == "cache_seqlens");
  BOOST_TEST(refused(parse_combine, "splits=0") == "splits");
}

BOOST_AUTO_TEST_CASE(tensors_have_the_layout_of_the_problem) {
  const decode_problem p = parse_decode(
      keyed_text("b=2,sq=3,hq=4,d=8,dv=6,page_size=2,cache_seqlens=3/0,num_pages=5,gap=2,page_gap=1"));
  const tensor_set inputs = empty_inputs(p), outputs = make_outputs(p);

  BOOST_TEST(is(inputs.at("q").shape(), {2, 3, 4, 8}));
  BOOST_TEST(is(inputs.at("q").strides(), {120, 40, 10, 1}));
  BOOST_TEST(is(inputs.at("k_cache").shape(), {5, 2, 1, 8}));
  BOOST_TEST(is(inputs.at("k_cache").strides(), {30, 10, 10, 1}));
  BOOST_TEST(is(inputs.at("block_table").shape(), {2, 2}));
  BOOST_TEST(inputs.at("cache_seqlens").value(0) == 3);
  BOOST_TEST(is(outputs.at("out").strides(), {96, 32, 8, 1}));
  BOOST_TEST(is(outputs.at("lse").shape(), {2, 4, 3}));
  const tensor_set lists = empty_inputs(parse_decode_indices(
      keyed_text("b=2,sq=3,hq=4,d=8,num_pages=5,topk_length=7,extra_topk=9,extra_page_size=2,has_sink=1")));
  BOOST_TEST(is(lists.at("indices").shape(), {2, 3, 64}));
  BOOST_TEST(is(lists.at("extra_indices").shape(), {2, 3, 9}));
  BOOST_TEST(is(lists.at("extra_k_cache").shape(), {5, 2, 1, 8}));
  BOOST_TEST(lists.at("topk_length").value(1) == 7);
  const prefill_indices_problem many = parse_prefill_indices(keyed_text("sq=3,hq=4,d=8,skv=5"));
  BOOST_TEST(is(empty_inputs(many).at("indices").shape(), {3, 1, 64}));
  BOOST_TEST(is(make_outputs(many).at("max_logits").shape(), {3, 4}));
  const combine_problem c = parse_combine(keyed_text("b=2,sq=3,hq=4,dv=5,splits=1/3,has_sink=1"));
  BOOST_TEST(is(empty_inputs(c).at("out_partial").shape(), {4, 3, 4, 5}));
  BOOST_TEST(is(empty_inputs(c).at("num_splits").shape(), {3}));
  BOOST_TEST(empty_inputs(c).at("num_splits").value(2) == 4);
  BOOST_TEST(
      is(make_outputs(parse_schedule(keyed_text("b=2,num_sm_parts=7"))).at("tile_scheduler_metadata").shape(),
         {7, 8}));
}

BOOST_AUTO_TEST_SUITE_END()
