// Every bad argument is refused by its name.
//
// A table: what is wrong, the name that the message must carry, and the one edit that makes a good call bad.
// The good call itself passes, so it is the edit that is refused.
#pragma once

#include <boost/test/unit_test.hpp>

#include <functional>
#include <string>
#include <vector>

#include "reference/core/keyed_text.hpp"
#include "reference/core/tensor.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::flash_decode::refusals {

template <class Problem>
struct call {
  Problem p;
  tensor_set inputs;
};
using attend_args = call<attend_problem>;
using append_args = call<append_problem>;
using combine_args = call<combine_problem>;

template <class Call>
struct bad_edit {
  const char* what;
  const char* argument;
  std::function<void(Call&)> edit;
};

inline tensor integers(std::vector<std::int64_t> shape, const std::vector<double>& values) {
  tensor t(dtype::i32, std::move(shape));
  for (std::size_t i = 0; i < values.size(); ++i) t.set_value(static_cast<std::int64_t>(i), values[i]);
  return t;
}

// Paged, with left padding and a batch index: two sequences of three page-table rows.
template <class Problem>
void give_cache(call<Problem>& c) {
  Problem& p = c.p;
  p.b = 2;
  p.batch_cache = 3;
  p.has_batch_idx = true;
  p.hq = 4;
  p.hk = 2;
  p.d = p.dv = 16;
  p.page_size = 4;
  p.max_pages = 2;
  p.num_pages = 6;
  p.capacity = 8;
  p.cache_seqlens = {4, 2};
  p.cache_leftpad = {1, 0};
  c.inputs.set("k_cache", tensor(p.type, {6, 4, 2, 16}));
  c.inputs.set("v_cache", tensor(p.type, {6, 4, 2, 16}));
  c.inputs.set("cache_seqlens", integers({2}, {4, 2}));
  c.inputs.set("cache_leftpad", integers({2}, {1, 0}));
  c.inputs.set("cache_batch_idx", integers({2}, {2, 0}));
  c.inputs.set("page_table", integers({3, 2}, {5, 4, -9, -9, 3, 2}));
}

inline attend_args good_attend() {
  attend_args c;
  give_cache(c);
  c.p.sq = 2;
  c.inputs.set("q", tensor(c.p.type, {2, 2, 4, 16}));
  return c;
}

inline append_args good_append() {
  append_args c;
  give_cache(c);
  c.p.sq = c.p.sn = 2;
  c.p.rotary_dim = 16;
  c.p.seqlen_rotary = 6;
  c.inputs.set("q", tensor(c.p.type, {2, 2, 4, 16}));
  c.inputs.set("k_new", tensor(c.p.type, {2, 2, 2, 16}));
  c.inputs.set("v_new", tensor(c.p.type, {2, 2, 2, 16}));
  c.inputs.set("rotary_cos", tensor(c.p.type, {6, 8}));
  c.inputs.set("rotary_sin", tensor(c.p.type, {6, 8}));
  return c;
}

inline combine_args good_combine() {
  combine_args c;
  c.p.num_splits = 3;
  c.p.sq = 2;
  c.p.hq = 4;
  c.p.dv = 8;
  c.inputs.set("out_partial", tensor(dtype::f32, {3, 1, 2, 4, 8}));
  c.inputs.set("lse_partial", lse_by_head({3, 1, 2, 4}));
  return c;
}

// The argument that `check` complains about, or "" when it does not.
template <class Call>
std::string refused(const Call& c) {
  try {
    check(c.p, c.inputs);
  } catch (const bad_argument& e) {
    const std::string message = e.what();
    BOOST_TEST((message.find("expected") != std::string::npos && message.find('\n') == std::string::npos),
               message);
    return e.argument();
  }
  return "";
}

template <class Call>
void every_edit_is_refused(const Call& good, const std::vector<bad_edit<Call>>& edits) {
  BOOST_TEST(refused(good) == "");
  for (const bad_edit<Call>& e : edits) {
    Call bad = good;
    e.edit(bad);
    BOOST_TEST(refused(bad) == e.argument, e.what << ": refused \"" << refused(bad) << "\"");
  }
}

}  // namespace plumbline::flash_decode::refusals
