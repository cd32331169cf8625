#include <boost/test/unit_test.hpp>

#include <cmath>

#include "properties/external_case.hpp"
#include "properties/flash_decode/recorded.hpp"
#include "properties/operation.hpp"
#include "reference/core/keyed_text.hpp"
#include "tests/harness/attend_by_hand.hpp"
#include "tests/harness/operation_named.hpp"

using namespace plumbline;

BOOST_AUTO_TEST_SUITE(recorded_cases)

BOOST_AUTO_TEST_CASE(somebodys_truth_that_is_right_passes_and_one_that_is_off_fails) {
  const operation& attend = operation_named("flash_decode.attend");
  recorded_case off = attend_by_hand();
  off.tensors.at("expected_out").set_value(3, 2 + 1e-11);
  recorded_case wrong_lse = attend_by_hand();
  wrong_lse.tensors.at("expected_lse").set_value(0, 0.6931471806);
  recorded_case infinite = attend_by_hand();
  infinite.tensors.at("expected_lse").set_value(0, INFINITY);

  const auto right = attend.judge(attend_by_hand(), "");

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
  recorded_case option = attend_by_hand();
  option.options["alibi_slopes"] = "1";
  recorded_case extra = attend_by_hand();
  extra.tensors.set("alibi", tensor(dtype::f32, {1}));
  recorded_case note = attend_by_hand();
  note.options["note"] = "hello";
  note.options["source_commit"] = "abc";

  BOOST_TEST((attend.judge(option, "").result == outcome::fail));
  BOOST_TEST(attend.judge(option, "").message.find("alibi_slopes") != std::string::npos);
  BOOST_TEST(attend.judge(extra, "").message.find("alibi") != std::string::npos);
  BOOST_TEST((attend.judge(note, "").result == outcome::pass));
}

BOOST_AUTO_TEST_CASE(an_option_that_contradicts_the_tensors_never_passes) {
  recorded_case c = attend_by_hand();
  c.options["num_heads_k"] = "2";

  const auto j = operation_named("flash_decode.attend").judge(c, "");

  BOOST_TEST((j.result != outcome::pass));
  BOOST_TEST(j.message.find("num_heads_k") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_case_of_the_wrong_shape_fails_by_name) {
  const operation& attend = operation_named("flash_decode.attend");
  recorded_case wide = attend_by_hand();
  wide.tensors.set("expected_out", tensor(dtype::f64, {1, 1, 1, 16}));
  recorded_case flat = attend_by_hand();
  flat.tensors.set("k_cache", tensor(dtype::bf16, {2, 8}));
  recorded_case without = attend_by_hand();
  without.tensors.erase("v_cache");
  recorded_case beyond = attend_by_hand();
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
  recorded_case c = attend_by_hand();
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
  recorded_case right = attend_by_hand();
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
  recorded_case c = attend_by_hand();
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
  recorded_case c = attend_by_hand();
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
    recorded_case c = attend_by_hand();
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
  recorded_case c = attend_by_hand();
  tensor out(dtype::bf16, {1, 1, 1, 8});
  for (int i = 0; i < 8; ++i) out.set_value(i, 2);
  c.tensors.set("out", out);

  const auto j = operation_named("flash_decode.attend").judge(c, "f32/combine");

  BOOST_TEST((j.result == outcome::fail));
  BOOST_TEST(j.message.find("contract: expected one of bf16/f32") == 0u, j.message);
}

BOOST_AUTO_TEST_CASE(lengths_are_whole_numbers) {
  recorded_case c = attend_by_hand();
  tensor lengths(dtype::f32, {1});
  lengths.set_value(0, 1.5);
  c.tensors.set("cache_seqlens", lengths);

  const auto j = operation_named("flash_decode.attend").judge(c, "");

  BOOST_TEST(j.message == "cache_seqlens: expected whole numbers (i32), got f32");
}

BOOST_AUTO_TEST_CASE(every_output_that_is_there_is_judged) {
  const operation& attend = operation_named("flash_decode.attend");
  recorded_case right = attend_by_hand();
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
  recorded_case two = attend_by_hand();
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
  recorded_case flag = attend_by_hand();
  flag.options["causal"] = "2";
  recorded_case scale = attend_by_hand();
  scale.options["softmax_scale"] = "1/2";

  BOOST_TEST(attend.judge(flag, "").message == "causal: expected 0 or 1, got 2");
  BOOST_TEST(attend.judge(scale, "").message.rfind("softmax_scale: expected a number", 0) == 0u);
}

BOOST_AUTO_TEST_CASE(a_row_that_sees_no_key_is_said_to_have_to_be_zero) {
  recorded_case c = attend_by_hand();
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

BOOST_AUTO_TEST_SUITE_END()
