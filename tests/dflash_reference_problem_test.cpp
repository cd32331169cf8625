// Every bad argument of dflash is refused by its name, a problem's text reads back, and a list of steps says
// where its rows lie.
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "reference/core/keyed_text.hpp"
#include "reference/core/tensor.hpp"
#include "reference/dflash_steps_problem.hpp"

using namespace plumbline;
using namespace plumbline::dflash;

namespace {

template <class Act>
std::string refused(Act act) {
  try {
    act();
  } catch (const bad_argument& why) {
    return why.argument();
  }
  return "";
}

struct bad_text {
  const char *text, *argument;
};
template <class Parse, std::size_t N>
void require_refused(Parse parse, const bad_text (&all)[N]) {
  for (const bad_text& one : all)
    BOOST_TEST_CONTEXT(one.text) BOOST_TEST(refused([&] { parse(keyed_text(one.text)); }) == one.argument);
}

template <class Parse>
void require_read_back(Parse parse, std::initializer_list<const char*> all) {
  for (const char* text : all) {
    const auto problem = parse(keyed_text(text));
    BOOST_TEST(to_text(problem) == text);
    BOOST_TEST((parse(keyed_text(to_text(problem))) == problem));
    const tensor_set inputs = empty_inputs(problem);
    BOOST_TEST(inputs.size() > 0u);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dflash_problems)

BOOST_AUTO_TEST_CASE(a_bad_problem_is_refused_by_name) {
  require_refused(parse_project, {{"dtype=f32", "dtype"},
                                  {"b=-1", "b"},
                                  {"block_size=0", "block_size"},
                                  {"context_len=-1", "context_len"},
                                  {"hidden_size=0", "hidden_size"},
                                  {"hq=3,hk=2", "hq"},
                                  {"hk=0", "hk"},
                                  {"d=3", "d"},
                                  {"eps=-1", "eps"},
                                  {"gap=-1", "gap"},
                                  {"hidden_size=2000000000,d=2000", "wq"},
                                  {"heads=4", "heads"}});
  require_refused(parse_attention, {{"dtype=e4m3", "dtype"},
                                    {"hq=3,hk=2", "hq"},
                                    {"b=2,context_lens=1/2/3", "context_lens"},
                                    {"b=2,cache_seqlens=4/5/6", "cache_seqlens"},
                                    {"cache_seqlens=4,capacity=20", "capacity"},
                                    {"b=2,cache_batch_idx=1/1", "cache_batch_idx"},
                                    {"b=2,cache_batch_idx=0/2,batch_cache=2", "cache_batch_idx"},
                                    {"b=2,batch_cache=1", "batch_cache"},
                                    {"b=2,mask_batch=3", "mask_batch"},
                                    {"mask_batch=1,mask_rows=2", "mask_rows"},
                                    {"b=2,mask_batch=1,cache_seqlens=0/1", "mask_batch"},
                                    {"softmax_scale=-1", "softmax_scale"}});
  require_refused(parse_accept, {{"dtype=e4m3", "dtype"},
                                 {"block_size=0", "block_size"},
                                 {"vocab_size=0", "vocab_size"},
                                 {"temperature=-1", "temperature"},
                                 {"agree_percent=101", "agree_percent"}});
  require_refused(parse_crop, {{"dtype=f32", "dtype"},
                               {"layers=0", "layers"},
                               {"capacity=4,cache_seqlens=5", "cache_seqlens"},
                               {"keep=-1", "keep"},
                               {"b=2,keep=1/2/3", "keep"}});
  require_refused(parse_steps, {{"steps=p5", "steps"},
                                {"steps=x5@0", "steps"},
                                {"steps=p5@0|", "steps"},
                                {"steps=a1@0", "steps"},
                                {"steps=c1@0", "steps"},
                                {"steps=p1@1", "steps"},
                                {"steps=p1@0.2@0", "steps"},
                                {"steps=p1@0|a4@0", "steps"},
                                {"steps=p99999999999@0", "steps"},
                                {"steps=p5@0,capacity=8", "capacity"},
                                {"slots=0", "slots"},
                                {"block_size=0", "block_size"}});
}

BOOST_AUTO_TEST_CASE(a_problem_reads_back_from_its_text) {
  require_read_back(parse_project, {"", "dtype=f16,b=2,context_len=0,hq=3,hk=3,bias=1,eps=0.5,gap=3"});
  require_read_back(parse_attention,
                    {"", "b=2,context_lens=1/5,cache_seqlens=7,cache_batch_idx=3/0",
                     "b=2,block_size=3,cache_seqlens=4,batch_cache=3,capacity=20,mask_batch=2,bias=1",
                     "b=2,mask_batch=1,mask_rows=1,softmax_scale=0.5,gap=1,hidden_percent=20"});
  require_read_back(parse_accept, {"", "dtype=bf16,b=3,block_size=1,vocab_size=7,temperature=0.7,gap=2"});
  require_read_back(parse_crop, {"", "layers=2,b=2,capacity=9,cache_seqlens=4/9,keep=3,scrub=1"});
  require_read_back(parse_steps, {"", "steps=p5@0.3@1|a2@0.0@1|c4@0|p0@1,slots=2",
                                  "steps=p1@0,dtype=f16,block_size=1,hq=2,d=8,capacity=30,gap=2"});
}

BOOST_AUTO_TEST_CASE(bad_tensors_are_refused_by_name) {
  const attention_problem p = parse_attention(keyed_text("block_size=2,cache_seqlens=1,mask_batch=1"));
  const auto with = [&](auto change) {
    return refused([&] {
      tensor_set inputs = empty_inputs(p);
      inputs.at("mask").poison(1);
      change(inputs);
      check(p, inputs);
    });
  };
  BOOST_TEST(with([](tensor_set&) {}) == "");
  BOOST_TEST(with([](tensor_set& in) { in.erase("wo"); }) == "wo");
  BOOST_TEST(with([](tensor_set& in) { in.at("cache_seqlens").set_value(0, 2); }) == "cache_seqlens");
  BOOST_TEST(with([](tensor_set& in) { in.at("cu_seqlens_k_new").set_value(1, 2); }) == "cu_seqlens_k_new");
  BOOST_TEST(with([](tensor_set& in) { in.at("mask").set_value(3, 2); }) == "mask");
  BOOST_TEST(with([](tensor_set& in) { in.at("mask").poison(0); }) == "mask");
  BOOST_TEST(with([](tensor_set& in) { in.set("mask", tensor(dtype::u8, {1, 1, 2, 3})); }) == "mask");
  BOOST_TEST(with([](tensor_set& in) { in.set("sink", tensor(dtype::f32, {1})); }) == "sink");

  const project_problem q = parse_project(keyed_text("context_len=2"));
  tensor_set inputs = empty_inputs(q);
  inputs.set("cos", tensor(dtype::f32, {1, 1, 8}));
  BOOST_TEST(refused([&] { check(q, inputs); }) == "cos");

  const accept_problem a = parse_accept(keyed_text("block_size=2,vocab_size=2,temperature=1"));
  const auto logits = [&](double first, double second, double uniform) {
    return refused([&] {
      tensor_set in = empty_inputs(a);
      in.at("logits").set_value(0, first), in.at("logits").set_value(1, second);
      in.at("uniforms").set_value(1, uniform);
      check(a, in);
    });
  };
  BOOST_TEST(logits(0, -HUGE_VAL, 0.5) == "");
  BOOST_TEST(logits(0, HUGE_VAL, 0.5) == "logits");
  BOOST_TEST(logits(std::nan(""), 0, 0.5) == "logits");
  BOOST_TEST(logits(-HUGE_VAL, -HUGE_VAL, 0.5) == "logits");
  BOOST_TEST(logits(0, 0, 1) == "uniforms");
  BOOST_TEST(logits(0, 0, -0.5) == "uniforms");
}

BOOST_AUTO_TEST_CASE(steps_hold_a_row_a_committed_token) {
  const steps_problem p = parse_steps(keyed_text("steps=p5@0.3@1|a2@1|c4@0|a0@0|p1@1|c9@1,slots=2"));
  const std::vector<step_call> calls = calls_of(p);
  const int_list after[] = {{5, 3}, {6}, {4}, {5}, {1}, {1}}, before[] = {{0, 0}, {3}, {5}, {4}, {0}, {1}};
  for (std::size_t i = 0; i < calls.size(); ++i) {
    BOOST_TEST(calls[i].before == before[i], boost::test_tools::per_element());
    BOOST_TEST(calls[i].after == after[i], boost::test_tools::per_element());
  }
  BOOST_TEST(calls[1].new_rows == (int_list{16, 23}), boost::test_tools::per_element());
  BOOST_TEST(calls[1].first_query == 8);
  BOOST_TEST(p.capacity == 10);
  const int_list first = {0, 1, 0, 9, 16, 5, 3}, lists = lists_of(p);
  BOOST_TEST(int_list(lists.begin(), lists.begin() + 7) == first, boost::test_tools::per_element());
  BOOST_TEST(calls[1].lists == 7);
}

BOOST_AUTO_TEST_SUITE_END()
