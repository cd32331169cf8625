// Every bad argument of conv1d is refused by its name, and a problem's text reads back.
#include <boost/test/unit_test.hpp>

#include "tests/conv1d_data.hpp"

using namespace plumbline;
using namespace plumbline::conv1d;

namespace {

template <class Parse>
std::string refused(Parse parse, const char* text) {
  try {
    parse(keyed_text(text));
  } catch (const bad_argument& why) {
    return why.argument();
  }
  return "";
}

void require_refused_trees(const char* name, std::initializer_list<double> next,
                           std::initializer_list<double> sibling) {
  update_speculative_problem p;
  p.dim = 1;
  p.seqlen = 3;
  p.tree = true;
  const tensor_set inputs = by_hand::inputs_of(p, {{"retrieve_next_token", std::vector<double>(next)},
                                                   {"retrieve_next_sibling", std::vector<double>(sibling)}});
  std::string argument;
  try {
    check(p, inputs);
  } catch (const bad_argument& why) {
    argument = why.argument();
  }
  BOOST_TEST(argument == name);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(conv1d_refusals)

BOOST_AUTO_TEST_CASE(a_bad_prefill_is_refused_by_name) {
  constexpr struct {
    const char *text, *argument;
  } all[] = {{"dtype=e4m3", "dtype"},
             {"dim=0", "dim"},
             {"width=5", "width"},
             {"width=1", "width"},
             {"activation=relu", "activation"},
             {"layout=rows", "layout"},
             {"gap=-1", "gap"},
             {"lens=-1", "lens"},
             {"lens=1,slots=0,cache_indices=0", "cache_indices"},
             {"lens=1,slots=0,initial=1", "has_initial_state"},
             {"lens=1/1,slots=1", "slots"},
             {"lens=1/1,cache_indices=0", "cache_indices"},
             {"lens=1/1,cache_indices=0/0", "cache_indices"},
             {"lens=1,cache_indices=3,slots=3", "cache_indices"},
             {"lens=1,cache_indices=-2", "cache_indices"},
             {"lens=1,state_len=2", "state_len"},
             {"lens=1,initial=2", "has_initial_state"},
             {"lens=9/3,seq_lens_cpu=8/8", "seq_lens_cpu"},
             {"lens=9/3,seq_lens_cpu=9", "seq_lens_cpu"},
             {"lens=1,no_such=1", "no_such"}};
  for (const auto& [text, argument] : all) BOOST_TEST(refused(parse_prefill, text) == argument, text);
}

BOOST_AUTO_TEST_CASE(a_bad_update_is_refused_by_name) {
  constexpr struct {
    const char *text, *argument;
  } all[] = {{"seqlen=0", "seqlen"},
             {"batch=-1", "batch"},
             {"batch=2,slots=1", "slots"},
             {"slots=0", "slots"},
             {"state_len=2", "state_len"},
             {"batch=2,conv_state_indices=1/1", "conv_state_indices"},
             {"batch=2,conv_state_indices=1", "conv_state_indices"},
             {"cache_seqlens=-1", "cache_seqlens"},
             {"batch=2,cache_seqlens=1", "cache_seqlens"}};
  for (const auto& [text, argument] : all) BOOST_TEST(refused(parse_update, text) == argument, text);
}

BOOST_AUTO_TEST_CASE(a_bad_speculative_update_is_refused_by_name) {
  constexpr struct {
    const char *text, *argument;
  } all[] = {{"num_accepted_tokens=0", "num_accepted_tokens"},
             {"seqlen=2,num_accepted_tokens=3", "num_accepted_tokens"},
             {"batch=2,num_accepted_tokens=1", "num_accepted_tokens"},
             {"seqlen=2,num_accepted_tokens=1,state_len=3", "state_len"},
             {"query_lens=1", "query_start_loc"},
             {"query_lens=2,num_accepted_tokens=1", "query_start_loc"},
             {"query_lens=1,num_accepted_tokens=1,layout=token_last", "layout"},
             {"lines=2,num_accepted_tokens=1,intermediate_state_indices=0", "intermediate_conv_window"},
             {"lines=2", "intermediate_state_indices"},
             {"lines=2,intermediate_state_indices=2", "intermediate_state_indices"},
             {"lines=0,intermediate_state_indices=0", "intermediate_state_indices"},
             {"batch=2,intermediate_state_indices=1/1", "intermediate_state_indices"},
             {"tree=1,num_accepted_tokens=1", "retrieve_next_token"}};
  for (const auto& [text, argument] : all)
    BOOST_TEST(refused(parse_update_speculative, text) == argument, text);
}

BOOST_AUTO_TEST_CASE(a_bad_call_of_varlen_states_is_refused_by_name) {
  constexpr struct {
    const char *text, *argument;
  } all[] = {{"dtype=i32", "dtype"}, {"dim=0", "dim"}, {"state_len=0", "state_len"}, {"lens=-1", "lens"}};
  for (const auto& [text, argument] : all) BOOST_TEST(refused(parse_varlen_states, text) == argument, text);
}

BOOST_AUTO_TEST_CASE(a_draft_is_a_tree) {
  require_refused_trees("", {1, 2, -1}, {-1, -1, -1});
  require_refused_trees("", {1, -1, -1}, {-1, 2, -1});
  require_refused_trees("retrieve_next_token", {1, -1, -1}, {-1, -1, -1});
  require_refused_trees("retrieve_next_token", {1, 0, -1}, {-1, 2, -1});
  require_refused_trees("retrieve_next_token", {1, 3, -1}, {-1, 2, -1});
  require_refused_trees("retrieve_next_sibling", {1, 2, -1}, {-1, 2, -1});
  require_refused_trees("retrieve_next_sibling", {1, -1, -1}, {2, -1, -1});
}

BOOST_AUTO_TEST_CASE(texts_read_back_without_their_defaults) {
  for (const char* text :
       {"lens=1/9/2", "lens=3,dtype=f32,width=3,activation=none,bias=0,layout=token_last,gap=3",
        "lens=3/4,cache_indices=5/-1,initial=1/0,seq_lens_cpu=4/9",
        "lens=3/4,cache_indices=0/2,slots=7,state_len=6,state_layout=token_last,slot_gap=2,"
        "pad_slot_id=0"})
    BOOST_TEST(to_text(parse_prefill(keyed_text(text))) == text);
  for (const char* text : {"", "batch=3,seqlen=4,conv_state_indices=2/1/-1,cache_seqlens=5/0/9"})
    BOOST_TEST(to_text(parse_update(keyed_text(text))) == text);
  for (const char* text :
       {"", "batch=2,seqlen=3,query_lens=0/2,conv_state_indices=1/0,num_accepted_tokens=1/3",
        "batch=2,seqlen=3,intermediate_state_indices=3/0,tree=1"})
    BOOST_TEST(to_text(parse_update_speculative(keyed_text(text))) == text);
  BOOST_TEST(to_text(parse_varlen_states(keyed_text("lens=2/0,state_len=5,gap=1"))) ==
             "lens=2/0,state_len=5,gap=1");
}

BOOST_AUTO_TEST_CASE(swish_is_another_name_of_silu) {
  BOOST_TEST((parse_prefill(keyed_text("lens=1,activation=swish")).act == activation::silu));
}

BOOST_AUTO_TEST_SUITE_END()
