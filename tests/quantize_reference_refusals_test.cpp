// Problems of quantize as text, and every bad argument refused by its name.
#include <boost/test/unit_test.hpp>

#include <functional>
#include <string>
#include <vector>

#include "reference/core/keyed_text.hpp"
#include "reference/core/tensor.hpp"
#include "reference/quantize_problem.hpp"

using namespace plumbline;
using namespace plumbline::quantize;

namespace {

tensor integers(const std::vector<double>& values) {
  tensor t(dtype::i32, {static_cast<std::int64_t>(values.size())});
  for (std::size_t i = 0; i < values.size(); ++i) t.set_value(static_cast<std::int64_t>(i), values[i]);
  return t;
}

// The argument that a call complains about, or "".
std::string refused(const std::function<void()>& call) {
  try {
    call();
  } catch (const bad_argument& e) {
    const std::string message = e.what();
    BOOST_TEST((message.find("expected") != std::string::npos && message.find('\n') == std::string::npos),
               message);
    return e.argument();
  }
  return "";
}

template <class Problem>
struct call {
  Problem p;
  tensor_set inputs;
};
template <class Problem>
struct bad_edit {
  const char* what;
  const char* argument;
  std::function<void(call<Problem>&)> edit;
};

template <class Problem>
void every_edit_is_refused(const call<Problem>& good, const std::vector<bad_edit<Problem>>& edits) {
  BOOST_TEST(refused([&] { check(good.p, good.inputs); }) == "");
  for (const bad_edit<Problem>& e : edits) {
    call<Problem> bad = good;
    e.edit(bad);
    const std::string argument = refused([&] { check(bad.p, bad.inputs); });
    BOOST_TEST(argument == e.argument, e.what << ": refused \"" << argument << "\"");
  }
}

call<store_problem> good_store() {
  call<store_problem> c;
  c.p = parse_store(keyed_text("tokens=3,page_size=2,num_pages=3,page_gap=656,has_slots=1,gap=4"));
  c.inputs = make_cache(c.p);
  c.inputs.set("k", matrix(c.p.type, 3, 576, 4));
  c.inputs.set("slots", integers({5, -1, 0}));
  return c;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(quantize_refusals)

BOOST_AUTO_TEST_CASE(problems_read_back_from_their_own_line) {
  const auto same = [](const auto& parse, const char* line) {
    const auto p = parse(keyed_text(line));
    BOOST_TEST(to_text(p) == line);
    BOOST_TEST((parse(keyed_text(to_text(p))) == p));
  };
  for (const char* line :
       {"", "policy=sglang_slow,tokens=6,dtype=f32,dv=256,tile=64,d=300,page_size=2,page_gap=8,gap=3",
        "policy=sglang_dsv4,tokens=70,layout=pages,dv=448", "tokens=5,layout=split,separate=1",
        "policy=indexer_vllm,tokens=9,layout=pages,scale_type=f32,dv=128,d=128,num_pages=7,has_slots=1"})
    same(parse_store, line);
  for (const char* line : {"", "tokens=9,has_indices=1,extra=3,out_type=e4m3,gap=2",
                           "tokens=9,dtype=f16,layout=pages,dv=448,tile=64,page_size=2,num_pages=9"})
    same(parse_dequantize, line);
  for (const char* line : {"", "policy=token_int8,dtype=f16,rows=7,k=100,gap=1",
                           "policy=deep_gemm_ue8m0,rows=130,k=200,group_rows=128,layout=packed",
                           "policy=vllm_per_token,rows=2,scale_ub=1.5", "has_static=1"})
    same(parse_groups, line);
  for (const char* line : {"", "code=i8,m=5,n=300,block=64,out_type=f32"}) same(parse_weight_dequant, line);
  for (const char* line : {"", "code=i8,m=4,n=96,k=192,block_n=64,block_k=64,out_type=f16"})
    same(parse_block_gemm, line);
  for (const char* line :
       {"", "dtype=bf16,stored=e4m3,tokens=4,rows=9,nope_width=512,rope_width=64,world=4,rank=3"})
    same(parse_scatter, line);
}

BOOST_AUTO_TEST_CASE(defaults_follow_the_policy_and_the_layout) {
  const store_problem p = parse_store(keyed_text("policy=sglang_dsv4,layout=pages,dv=448,tokens=65"));

  BOOST_TEST(p.tile == 64);
  BOOST_TEST(p.d == 512);
  BOOST_TEST(p.num_pages == 2);
  BOOST_TEST((p.scale_type == dtype::e8m0));
  BOOST_TEST(parse_groups(keyed_text("policy=token_int8,k=100")).group == 100);
}

BOOST_AUTO_TEST_CASE(text_is_refused_by_key) {
  const auto refusal = [](const char* line) { return refused([&] { parse_store(keyed_text(line)); }); };

  BOOST_TEST(refusal("policy=nobody") == "policy");
  BOOST_TEST(refusal("layout=columns") == "layout");
  BOOST_TEST(refusal("tokens=-1") == "tokens");
  BOOST_TEST(refusal("dtype=f64") == "dtype");
  BOOST_TEST(refusal("page=3") == "page");
  BOOST_TEST(refusal("tile=60,hk=2") == "tile");
  BOOST_TEST(refusal("hk=2") == "hk");
  BOOST_TEST(refusal("dv=128,tile=64,d=129") == "d");
  BOOST_TEST(refusal("d=500") == "d");
}

BOOST_AUTO_TEST_CASE(store_refuses_by_name) {
  using c = call<store_problem>;
  every_edit_is_refused<store_problem>(
      good_store(),
      {{"dv not a multiple of the tile", "tile", [](c& a) { a.p.tile = 60; }},
       {"two heads", "hk", [](c& a) { a.p.hk = 2; }},
       {"d below dv", "d", [](c& a) { a.p.d = 448; }},
       {"a row of 650 bytes", "d", [](c& a) { a.p.d = 573; }},
       {"scales across words", "dv", [](c& a) { a.p.dv = a.p.tile = 510; }},
       {"e4m3 input", "dtype", [](c& a) { a.p.type = dtype::e4m3; }},
       {"bytes for scales in rows", "scale_type", [](c& a) { a.p.scale_type = dtype::e8m0; }},
       {"bytes for scales that are no powers", "policy",
        [](c& a) {
          a.p.layout = cache_layout::pages;
          a.p.scale_type = dtype::e8m0;
        }},
       {"int8 codes", "policy", [](c& a) { a.p.rule = *policy_named("group_int8"); }},
       {"page of nothing", "page_size", [](c& a) { a.p.page_size = 0; }},
       {"split with pages", "page_size", [](c& a) { a.p.layout = cache_layout::split; }},
       {"split with slots", "slots",
        [](c& a) { a.p.layout = cache_layout::split, a.p.page_size = 1, a.p.page_gap = 0; }},
       {"a page that starts across words", "page_gap", [](c& a) { a.p.page_gap = 2; }},
       {"more tokens than slots", "tokens", [](c& a) { a.p.has_slots = false, a.p.num_pages = 1; }},
       {"k of another dtype", "k", [](c& a) { a.inputs.set("k", matrix(dtype::f16, 3, 576)); }},
       {"k of another width", "k", [](c& a) { a.inputs.set("k", matrix(dtype::bf16, 3, 512)); }},
       {"no k", "k", [](c& a) { a.inputs.erase("k"); }},
       {"parts beside k", "k_nope", [](c& a) { a.inputs.set("k_nope", matrix(dtype::bf16, 3, 512)); }},
       {"separate without parts", "k_nope", [](c& a) { a.p.separate = true; }},
       {"k by columns", "k",
        [](c& a) {
          a.inputs.set("k", tensor(dtype::bf16, {3, 576}, {1, 3}));
        }},
       {"no cache", "cache", [](c& a) { a.inputs.erase("cache"); }},
       {"cache of fewer pages", "cache", [](c& a) { a.p.num_pages = 4; }},
       {"cache of another stride", "cache", [](c& a) { a.p.page_gap = 0; }},
       {"no slots", "slots", [](c& a) { a.inputs.erase("slots"); }},
       {"slots that nobody asked for", "slots", [](c& a) { a.p.has_slots = false; }},
       {"slot out of range", "slots",
        [](c& a) {
          a.inputs.set("slots", integers({6, -1, 0}));
        }},
       {"slot below -1", "slots",
        [](c& a) {
          a.inputs.set("slots", integers({5, -2, 0}));
        }},
       {"a slot twice", "slots", [](c& a) {
          a.inputs.set("slots", integers({5, -1, 5}));
        }}});
}

BOOST_AUTO_TEST_CASE(dequantize_refuses_by_name) {
  using c = call<dequantize_problem>;
  c good;
  good.p = parse_dequantize(keyed_text("tokens=5,page_size=2,num_pages=2,has_indices=1"));
  good.inputs = make_cache(good.p);
  good.inputs.set("indices", integers({3, 3, 0, 1, 2}));
  every_edit_is_refused<dequantize_problem>(
      good, {{"an index out of range", "indices", [](c& a) { a.inputs.at("indices").set_value(0, 4); }},
             {"no index", "indices", [](c& a) { a.inputs.at("indices").set_value(0, -1); }},
             {"more rows than slots", "tokens", [](c& a) { a.p.has_indices = false; }},
             {"int8 out", "out_type", [](c& a) { a.p.out_type = dtype::i8; }},
             {"no cache", "cache", [](c& a) { a.inputs.erase("cache"); }},
             {"d below dv", "d", [](c& a) { a.p.d = 100; }}});
}

BOOST_AUTO_TEST_CASE(groups_refuse_by_name) {
  using c = call<groups_problem>;
  c good;
  good.p = parse_groups(keyed_text("policy=act_quant,rows=2,k=256"));
  good.inputs.set("x", matrix(dtype::bf16, 2, 256, 7));
  every_edit_is_refused<groups_problem>(
      good, {{"a short last group", "k", [](c& a) { a.p.k = 130; }},
             {"short rows of a block", "rows", [](c& a) { a.p.group_rows = 128; }},
             {"a ceiling below 0", "scale_ub", [](c& a) { a.p.scale_ub = -1; }},
             {"packed scales that are no powers", "layout", [](c& a) { a.p.layout = scale_layout::packed; }},
             {"x of another dtype", "x", [](c& a) { a.p.type = dtype::f32; }},
             {"x of another shape", "x", [](c& a) { a.p.rows = 3; }},
             {"no static scale", "static_scale", [](c& a) { a.p.has_static = true; }},
             {"a static scale that nobody asked for", "static_scale",
              [](c& a) { a.inputs.set("static_scale", tensor(dtype::f32, {1})); }},
             {"a static scale for a writer that needs amax", "static_scale",
              [](c& a) { a.p.rule = *policy_named("token_int8"), a.p.has_static = true; }}});
}

BOOST_AUTO_TEST_CASE(weights_and_products_refuse_by_name) {
  using w = call<weight_dequant_problem>;
  w weight;
  weight.p = parse_weight_dequant(keyed_text("m=200,n=300"));
  weight.inputs.set("weight", matrix(dtype::e4m3, 200, 300));
  weight.inputs.set("scale", matrix(dtype::f32, 2, 3));
  every_edit_is_refused<weight_dequant_problem>(
      weight,
      {{"a transposed weight", "weight",
        [](w& a) {
          a.inputs.set("weight", tensor(dtype::e4m3, {200, 300}, {1, 200}));
        }},
       {"a weight with padding", "weight",
        [](w& a) { a.inputs.set("weight", matrix(dtype::e4m3, 200, 300, 4)); }},
       {"scales of fewer blocks", "scale", [](w& a) { a.inputs.set("scale", matrix(dtype::f32, 2, 2)); }},
       {"bf16 codes", "code", [](w& a) { a.p.code = dtype::bf16; }},
       {"no block", "block", [](w& a) { a.p.block = 0; }},
       {"e4m3 out", "out_type", [](w& a) { a.p.out_type = dtype::e4m3; }}});
  using g = call<block_gemm_problem>;
  g product;
  product.p = parse_block_gemm(keyed_text("m=5,n=130,k=200"));
  product.inputs.set("a", matrix(dtype::e4m3, 5, 200));
  product.inputs.set("b", matrix(dtype::e4m3, 130, 200));
  product.inputs.set("a_scale", matrix(dtype::f32, 5, 2));
  product.inputs.set("b_scale", matrix(dtype::f32, 2, 2));
  every_edit_is_refused<block_gemm_problem>(
      product, {{"another k", "a", [](g& a) { a.p.k = 201; }},
                {"b of another code", "b", [](g& a) { a.inputs.set("b", matrix(dtype::i8, 130, 200)); }},
                {"scales of fewer k blocks", "a_scale",
                 [](g& a) { a.inputs.set("a_scale", matrix(dtype::f32, 5, 1)); }},
                {"scales of fewer n blocks", "b_scale",
                 [](g& a) { a.inputs.set("b_scale", matrix(dtype::f32, 1, 2)); }},
                {"a by columns", "a",
                 [](g& a) {
                   a.inputs.set("a", tensor(dtype::e4m3, {5, 200}, {1, 5}));
                 }},
                {"no k block", "block_k", [](g& a) { a.p.block_k = 0; }}});
}

BOOST_AUTO_TEST_CASE(scatter_refuses_by_name) {
  using c = call<scatter_problem>;
  c good;
  good.p = parse_scatter(keyed_text("tokens=3,rows=2,world=4,rank=1"));
  good.inputs.set("nope", matrix(dtype::u8, 3, 528, 4));
  good.inputs.set("rope", matrix(dtype::u8, 3, 128, 4));
  good.inputs.set("buffer", matrix(dtype::u8, 2, 656));
  good.inputs.set("loc", integers({5, 4, 4}));
  every_edit_is_refused<scatter_problem>(
      good, {{"a place out of range", "loc", [](c& a) { a.inputs.at("loc").set_value(0, 8); }},
             {"no place", "loc", [](c& a) { a.inputs.at("loc").set_value(0, -1); }},
             {"a place twice", "loc", [](c& a) { a.inputs.at("loc").set_value(1, 5); }},
             {"a rank beyond the world", "rank", [](c& a) { a.p.rank = 4; }},
             {"a cast of bytes", "stored", [](c& a) { a.p.stored = dtype::e4m3; }},
             {"rope of another width", "rope", [](c& a) { a.p.rope_width = 64; }},
             {"a buffer of fewer rows", "buffer", [](c& a) { a.p.rows = 3; }}});
}

BOOST_AUTO_TEST_SUITE_END()
