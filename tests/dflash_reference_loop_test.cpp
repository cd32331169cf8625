// accept, crop, steps and the generation loop.
#include <boost/test/unit_test.hpp>

#include <algorithm>

#include "reference/dflash_generate.hpp"
#include "reference/dflash_model.hpp"
#include "tests/dflash_data.hpp"

using namespace plumbline;
using namespace plumbline::dflash;
using namespace plumbline::dflash::called;

namespace {

accept_problem accepting(const char* text) { return parse_accept(keyed_text(text)); }

// A random model of four layers over a small vocabulary.
constexpr integer vocab = 7;
constexpr decoder_shape small_shape = {2, 12, 2, 1, 4, 1e-6};

tensor_set random_model(std::uint64_t seed) {
  tensor_set all;
  const auto add = [&](const std::string& name, std::vector<integer> shape) {
    random_stream r(seed, name);
    tensor t(dtype::f32, shape);
    const double size = shape.size() == 1 ? 1 : 1 / std::sqrt(static_cast<double>(shape[1]));
    for (integer i = 0; i < t.size(); ++i) t.set_value(i, shape.size() == 1 ? 1 : 2 * size * r.normal());
    all.set(name, std::move(t));
  };
  const integer e = small_shape.hidden_size, q = small_shape.hq * small_shape.d, kv = small_shape.d;
  for (integer layer = 0; layer < small_shape.layers; ++layer) {
    const std::string name = "layers_" + std::to_string(layer) + "_";
    add(name + "self_attn_q_proj_weight", {q, e});
    for (const char* of : {"k", "v"}) add(name + "self_attn_" + of + "_proj_weight", {kv, e});
    add(name + "self_attn_o_proj_weight", {e, q});
    for (const char* of : {"q", "k"}) add(name + "self_attn_" + of + "_norm_weight", {small_shape.d});
    for (const char* of : {"gate", "up"}) add(name + "mlp_" + of + "_proj_weight", {2 * e, e});
    add(name + "mlp_down_proj_weight", {e, 2 * e});
    for (const char* of : {"input", "post_attention"}) add(name + of + "_layernorm_weight", {e});
  }
  add("norm_weight", {e});
  add("embed_weight", {vocab, e});
  add("lm_head_weight", {vocab, e});
  add("fc_weight", {e, 2 * e});
  add("hidden_norm_weight", {e});
  return all;
}

numbers embedded(const tensor_set& weights, const int_list& ids) {
  const integer e = small_shape.hidden_size;
  numbers rows;
  for (const integer id : ids)
    for (integer c = 0; c < e; ++c) rows.push_back(weights.at("embed_weight").value(id * e + c));
  return rows;
}

int_list choices(const decoder& model, const numbers& rows) {
  const numbers logits = model.times(rows, "lm_head");
  int_list ids;
  for (std::size_t at = 0; at < logits.size(); at += vocab)
    ids.push_back(first_largest(std::span(logits).subspan(at, vocab)));
  return ids;
}

constexpr double inv_freq[] = {1, 0.01};

class model_target : public verifier {
 public:
  explicit model_target(const tensor_set& weights) : weights_(weights), model_(weights, "", small_shape) {}
  integer prefill(const int_list& prompt) override { return run(prompt, 0).back(); }
  int_list verify(const int_list& block, integer start) override {
    BOOST_TEST(cache_.rows == start);
    return run(block, start);
  }
  void crop(integer n) override { dflash::crop(cache_, small_shape, n); }
  numbers features(integer rows) const { return side_by_side(std::span(states_).subspan(1, 2), rows); }

