// Cases in upstream's terms: each becomes a call of ours, a wrong number of theirs fails, nothing is passed
// over.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstring>

#include "tests/harness/mla_upstream_case.hpp"
#include "tests/harness/operation_named.hpp"

using namespace plumbline;
using namespace plumbline::mla;

namespace {

// Sets what both kinds of result say: rounded, and in double.
void expect(recorded_case& c, const std::string& name, dtype type, std::vector<std::int64_t> shape,
            const std::vector<double>& values) {
  c.tensors.set("expected_" + name, filled(type, shape, values));
  c.tensors.set("expected_" + name + "_float64", filled(dtype::f64, shape, values));
}

// Two queries of zeros on a page that is not the first: query 0 sees keys 1 and 2, query 1 also key 4.
recorded_case dense() {
  recorded_case c =
      named("flash_mla_dense_decode", {{"head_dim_v", "8"}, {"softmax_scale", "0.25"}, {"causal", "1"}});
  c.tensors.set("q", tensor(dtype::bf16, {1, 2, 1, 16}));
  tensor cache = filled(dtype::bf16, {2, 4, 1, 16}, {NAN});
  const double keys[] = {1, 2, 4};
  for (int j = 0; j < 3; ++j)
    for (int i = 0; i < 16; ++i) cache.set_value(64 + j * 16 + i, keys[j]);
  c.tensors.set("k_cache", cache);
  c.tensors.set("block_table", filled(dtype::i32, {1, 2}, {1, 2147480000}));
  c.tensors.set("cache_seqlens", filled(dtype::i32, {1}, {3}));
  std::vector<double> out;
  for (int i = 0; i < 16; ++i) out.push_back(i < 8 ? 1.5 : 7.0 / 3);
  expect(c, "out", dtype::bf16, {1, 2, 1, 8}, out);
  expect(c, "lse", dtype::f32, {1, 1, 2}, {std::log(2.0), std::log(3.0)});
  return c;
}

// One query of zeros, a sink at 0, and two rows of 656 bytes: of codes 1 and 3 under scale 2.
recorded_case listed() {
  recorded_case c = named("flash_mla_sparse_decode", {{"head_dim_v", "512"},
                                                      {"softmax_scale", "0.0625"},
                                                      {"kv_cache_format", "V3.2, 656-byte rows"},
                                                      {"page_block_size", "4"},
                                                      {"num_blocks", "1"}});
  c.tensors.set("q", tensor(dtype::bf16, {1, 1, 1, 576}));
  tensor cache(dtype::u8, {1, 4, 656});
  std::memset(cache.data(), 0x7f, 4 * 656);
  for (int row : {1, 3}) {
    const float scale[4] = {2, 2, 2, 2};
    std::memset(cache.data() + row * 656, static_cast<int>(encode(dtype::e4m3, row)), 512);
    std::memcpy(cache.data() + row * 656 + 512, scale, 16);
    std::memset(cache.data() + row * 656 + 528, 0, 128);
  }
  c.tensors.set("k_cache", cache);
  c.tensors.set("indices", filled(dtype::i32, {1, 1, 3}, {3, -1, 1}));
  c.tensors.set("attn_sink", filled(dtype::f32, {1}, {0}));
  expect(c, "out", dtype::bf16, {1, 1, 1, 512}, {(2 + 6) / 3.0});
  expect(c, "lse", dtype::f32, {1, 1, 1}, {std::log(2.0)});
  return c;
}

// Two queries of zeros over three rows: 1 and 2, one of them twice; then nothing.
recorded_case prefill() {
  recorded_case c = named("flash_mla_sparse_prefill", {{"head_dim_v", "8"}, {"softmax_scale", "0.5"}});
  c.tensors.set("q", tensor(dtype::bf16, {2, 1, 16}));
  tensor kv(dtype::bf16, {3, 1, 16});
  for (std::int64_t i = 0; i < 48; ++i) kv.set_value(i, static_cast<double>(i / 16));
  c.tensors.set("kv", kv);
  c.tensors.set("indices", filled(dtype::i32, {2, 1, 4}, {1, 2, 1, 7, -5, 3, 114514, -1}));
  std::vector<double> out(16, 0.0);
  std::fill_n(out.begin(), 8, 4 / 3.0);
  expect(c, "out", dtype::bf16, {2, 1, 8}, out);
  expect(c, "lse", dtype::f32, {2, 1}, {std::log(3.0), INFINITY});
  expect(c, "max_logits", dtype::f32, {2, 1}, {0, -INFINITY});
  return c;
}

recorded_case places() {
  recorded_case c = named("logical_to_physical_indices", {{"page_block_size", "4"}, {"invalid_index", "-1"}});
  c.tensors.set("indices", filled(dtype::i32, {2, 1, 3}, {0, 5, -1, 3, 4, 7}));
  c.tensors.set("block_table", filled(dtype::i32, {2, 2}, {3, 2, 0, 9}));
  c.tensors.set("expected_indices", filled(dtype::i32, {2, 1, 3}, {12, 9, -1, 3, 36, 39}));
  return c;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mla_upstream)

BOOST_AUTO_TEST_CASE(what_upstream_returned_passes) {
  for (const recorded_case& c : {dense(), listed(), prefill(), places()}) require_pass(c);
}

BOOST_AUTO_TEST_CASE(a_result_that_is_off_by_a_unit_fails_whatever_it_was_computed_in) {
  for (const recorded_case& c : {dense(), listed(), prefill()})
    for (const auto& [name, share] : {std::pair{"expected_out", 0x1p-6},
                                      {"expected_out_float64", 1e-12},
                                      {"expected_lse", 1e-4},
                                      {"expected_lse_float64", 1e-12}}) {
      recorded_case wrong = c;
      tensor& t = wrong.tensors.at(name);
      t.set_value(0, t.value(0) * (1 + share));
      const external_judgement one = judged(wrong);
      BOOST_TEST((one.result == outcome::fail), c.function << ", " << name);
      BOOST_TEST(!one.message.empty());
    }
}

BOOST_AUTO_TEST_CASE(a_row_that_sees_nothing_is_held_too) {
  for (const char* name : {"expected_out", "expected_lse", "expected_max_logits", "expected_out_float64",
                           "expected_lse_float64", "expected_max_logits_float64"}) {
    recorded_case wrong = prefill();
    tensor& t = wrong.tensors.at(name);
    t.set_value(t.size() - 1, 1);
    BOOST_TEST((judged(wrong).result == outcome::fail), name);
  }
}

BOOST_AUTO_TEST_CASE(a_place_that_is_another_fails) {
  for (std::int64_t i = 0; i < 6; ++i) {
    recorded_case wrong = places();
    tensor& t = wrong.tensors.at("expected_indices");
    t.set_value(i, t.value(i) + 1);
    BOOST_TEST((judged(wrong).result == outcome::fail));
  }
}

BOOST_AUTO_TEST_CASE(a_tensor_that_nothing_takes_and_a_form_that_nobody_knows_fail_by_name) {
  recorded_case stray = dense(), rank = dense(), format = listed(), short_of = prefill();
  stray.tensors.set("expected_surprise", tensor(dtype::f32, {1}));
  rank.tensors.set("q", tensor(dtype::bf16, {2, 16}));
  format.options["kv_cache_format"] = "nobody's";
  short_of.tensors.erase("kv");

  for (const auto& [c, word] :
       {std::pair{stray, "expected_surprise"}, {rank, "q"}, {format, "kv_cache_format"}, {short_of, "kv"}}) {
    const external_judgement one = judged(c);
    BOOST_TEST((one.result == outcome::fail));
    BOOST_TEST(one.kind == "unreadable");
    BOOST_TEST((one.message.find(word) != std::string::npos), one.message);
  }
}

BOOST_AUTO_TEST_CASE(each_function_runs_its_own_calls) {
  std::string why_not;
  const auto host = make_executor("host", why_not);
  const struct {
    const char* function;
    recorded_case c;
    bool runs;
  } all[] = {{"decode", dense(), true},
             {"decode_indices", listed(), true},
             {"prefill_indices", prefill(), true},
             {"decode_indices", places(), false}};
  for (const auto& [function, c, runs] : all) {
    const operation& one = operation_named("mla." + std::string(function));
    case_spec spec;
    spec.op = "mla", spec.function = function;
    const case_result ran = one.examine_recorded(c, spec, *host, {});
    BOOST_TEST(one.claims_group(c.function), c.function);
    BOOST_TEST((ran.result == (runs ? outcome::pass : outcome::skipped)), c.function << ": " << ran.message);
  }
  BOOST_TEST(!operation_named("mla.decode").claims_group("flash_mla_sparse_decode"));
}

BOOST_AUTO_TEST_SUITE_END()
