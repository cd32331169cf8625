// Truth and companions in double: of every function that computes, each with an error that holds and says
// something.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "properties/in_double.hpp"
#include "tests/harness/host_place.hpp"
#include "tests/harness/operation_named.hpp"

using namespace plumbline;

namespace {

/// Their results are codes and bytes, and compared as such.
const std::set<std::string> exact_functions = {
    "quantize.store",          "quantize.dequantize",  "quantize.scatter",
    "quantize.weight_dequant", "quantize.groups",      "mla.schedule",
    "mla.write_cache",         "conv1d.varlen_states", "dflash.crop"};

std::string full_name(const operation& op) { return std::string(op.op()) + "." + std::string(op.function()); }

recorded_case drawn(const operation& op, std::uint64_t index) {
  const variant_info variant = op.variants(side::host).front();
  return op.record(op.draw(variant.name, variant.contracts.front().in, 11, index, ""), nullptr);
}

recorded_case with_doubles(const operation& op, recorded_case c) {
  for (double_result& one : op.in_double(c)) c.tensors.set(one.name, std::move(one.value));
  return c;
}

recorded_case written_out(const std::string& text) {
  const case_spec spec = case_spec::parse(text);
  const operation& op = operation_named(spec.op + "." + spec.function);
  return with_doubles(op, op.record(spec, nullptr));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(in_double_of_every_function)

BOOST_AUTO_TEST_CASE(every_function_that_computes_has_a_truth_and_it_agrees_with_itself) {
  for (const operation* op : operations()) {
    std::set<std::string> names;
    for (std::uint64_t index = 0; index < 12; ++index) {
      BOOST_TEST_CONTEXT(full_name(*op) << " " << index) {
        const recorded_case c = with_doubles(*op, drawn(*op, index));
        for (const auto& [name, value] : c.tensors)
          if (is_in_double(name)) names.insert(name);
        const external_judgement held = judge_doubles(*op, c);
        BOOST_TEST((held.result == outcome::pass), full_name(*op)
                                                       << ", case " << index << ": " << held.message);
      }
    }
    BOOST_TEST(names.empty() == exact_functions.contains(full_name(*op)), full_name(*op));
  }
}

// What one function says in two ways that round differently.
BOOST_AUTO_TEST_CASE(two_evaluations_of_one_module_lie_within_its_error) {
  const std::string module =
      "b=2,sq=3,dim=64,n_heads=2,q_lora_rank=24,kv_lora_rank=32,qk_nope_head_dim=16,qk_rope_head_dim=8,"
      "v_head_dim=16,causal=1;regime=normal;seed=4";
  const operation& op = operation_named("mla.forward");
  const std::vector<double_result> naive = op.in_double(
                                       written_out("plumbline1:mla.forward/chain:form=naive," + module)),
                                   absorb =
                                       op.in_double(written_out("plumbline1:mla.forward/chain:" + module));
  BOOST_REQUIRE(naive.size() == absorb.size());
  const double_result &a = naive.front(), &b = absorb.front();
  BOOST_REQUIRE(a.name == "truth_out");
  bool alike = true;
  for (std::int64_t i = 0; i < a.value.size(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    alike = alike && a.value.value(i) == b.value.value(i);
    BOOST_TEST(std::fabs(a.value.value(i) - b.value.value(i)) <= a.slack[at] + b.slack[at]);
  }
  BOOST_TEST(!alike);
}

// Heads whose elements stand in another order: the same pairs are turned, the same squares summed.
BOOST_AUTO_TEST_CASE(norms_in_two_orders_lie_within_their_error_and_not_far_within) {
  const std::int64_t d = 32;
  const auto place = [&](std::int64_t i) { return i / (d / 2) * (d / 2) + d / 2 - 1 - i % (d / 2); };
  const operation& op = operation_named("dflash.project");
  const recorded_case one = op.record(
      case_spec::parse("plumbline1:dflash.project/concat:b=2,context_len=9,block_size=4,hidden_size=64,hq=4,"
                       "hk=2,d=32;regime=normal;seed=4"),
      nullptr);
  recorded_case other = one;
  for (const char* name : {"wq", "wk", "q_norm", "k_norm", "cos", "sin"}) {
    const tensor& from = one.tensors.at(name);
    const std::int64_t width = name[0] == 'w' ? from.dim(1) : 1;  // of what stands for one element
    tensor to = from;
    for (std::int64_t i = 0; i < from.size(); ++i)
      to.set_value((i / width / d * d + place(i / width % d)) * width + i % width, from.value(i));
    if (name[0] == 'c' || name[0] == 's')  // one for each pair
      for (std::int64_t i = 0; i < from.size(); ++i)
        to.set_value(i / (d / 2) * (d / 2) + d / 2 - 1 - i % (d / 2), from.value(i));
    other.tensors.set(name, to);
  }
  const std::vector<double_result> ours = op.in_double(one), theirs = op.in_double(other);
  int judged = 0;
  for (std::size_t n = 0; n < ours.size(); ++n) {
    const double_result& a = ours[n];
    if (a.name != "truth_q" && a.name != "truth_k") continue;
    double used = 0;
    for (std::int64_t i = 0; i < a.value.size(); ++i) {
      const double apart = a.value.value(i) - theirs.at(n).value.value(i / d * d + place(i % d));
      used = std::max(used, std::fabs(apart) / a.slack[static_cast<std::size_t>(i)]);
    }
    BOOST_TEST((used > 1e-4 && used < 1), a.name << ": " << used);
    ++judged;
  }
  BOOST_TEST(judged == 2);
}

// Logits and a temperature that are both three times as large.
BOOST_AUTO_TEST_CASE(weights_of_a_choice_evaluated_twice_lie_within_their_error) {
  const std::string text =
      "plumbline1:dflash.accept/accept:dtype=f32,b=3,block_size=4,vocab_size=300,temperature=";
  const operation& op = operation_named("dflash.accept");
  recorded_case one = op.record(case_spec::parse(text + "0.7;regime=normal;seed=4"), nullptr),
                other = op.record(case_spec::parse(text + "2.1;regime=normal;seed=4"), nullptr);
  tensor logits = one.tensors.at("logits"), larger = logits;
  for (std::int64_t i = 0; i < logits.size(); ++i) {
    logits.set_value(i, std::nearbyint(64 * logits.value(i)) / 64);
    larger.set_value(i, 3 * logits.value(i));
  }
  other.tensors = one.tensors;
  one.tensors.set("logits", logits), other.tensors.set("logits", larger);
  const std::vector<double_result> ours = op.in_double(one), theirs = op.in_double(other);
  BOOST_REQUIRE(ours.size() == 2U);
  for (std::size_t n = 0; n < ours.size(); ++n) {
    bool alike = true;
    for (std::int64_t i = 0; i < ours[n].value.size(); ++i) {
      const double x = ours[n].value.value(i), y = theirs.at(n).value.value(i);
      alike = alike && x == y;
      BOOST_TEST(std::fabs(x - y) <= ours[n].slack[static_cast<std::size_t>(i)], ours[n].name);
    }
    BOOST_TEST(!alike);
  }
}

// Two queries change places, with their lists and results: so do their truths, errors and budgets.
BOOST_AUTO_TEST_CASE(a_query_is_held_to_its_own_error_wherever_it_stands) {
  const operation& op = operation_named("mla.prefill_indices");
  const recorded_case first =
      op.record(case_spec::parse("plumbline1:mla.prefill_indices/absorb:sq=2,hq=3,skv=40,d=32,dv=16,topk=20;"
                                 "regime=normal;seed=4"),
                host().get());
  recorded_case second = first;
  const auto changed_places = [](const tensor& from) {
    tensor to = from;
    for (std::int64_t i = 0, half = from.size() / 2; i < from.size(); ++i)
      to.set_value((i + half) % from.size(), from.value(i));
    return to;
  };
  for (const char* name : {"q", "indices", "out", "lse", "max_logits"})
    second.tensors.set(name, changed_places(first.tensors.at(name)));
  const std::vector<double_result> a = op.in_double(first), b = op.in_double(second);
  for (std::size_t n = 0; n < a.size(); ++n)
    for (std::size_t i = 0, size = a[n].slack.size(); i < size; ++i) {
      BOOST_TEST(a[n].value.value(static_cast<std::int64_t>(i)) ==
                 b[n].value.value(static_cast<std::int64_t>((i + size / 2) % size)));
      BOOST_TEST(a[n].slack[i] == b[n].slack[(i + size / 2) % size], a[n].name);
    }

  const auto used_when_moved = [&op](recorded_case c, std::int64_t element) {
    tensor& held = c.tensors.at("max_logits");
    held.set_value(element, held.value(element) + 1);
    return op.judge(c, "").used;
  };
  BOOST_TEST((op.judge(first, "").result == outcome::pass));
  BOOST_TEST(used_when_moved(first, 3) > 1);
  BOOST_TEST(used_when_moved(first, 3) == used_when_moved(second, 0));
}

BOOST_AUTO_TEST_CASE(a_millionth_of_a_millionth_is_seen_in_every_double) {
  for (const char* text :
       {"plumbline1:mla.forward/chain:b=1,sq=2,dim=64,n_heads=2,kv_lora_rank=32,qk_nope_head_dim=16,"
        "qk_rope_head_dim=8,v_head_dim=16;regime=normal;seed=4",
        "plumbline1:mla.forward/chain:form=naive,b=1,sq=2,start_pos=3,dim=64,n_heads=2,kv_lora_rank=32,"
        "qk_nope_head_dim=16,qk_rope_head_dim=8,v_head_dim=16;regime=normal;seed=4",
        "plumbline1:dflash.project/concat:b=1,context_len=3,block_size=2,hidden_size=32,hq=2,hk=1,d=16;"
        "regime=normal;seed=4",
        "plumbline1:dflash.steps/chain:steps=p5@0|a1@0,hq=2,hk=1,d=16,block_size=2;regime=normal;seed=4",
        "plumbline1:dflash.accept/"
        "accept:b=2,block_size=3,vocab_size=40,temperature=0.8;regime=normal;seed=4"}) {
    const case_spec spec = case_spec::parse(text);
    const operation& op = operation_named(spec.op + "." + spec.function);
    const recorded_case c = written_out(text);
    BOOST_TEST((judge_doubles(op, c).result == outcome::pass), text);
    for (const auto& [name, value] : c.tensors) {
      if (!is_in_double(name)) continue;
      const double much = name.rfind("companion_", 0) == 0 ? 1e-9 : 1e-12;
      recorded_case changed = c;
      tensor moved = value;
      const std::vector<double> all = value.values();
      const auto largest = std::max_element(all.begin(), all.end(),
                                            [](double a, double b) { return std::fabs(a) < std::fabs(b); });
      moved.set_value(largest - all.begin(), *largest * (1 + much));
      changed.tensors.set(name, moved);
      const external_judgement held = judge_doubles(op, changed);
      BOOST_TEST((held.result == outcome::fail), std::string(text) << ": " << name);
      BOOST_TEST(held.message.find(name) != std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