 private:
  int_list run(const int_list& ids, integer start) {
    states_.clear();
    const numbers rows =
        model_.forward(embedded(weights_, ids), {},
                       rotary_of(inv_freq, start, static_cast<integer>(ids.size())), true, cache_, &states_);
    return choices(model_, rows);
  }
  const tensor_set& weights_;
  decoder model_;
  decoder_cache cache_;
  std::vector<numbers> states_;
};

// A draft model on the target's features, with the target's embedding and head; `fault` may spoil it.
class model_draft : public drafter {
 public:
  model_draft(const tensor_set& weights, const tensor_set& target, model_target& features,
              bool forgets_to_crop)
      : target_(target),
        model_(weights, "", small_shape),
        head_(target, "", small_shape),
        features_(features),
        forgets_to_crop_(forgets_to_crop) {}
  int_list draft(const int_list& block, integer first, integer context) override {
    const auto n = static_cast<integer>(block.size());
    if (!forgets_to_crop_) BOOST_TEST(cache_.rows == first);
    const integer e = 2 * small_shape.hidden_size;
    const numbers all = features_.features(first == 0 ? context : n);
    const numbers seen(all.begin(), all.begin() + context * e);
    numbers rows = model_.forward(embedded(target_, block), model_.context_of(seen),
                                  rotary_of(inv_freq, first, context + n), false, cache_);
    rows.erase(rows.begin(), rows.begin() + small_shape.hidden_size);
    return choices(head_, rows);
  }
  void crop(integer n) override {
    if (!forgets_to_crop_) dflash::crop(cache_, small_shape, n);
  }

 private:
  const tensor_set& target_;
  decoder model_, head_;
  decoder_cache cache_;
  model_target& features_;
  bool forgets_to_crop_;
};

class random_draft : public drafter {
 public:
  explicit random_draft(std::uint64_t seed) : r_(seed, "draft") {}
  int_list draft(const int_list& block, integer, integer) override {
    int_list ids(block.size() - 1);
    for (integer& id : ids) id = r_.integer(0, vocab - 1);
    return ids;
  }
  void crop(integer) override {}

 private:
  random_stream r_;
};

int_list target_alone(const tensor_set& weights, const int_list& prompt, integer count) {
  model_target target(weights);
  int_list ids = prompt;
  ids.push_back(target.prefill(prompt));
  while (static_cast<integer>(ids.size()) < static_cast<integer>(prompt.size()) + count)
    ids.push_back(target.verify({ids.back()}, static_cast<integer>(ids.size()) - 1).back());
  return ids;
}

// Answers from a list; drafts agree with it for a while.
class scripted_target : public verifier {
 public:
  explicit scripted_target(int_list text) : text_(std::move(text)) {}
  integer prefill(const int_list& prompt) override { return text_[prompt.size()]; }
  int_list verify(const int_list& block, integer start) override {
    int_list posterior;
    for (std::size_t i = 0; i < block.size(); ++i)
      posterior.push_back(text_[static_cast<std::size_t>(start) + i + 1]);
    return posterior;
  }
  void crop(integer) override {}

 private:
  int_list text_;
};
class scripted_draft : public drafter {
 public:
  scripted_draft(int_list text, int_list agree) : text_(std::move(text)), agree_(std::move(agree)) {}
  int_list draft(const int_list& block, integer first, integer context) override {
    int_list ids;
    for (std::size_t i = 1; i < block.size(); ++i)
      ids.push_back(static_cast<integer>(i) <= agree_[round_]
                        ? text_[static_cast<std::size_t>(first + context) + i]
                        : -1);
    ++round_;
    return ids;
  }
  void crop(integer n) override { kept.push_back(n); }
  int_list kept;

