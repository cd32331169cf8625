#include <boost/test/unit_test.hpp>

#include <cmath>

#include "properties/external_case.hpp"
#include "properties/flash_decode/recorded.hpp"
#include "properties/operation.hpp"
#include "reference/core/keyed_text.hpp"
#include "tests/harness/operation_named.hpp"

using namespace plumbline;

namespace {

std::unique_ptr<executor> host() {
  std::string why_not;
  auto one = make_executor("host", why_not);
  BOOST_REQUIRE_MESSAGE(one, why_not);
  return one;
}

// One query, two keys with equal scores: out is the mean of V, lse is ln 2.
recorded_case by_hand() {
  recorded_case c;
  c.function = "attend";
  c.name = "two_equal_keys";
  tensor q(dtype::bf16, {1, 1, 1, 8}), k(dtype::bf16, {1, 2, 1, 8}), v(dtype::bf16, {1, 2, 1, 8});
  for (int i = 0; i < 8; ++i) {
    q.set_value(i, 1);
    v.set_value(i, 1);
    v.set_value(8 + i, 3);
  }
  tensor out(dtype::f64, {1, 1, 1, 8}), lse(dtype::f64, {1, 1, 1});
  for (int i = 0; i < 8; ++i) out.set_value(i, 2);
  lse.set_value(0, 0.693147180559945309);
  c.tensors.set("q", q);
  c.tensors.set("k_cache", k);
  c.tensors.set("v_cache", v);
  c.tensors.set("expected_out", out);
  c.tensors.set("expected_lse", lse);
  return c;
}

void fill(tensor& t, double x) {
  for (std::int64_t i = 0; i < t.size(); ++i) t.set_value(i, x);
}

case_spec attend_spec(const char* text) { return case_spec::parse(text); }

case_spec spec_without_problem() {
  case_spec spec;
  spec.op = "flash_decode";
  spec.function = "attend";
  return spec;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(recorded_cases)

BOOST_AUTO_TEST_CASE(somebodys_truth_that_is_right_passes_and_one_that_is_off_fails) {
  const operation& attend = operation_named("flash_decode.attend");
  recorded_case off = by_hand();
  off.tensors.at("expected_out").set_value(3, 2 + 1e-11);
  recorded_case wrong_lse = by_hand();
  wrong_lse.tensors.at("expected_lse").set_value(0, 0.6931471806);
  recorded_case infinite = by_hand();
  infinite.tensors.at("expected_lse").set_value(0, INFINITY);

  const auto right = attend.judge(by_hand(), "");

  BOOST_TEST((right.result == outcome::pass), right.message);
  BOOST_TEST(right.kind == "expected");
  BOOST_TEST(right.group == "attend/two_equal_keys");
  BOOST_TEST((attend.judge(off, "").result == outcome::fail));
  BOOST_TEST(attend.judge(off, "").used > 1);
  BOOST_TEST((attend.judge(wrong_lse, "").result == outcome::fail));
  BOOST_TEST((attend.judge(infinite, "").result == outcome::fail));
}

BOOST_AUTO_TEST_CASE(an_unknown_option_or_tensor_fails_by_name) {
  const operation& attend = operation_named("flash_decode.attend");
  recorded_case option = by_hand();
  option.options["alibi_slopes"] = "1";
  recorded_case extra = by_hand();
  extra.tensors.set("alibi", tensor(dtype::f32, {1}));
  recorded_case note = by_hand();
  note.options["note"] = "hello";
  note.options["source_commit"] = "abc";

  BOOST_TEST((attend.judge(option, "").result == outcome::fail));
  BOOST_TEST(attend.judge(option, "").message.find("alibi_slopes") != std::string::npos);
  BOOST_TEST(attend.judge(extra, "").message.find("alibi") != std::string::npos);
  BOOST_TEST((attend.judge(note, "").result == outcome::pass));
}

BOOST_AUTO_TEST_CASE(an_option_that_contradicts_the_tensors_never_passes) {
  recorded_case c = by_hand();
  c.options["num_heads_k"] = "2";

  const auto j = operation_named("flash_decode.attend").judge(c, "");

  BOOST_TEST((j.result != outcome::pass));
  BOOST_TEST(j.message.find("num_heads_k") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_case_of_the_wrong_shape_fails_by_name) {
  const operation& attend = operation_named("flash_decode.attend");
  recorded_case wide = by_hand();
  wide.tensors.set("expected_out", tensor(dtype::f64, {1, 1, 1, 16}));
  recorded_case flat = by_hand();
  flat.tensors.set("k_cache", tensor(dtype::bf16, {2, 8}));
  recorded_case without = by_hand();
  without.tensors.erase("v_cache");
  recorded_case beyond = by_hand();
  beyond.tensors.set("cache_seqlens", tensor(dtype::i32, {1}));
  beyond.tensors.at("cache_seqlens").set_value(0, 3);

  for (const auto& [c, name] : {std::pair{wide, "expected_out"}, std::pair{flat, "k_cache"},
                                std::pair{without, "v_cache"}, std::pair{beyond, "cache_seqlens"}}) {
    const auto j = attend.judge(c, "");
    BOOST_TEST(j.kind == "unreadable");
    BOOST_TEST((j.result == outcome::fail));
    BOOST_TEST(j.message.find(name) != std::string::npos, j.message);
  }
}

BOOST_AUTO_TEST_CASE(a_truth_that_is_nowhere_a_number_is_mistrusted) {
  const operation& attend = operation_named("flash_decode.attend");
  recorded_case c = by_hand();
  fill(c.tensors.at("v_cache"), NAN);
  c.tensors.erase("expected_lse");
  fill(c.tensors.at("expected_out"), NAN);
  recorded_case outputs = c;
  outputs.tensors.erase("expected_out");
  outputs.tensors.set("out", tensor(dtype::bf16, {1, 1, 1, 8}));
  fill(outputs.tensors.at("out"), NAN);

  for (const auto& j : {attend.judge(c, ""), attend.judge(outputs, "bf16/tc25")}) {
    BOOST_TEST((j.result == outcome::mistrusted), j.message);
    BOOST_TEST(j.message.find("no finite value to judge") == 0u, j.message);
  }
}

BOOST_AUTO_TEST_CASE(a_key_whose_score_is_minus_infinity_takes_no_budget_away) {
  const operation& attend = operation_named("flash_decode.attend");
  recorded_case right = by_hand();
  right.tensors.at("q").set_value(0, -1);
  right.tensors.at("k_cache").set_value(8, INFINITY);  // only the other key counts, and its values are ones
  right.tensors.erase("expected_out"), right.tensors.erase("expected_lse");
  right.tensors.set("out", tensor(dtype::bf16, {1, 1, 1, 8}));
  for (int i = 0; i < 8; ++i) right.tensors.at("out").set_value(i, 1);
  recorded_case wrong = right;
  wrong.tensors.at("out").set_value(0, 1.0078125);

  BOOST_TEST((attend.judge(right, "bf16/tc25").result != outcome::fail));
  BOOST_TEST((attend.judge(wrong, "bf16/tc25").result == outcome::fail));
}

BOOST_AUTO_TEST_CASE(where_no_budget_follows_from_an_input_it_is_named) {
  verdict v;
  finding one;
  one.test = "E", one.output = "out", one.used = std::nan("");
  v.findings.push_back(one);
  v.result = outcome::fail;
  tensor_set inputs;
  inputs.set("q", tensor(dtype::bf16, {2}));
  BOOST_TEST((mistrusted_without_budget(v, inputs).result == outcome::fail));  // nobody to blame
  inputs.at("q").set_value(1, INFINITY);

  const verdict named = mistrusted_without_budget(v, inputs);
  BOOST_TEST((named.result == outcome::mistrusted));
  BOOST_TEST(named.message == "no budget follows from an input that is not finite: q holds inf (element 1)");
  one.used = 2;
  v.findings.push_back(one);
  BOOST_TEST(
      (mistrusted_without_budget(v, inputs).result == outcome::fail));  // another test fails with a number
}

BOOST_AUTO_TEST_CASE(a_saved_case_is_judged_with_its_notes_and_without_outputs_is_to_be_replayed) {
  const operation& attend = operation_named("flash_decode.attend");
  recorded_case c = by_hand();
  for (const char* note : {"found_as", "law", "message", "row", "case"}) c.options[note] = "plumbline1:x";
  recorded_case bare = c;
  bare.tensors.erase("expected_out"), bare.tensors.erase("expected_lse");

  BOOST_TEST((attend.judge(c, "").result == outcome::pass), attend.judge(c, "").message);
  BOOST_TEST(attend.judge(bare, "").kind == "unsupported");
  BOOST_TEST(attend.judge(bare, "").message == "holds no outputs: replay it");
}

BOOST_AUTO_TEST_CASE(the_sentence_is_that_of_the_test_that_gives_the_number) {
  recorded_case c;
  c.function = "attend", c.name = "x";
  verdict v;
  v.result = outcome::fail, v.message = "first";
  for (const auto& [used, message] : {std::pair{2.0, "first"}, std::pair{9.0, "second"}}) {
    finding f;
    f.used = used, f.message = message;
    v.findings.push_back(f);
  }

  BOOST_TEST(as_outputs(c, v).used == 9);
  BOOST_TEST(as_outputs(c, v).message == "second");
}

BOOST_AUTO_TEST_CASE(outputs_need_a_contract_and_are_judged_by_it) {
  const operation& attend = operation_named("flash_decode.attend");
  recorded_case c = by_hand();
  c.tensors.erase("expected_out");
  c.tensors.erase("expected_lse");
  tensor out(dtype::bf16, {1, 1, 1, 8}), lse(dtype::f32, {1, 1, 1});
  for (int i = 0; i < 8; ++i) out.set_value(i, 2);
  lse.set_value(0, 0.6931472);
  c.tensors.set("out", out);
  c.tensors.set("softmax_lse", lse);
  recorded_case wrong = c;
  wrong.tensors.at("out").set_value(5, 2.015625);
  recorded_case spelled = c;
  spelled.options["contract_acc_qk"] = "f32";
  spelled.options["contract_p_type"] = "f32";

  BOOST_TEST((attend.judge(c, "").result == outcome::fail));
  BOOST_TEST(attend.judge(c, "").message.find("contract") != std::string::npos);
  BOOST_TEST((attend.judge(c, "bf16/tc25").result == outcome::pass), attend.judge(c, "bf16/tc25").message);
  BOOST_TEST(attend.judge(c, "bf16/tc25").kind == "outputs");
  BOOST_TEST((attend.judge(wrong, "bf16/tc25").result == outcome::fail));
  BOOST_TEST((attend.judge(spelled, "").result == outcome::pass), attend.judge(spelled, "").message);
  BOOST_TEST((attend.judge(c, "no such contract").result == outcome::fail));
  BOOST_TEST((attend.judge(c, "f16/tc25").result == outcome::fail));
}

BOOST_AUTO_TEST_CASE(a_contract_that_is_spelled_out_is_read_field_by_field) {
  const operation& attend = operation_named("flash_decode.attend");
  const auto judged = [&](const std::string& field, const std::string& value) {
    recorded_case c = by_hand();
    tensor out(dtype::bf16, {1, 1, 1, 8});
    for (int i = 0; i < 8; ++i) out.set_value(i, 2);
    c.tensors.set("out", out);
    c.options["contract_" + field] = value;
    return attend.judge(c, "").message;
  };

  BOOST_TEST(judged("acc_qk", "f32") == "");
  for (const char* field : {"acc_qk", "p_type", "p_scale", "p_shift", "l_from_rounded", "e_exp", "lse_base2"})
    BOOST_TEST(judged(field, "2x").find(std::string("contract_") + field + ": expected") == 0u);
  BOOST_TEST(judged("acc_kq", "f32") == "contract_acc_kq: no contract has such a field");
}

BOOST_AUTO_TEST_CASE(a_contract_of_another_function_is_refused) {
  recorded_case c = by_hand();
  tensor out(dtype::bf16, {1, 1, 1, 8});
  for (int i = 0; i < 8; ++i) out.set_value(i, 2);
  c.tensors.set("out", out);

  const auto j = operation_named("flash_decode.attend").judge(c, "f32/combine");

  BOOST_TEST((j.result == outcome::fail));
  BOOST_TEST(j.message.find("contract: expected one of bf16/f32") == 0u, j.message);
}

BOOST_AUTO_TEST_CASE(lengths_are_whole_numbers) {
  recorded_case c = by_hand();
  tensor lengths(dtype::f32, {1});
  lengths.set_value(0, 1.5);
  c.tensors.set("cache_seqlens", lengths);

  const auto j = operation_named("flash_decode.attend").judge(c, "");

  BOOST_TEST(j.message == "cache_seqlens: expected whole numbers (i32), got f32");
}

BOOST_AUTO_TEST_CASE(every_output_that_is_there_is_judged) {
  const operation& attend = operation_named("flash_decode.attend");
  recorded_case right = by_hand();
  right.options["contract"] = "bf16/f32";
  const auto lse = [](double x) {
    tensor t(dtype::f32, {1, 1, 1});
    t.set_value(0, x);
    return t;
  };
  const auto with = [&](const char* name, double x) {
    recorded_case c = right;
    c.tensors.set(name, lse(x));
    return attend.judge(c, "");
  };
  recorded_case alone = right;
  alone.tensors.erase("expected_out");
  alone.tensors.erase("expected_lse");
  recorded_case two = by_hand();
  two.tensors.set("expected_softmax_lse", lse(5));
  recorded_case both = right;
  both.tensors.set("lse", lse(0.6931472));
  both.tensors.set("softmax_lse", lse(5));
  recorded_case cache = right;
  cache.tensors.set("out_k_cache", tensor(dtype::bf16, {1, 2, 1, 8}));

  BOOST_TEST((with("lse", 0.6931472).result == outcome::pass), with("lse", 0.6931472).message);
  BOOST_TEST((with("lse", 1).result == outcome::fail));
  BOOST_TEST((with("softmax_lse", 1).result == outcome::fail));
  alone.tensors.set("lse", lse(0.6931472));
  BOOST_TEST((attend.judge(alone, "").result == outcome::pass), attend.judge(alone, "").message);
  BOOST_TEST(attend.judge(alone, "").kind == "outputs");
  alone.tensors.set("lse", lse(1));
  BOOST_TEST((attend.judge(alone, "").result == outcome::fail));
  BOOST_TEST((attend.judge(two, "").result == outcome::fail));
  BOOST_TEST((attend.judge(both, "").result == outcome::fail));
  BOOST_TEST((attend.judge(cache, "").result == outcome::fail));
  BOOST_TEST(attend.judge(cache, "").message.find("out_k_cache") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(options_are_read_as_strictly_as_in_a_line_of_text) {
  const operation& attend = operation_named("flash_decode.attend");
  recorded_case flag = by_hand();
  flag.options["causal"] = "2";
  recorded_case scale = by_hand();
  scale.options["softmax_scale"] = "1/2";

  BOOST_TEST(attend.judge(flag, "").message == "causal: expected 0 or 1, got 2");
  BOOST_TEST(attend.judge(scale, "").message.rfind("softmax_scale: expected a number", 0) == 0u);
}

BOOST_AUTO_TEST_CASE(a_row_that_sees_no_key_is_said_to_have_to_be_zero) {
  recorded_case c = by_hand();
  for (const char* name : {"expected_out", "expected_lse"}) c.tensors.erase(name);
  c.options["contract"] = "bf16/f32";
  c.tensors.set("cache_seqlens", tensor(dtype::i32, {1}));
  tensor out(dtype::bf16, {1, 1, 1, 8});
  out.set_value(2, 2);
  c.tensors.set("out", out);

  const auto j = operation_named("flash_decode.attend").judge(c, "");

  BOOST_TEST((j.result == outcome::fail));
  BOOST_TEST(std::isinf(j.used));
  BOOST_TEST(j.message == "sequence 0, query 0, head 0, column 2 sees no key: computed 2, must be 0");
}

BOOST_AUTO_TEST_CASE(what_is_recorded_is_judged_and_examined_like_the_case_itself) {
  const auto where = host();
  const operation& attend = operation_named("flash_decode.attend");
  const case_spec spec = attend_spec(
      "plumbline1:flash_decode.attend/"
      "split:b=3,hq=6,hk=2,d=32,page_size=3,max_pages=5,num_pages=14,cache_seqlens=9/0/14,"
      "cache_leftpad=1/0/5,seqlens_q=2/1/3,causal=1,num_splits=2,gap=8;regime=normal;seed=5");

  recorded_case c = attend.record(spec, where.get());
  c.name = "saved";
  const auto judged = attend.judge(c, "");
  case_spec again;
  again.op = "flash_decode";
  again.function = "attend";
  again.variant = "split";
  const case_result examined = attend.examine_recorded(c, again, *where, {});

  BOOST_TEST((judged.result == outcome::pass), judged.message);
  BOOST_TEST(judged.kind == "outputs");
  BOOST_TEST((examined.result == outcome::pass), examined.message);
  again.problem = "num_splits=2";
  BOOST_TEST(attend.examine_recorded(c, again, *where, {}).digest == attend.examine(spec, *where, {}).digest);
}

BOOST_AUTO_TEST_CASE(a_record_is_presented_paged_split_and_with_fewer_queries) {
  const case_spec spec =
      attend_spec("flash_decode:hq=4,hk=2,d=16,capacity=40,cache_seqlens=37,sq=11,causal=1;seed=5");
  const recorded_case c = operation_named("flash_decode.attend").record(spec, nullptr);
  bool paged = false, split = false, one_query = false, eight_queries = false;
  for (const auto& one : flash_decode::presentations(c, spec_without_problem())) {
    BOOST_REQUIRE_NO_THROW(flash_decode::check(one.problem, one.inputs));
    paged = paged || one.problem.page_size > 0;
    split = split || one.problem.num_splits > 1;
    one_query = one_query || one.problem.sq == 1;
    eight_queries = eight_queries || one.problem.sq == 8;
  }

  BOOST_TEST((paged && split && one_query && eight_queries));
}

BOOST_AUTO_TEST_CASE(an_append_is_recorded_and_judged) {
  const auto where = host();
  const operation& append = operation_named("flash_decode.append");
  const case_spec spec = case_spec::parse(
      "plumbline1:flash_decode.append/"
      "append:b=2,hq=4,hk=2,d=32,page_size=4,max_pages=4,num_pages=8,cache_seqlens=7/3,sq=2,sn=2,"
      "rotary_dim=16,rotary_interleaved=0,seqlen_rotary=18,causal=1;regime=normal;seed=5");

  recorded_case c = append.record(spec, where.get());
  case_spec again;
  again.op = "flash_decode";
  again.function = "append";
  again.variant = "append";

  BOOST_TEST((append.examine_recorded(c, again, *where, {}).result == outcome::pass));
  BOOST_TEST(append.examine_recorded(c, again, *where, {}).digest == append.examine(spec, *where, {}).digest);
  const auto judged = append.judge(c, "");
  BOOST_TEST((judged.result == outcome::pass), judged.message);
  recorded_case keys_alone = c;
  keys_alone.tensors.erase("out_v_cache");
  BOOST_TEST((append.judge(keys_alone, "").result == outcome::pass));
  keys_alone.tensors.at("out_k_cache").set_code(3, 1);
  BOOST_TEST((append.judge(keys_alone, "").result == outcome::fail));
  c.tensors.at("out_v_cache").set_code(3, 1);
  BOOST_TEST((append.judge(c, "").result == outcome::fail));
}

BOOST_AUTO_TEST_CASE(a_combine_is_recorded_and_judged) {
  const auto where = host();
  const operation& combine = operation_named("flash_decode.combine");
  const case_spec spec = case_spec::parse(
      "plumbline1:flash_decode.combine/"
      "combine:num_splits=5,b=2,sq=3,hq=2,dv=16,empty_percent=50,out_type=bf16;regime=normal;seed=4");

  recorded_case c = combine.record(spec, where.get());
  const auto judged = combine.judge(c, "");

  BOOST_TEST((judged.result == outcome::pass), judged.message);
  recorded_case lse_alone = c;
  lse_alone.tensors.erase("out");
  BOOST_TEST((combine.judge(lse_alone, "").result == outcome::pass), combine.judge(lse_alone, "").message);
  lse_alone.tensors.at("lse").set_value(0, 100);
  BOOST_TEST((combine.judge(lse_alone, "").result == outcome::fail));
  recorded_case turned = c;
  turned.tensors.set("lse_partial", tensor(dtype::f32, {5, 2, 2, 3}));
  BOOST_TEST(combine.judge(turned, "").message.rfind("lse_partial: expected shape", 0) == 0u);
  c.tensors.at("out").set_code(3, 0x4234);
  BOOST_TEST((combine.judge(c, "").result == outcome::fail));
}

BOOST_AUTO_TEST_SUITE_END()