 private:
  int_list text_, agree_;
  std::size_t round_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(dflash_loop)

BOOST_AUTO_TEST_CASE(drafts_are_accepted_up_to_the_first_that_differs) {
  constexpr integer block[] = {9, 1, 2, 3};
  const auto of = [&](std::vector<integer> posterior) { return agreement_of(block, posterior); };
  BOOST_TEST(of({1, 2, 3, 7}).accepted == 3);
  BOOST_TEST(of({1, 2, 3, 7}).next_token == 7);
  BOOST_TEST(of({1, 5, 3, 7}).accepted == 1);
  BOOST_TEST(of({1, 5, 3, 7}).next_token == 5);
  BOOST_TEST(of({0, 2, 3, 7}).accepted == 0);
  BOOST_TEST(of({0, 2, 3, 7}).next_token == 0);
  constexpr integer alone[] = {9};
  BOOST_TEST(agreement_of(alone, std::vector<integer>{4}).next_token == 4);
}

BOOST_AUTO_TEST_CASE(the_first_of_equal_logits_is_taken_below_the_least_temperature) {
  const accept_problem p = accepting("block_size=2,vocab_size=3");
  tensor_set in = empty_inputs(p);
  fill(in.at("logits"), {0, 5, 5, -HUGE_VAL, -1, -1});
  fill(in.at("block"), {0, 1});
  const accept_truth truth = accept(p, in);
  BOOST_TEST(truth.posterior == (int_list{1, 1}), boost::test_tools::per_element());
  BOOST_TEST(truth.accepted[0] == 1);
  BOOST_TEST(truth.next_token[0] == 1);
  accept_problem warm = p;
  warm.temperature = least_temperature;
  BOOST_TEST(!warm.greedy());
}

BOOST_AUTO_TEST_CASE(a_uniform_number_decides_the_token_by_the_distribution_function) {
  // Logits 0, ln 2, -inf, 0 at temperature 1/2: weights 1, 4, 0, 1.
  accept_problem p = accepting("block_size=1,vocab_size=4,temperature=0.5");
  const auto token = [&](double uniform) {
    tensor_set in = empty_inputs(p);
    fill(in.at("logits"), {0, std::log(2.0), -HUGE_VAL, 0});
    fill(in.at("uniforms"), {uniform});
    return accept(p, in).posterior[0];
  };
  BOOST_TEST(token(0) == 0);
  BOOST_TEST(token(0.125) == 0);
  BOOST_TEST(token(0.1875) == 1);
  BOOST_TEST(token(0.8125) == 1);
  BOOST_TEST(token(0.875) == 3);
  BOOST_TEST(token(1 - 0x1p-24) == 3);
  tensor_set in = empty_inputs(p);
  fill(in.at("uniforms"), {0.5});  // p(0) + p(1) of four equal ones is not above 1/2
  BOOST_TEST(accept(p, in).posterior[0] == 2);
}

BOOST_AUTO_TEST_CASE(a_crop_shortens_what_is_longer_and_zeroes_what_it_cut_off_if_asked) {
  for (const char* scrub : {"0", "1"}) {
    const crop_problem p = parse_crop(keyed_text(
        std::string("layers=2,b=3,capacity=4,hk=1,d=1,cache_seqlens=3/3/2,keep=1/3/9,scrub=") + scrub));
    tensor_set in = empty_inputs(p);
    for (const char* name : {"k_cache", "v_cache"}) in.at(name).poison(0x11);
    const tensor_set after = crop(p, in);
    BOOST_TEST(after.at("cache_seqlens").values() == (numbers{1, 3, 2}), boost::test_tools::per_element());
    for (const char* name : {"k_cache", "v_cache"})
      for (integer layer = 0; layer < 2; ++layer)
        for (integer s = 0; s < 3; ++s)
          for (integer row = 0; row < 4; ++row) {
            const bool cut = *scrub == '1' && s == 0 && (row == 1 || row == 2);
            BOOST_TEST(after.at(name).code(place(after.at(name), layer, s, row, 0, 0)) ==
                       (cut ? 0u : 0x1111u));
          }
  }
}

BOOST_AUTO_TEST_CASE(steps_are_attentions_and_crops_on_caches) {
  const steps_problem p =
      parse_steps(keyed_text("steps=p5@0.0@2|a2@0.0@2|c4@0|a3@0|p2@1|a0@0.1@1.3@2|p1@2|c0@1|a2@1,slots=3,hq="
                             "4,hk=2,d=6,capacity=24"));
  const tensor_set in = drawn(p, 3);
  const steps_truth truth = steps(p, in, {}, {.companions = false});
  tensor_set caches = make_outputs(p, in);
  int_list held(3, 0);
  std::size_t unit = 0;
  for (const step_call& call : calls_of(p)) {
    if (call.kind != 'c') {
      const attention_problem one = attention_of(p, call);
      tensor_set inputs = empty_inputs(one);
      for (const char* name : {"k_cache", "v_cache"}) inputs.at(name) = caches.at(name);
      for (integer i = 0; i < inputs.at("q").size(); ++i)
        inputs.at("q").set_value(i, in.at("q").value(call.first_query * p.hq * p.d + i));
      for (const char* name : {"k", "v"})
        for (integer i = 0; i < inputs.at(name).size(); ++i)
          inputs.at(name).set_value(i, in.at(name).value(call.new_rows[0] * p.hk * p.d + i));
      for (const attention_truth& expected : attend(one, inputs, {}, {.companions = false})) {
        BOOST_TEST(truth.units[unit].out == expected.out, boost::test_tools::per_element());
        BOOST_TEST(truth.units[unit++].lse == expected.lse, boost::test_tools::per_element());
      }
      for (const tensor_set after = appended(one, inputs); const char* name : {"k_cache", "v_cache"})
        caches.at(name) = after.at(name);
    }
    for (std::size_t i = 0; i < call.parts.size(); ++i)
      held[static_cast<std::size_t>(call.parts[i].slot)] = call.after[i];
  }
  BOOST_TEST(unit == truth.units.size());
  for (const char* name : {"k_cache", "v_cache"})
    BOOST_TEST(same_elements(truth.exact.at(name), caches.at(name)));
  for (integer slot = 0; slot < 3; ++slot)
    BOOST_TEST(truth.exact.at("cache_seqlens").value(slot) ==
               static_cast<double>(held[static_cast<std::size_t>(slot)]));
}

BOOST_AUTO_TEST_CASE(generation_is_what_the_target_would_have_said_alone) {
  integer accepted = 0, rounds = 0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const tensor_set weights = random_model(seed), draft_weights = random_model(100 + seed);
    const generation g = {{1, 4, 2}, {}, 14, static_cast<integer>(2 + seed), vocab - 1};
    const int_list expected = target_alone(weights, g.prompt, g.max_new_tokens);
    for (int which = 0; which < 4; ++which) {
      model_target target(weights);
      random_draft any(seed);
      model_draft right(draft_weights, weights, target, false), wrong(draft_weights, weights, target, true);
      scripted_draft knows(target_alone(weights, g.prompt, 40), int_list(20, g.block_size - 1));
      drafter* const all[] = {&any, &right, &wrong, &knows};
      const generated found = generate(g, target, *all[which]);
      BOOST_TEST(found.ids == expected, boost::test_tools::per_element());
      for (const generation_round& round : found.rounds) {
        BOOST_TEST(round.draft_cache + round.context == round.start);
        BOOST_TEST(round.target_cache == round.start);
        accepted += round.accepted;
      }
      rounds += static_cast<integer>(found.rounds.size());
      if (which == 3)
        BOOST_TEST(found.rounds.size() ==
                   static_cast<std::size_t>((g.max_new_tokens + g.block_size - 1) / g.block_size));
    }
  }
  BOOST_TEST(accepted > 0);
  BOOST_TEST(accepted < rounds * 5);
}

BOOST_AUTO_TEST_CASE(generation_ends_behind_the_first_stop_id_or_the_last_token) {
  const int_list text = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19};
  scripted_target target(text);
  const auto run = [&](int_list stop, integer most, int_list agree, integer block) {
    scripted_draft draft(text, std::move(agree));
    generated found = generate({{0, 1}, std::move(stop), most, block, 99}, target, draft);
    return std::pair(found, draft.kept);
  };
  const auto [all, kept] = run({}, 6, {1, 0, 3, 3}, 4);
  BOOST_TEST(all.ids == (int_list{0, 1, 2, 3, 4, 5, 6, 7}), boost::test_tools::per_element());
  BOOST_TEST(kept == (int_list{2, 4, 5}), boost::test_tools::per_element());
  BOOST_TEST(all.rounds[2].context == 1);
  BOOST_TEST(run({4}, 12, {3, 3, 3}, 4).first.ids == (int_list{0, 1, 2, 3, 4}),
             boost::test_tools::per_element());
  BOOST_TEST(run({2}, 12, {3, 3, 3}, 4).first.rounds.size() == 1u);
  BOOST_TEST(run({}, 3, {}, 1).first.ids == (int_list{0, 1, 2, 3, 4}), boost::test_tools::per_element());
  BOOST_CHECK_THROW(run({99}, 3, {3}, 4), bad_argument);
  BOOST_CHECK_THROW(run({}, 3, {3}, 0), bad_argument);
}

BOOST_AUTO_TEST_CASE(features_come_from_evenly_spaced_layers) {
  BOOST_TEST(target_layer_ids(36, 5) == (int_list{1, 9, 17, 25, 33}), boost::test_tools::per_element());
  BOOST_TEST(target_layer_ids(5, 3) == (int_list{1, 2, 2}), boost::test_tools::per_element());
  BOOST_TEST(target_layer_ids(5, 1) == (int_list{2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
