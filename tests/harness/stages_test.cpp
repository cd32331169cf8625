// Stages: quiet on kernels that are right, and each error charged where it was made.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>

#include "properties/operation.hpp"
#include "properties/tap_tensors.hpp"
#include "tests/harness/host_place.hpp"
#include "tests/harness/operation_named.hpp"

using namespace plumbline;

namespace {

examine_options with_stages() { return {false, false, stages_wanted::always}; }

const std::set<std::string> tapped_functions = {"flash_decode.attend", "mla.prefill",
                                                "mla.decode",          "mla.decode_indices",
                                                "mla.prefill_indices", "dflash.attention"};

/// A call with several splits, as a file has it: outputs and taps.
struct shown_call {
  const operation& op = operation_named("flash_decode.attend");
  recorded_case c;

  shown_call() {
    const case_spec spec = case_spec::parse(
        "plumbline1:flash_decode.attend/split:b=2,hq=4,hk=2,cache_seqlens=70/300,capacity=320,num_splits=3;"
        "regime=normal;seed=7");
    const auto where = host();
    c = op.record(spec, where.get(), true);
  }
  std::string first() const {
    const std::vector<stage_verdict> all = op.stages_of(c);
    BOOST_REQUIRE(!all.empty());
    const stage_verdict* one = first_outside(all);
    return one == nullptr ? "" : one->stage;
  }
  /// The k-th number of a tap times `factor`.
  std::string first_with(const std::string& name, std::int64_t k, double factor) {
    tensor_set& in = c.tensors.has(name) ? c.tensors : c.taps;
    tensor changed = in.at(name);
    changed.set_value(k, changed.value(k) * factor);
    const tensor_set before = in;
    in.set(name, changed);
    const std::string stage = first();
    in = before;
    return stage;
  }
  std::string message_with_place(std::int64_t k, int column, std::int32_t value) {
    tensor places = c.taps.at("tap_scores_at");
    places.set_value(3 * k + column, value);
    const tensor_set before = c.taps;
    c.taps.set("tap_scores_at", places);
    const std::vector<stage_verdict> all = op.stages_of(c);
    c.taps = before;
    const stage_verdict* one = first_outside(all);
    BOOST_REQUIRE(one != nullptr);
    BOOST_TEST(one->stage == "scores");
    return one->judged.message;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(stages)

BOOST_AUTO_TEST_CASE(every_stage_of_every_attention_keeps_its_budget) {
  const auto where = host();
  std::set<std::string> tapped;
  for (const operation* one : operations()) {
    const std::string function = std::string(one->op()) + "." + std::string(one->function());
    if (tapped_functions.count(function) == 0) continue;
    for (const variant_info& row : one->variants(side::host))
      for (const contract& promised : row.contracts)
        for (std::uint64_t i = 0; i < 8; ++i) {
          const case_spec spec = one->draw(row.name, promised.in, 57, i, "");
          const case_result r = one->examine(spec, *where, with_stages());
          if (r.result == outcome::skipped) continue;
          if (!r.stages.empty()) tapped.insert(function + "/" + row.name);
          const stage_verdict* out = first_outside(r.stages);
          BOOST_TEST(out == nullptr, spec.str() << ": " << out->stage << ": " << out->judged.message);
        }
    for (const variant_info& row : one->variants(side::host))
      BOOST_TEST(tapped.count(function + "/" + row.name) == 1U,
                 function << "/" << row.name << " shows nothing");
  }
}

BOOST_AUTO_TEST_CASE(taps_change_no_bit) {
  const auto where = host();
  const operation& op = operation_named("flash_decode.attend");
  const case_spec spec = case_spec::parse(
      "plumbline1:flash_decode.attend/"
      "split:hq=5,d=32,cache_seqlens=66,capacity=70,num_splits=3;regime=ramp;seed=16");
  const recorded_case with = op.record(spec, where.get(), true),
                      without = op.record(spec, where.get(), false);
  BOOST_TEST(with.taps.size() == 2 * tap_names.size());
  BOOST_TEST(without.taps.size() == 0U);
  for (const auto& [name, value] : without.tensors)
    BOOST_TEST(same_elements(value, with.tensors.at(name)), name);
}

BOOST_AUTO_TEST_CASE(an_error_is_charged_where_it_was_made) {
  shown_call call;
  BOOST_TEST(call.first() == "");
  BOOST_TEST(call.first_with("tap_scores", 40, 1.001) == "scores");
  BOOST_TEST(call.first_with("tap_row_max", 3, 1 + 0x1p-24) == "row_max");
  BOOST_TEST(call.first_with("tap_row_sum", 5, 1.0001) == "row_sum");
  BOOST_TEST(call.first_with("tap_partial_out", 77, 1.2) == "partial_out");
  BOOST_TEST(call.first_with("tap_partial_lse", 9, 1.0001) == "partial_lse");
  BOOST_TEST(call.first_with("out", 100, 1.1) == "combined_out");
  BOOST_TEST(call.first_with("lse", 2, 1.0001) == "combined_out");
}

BOOST_AUTO_TEST_CASE(a_stage_counts_the_numbers_that_it_compared) {
  const shown_call call;
  const auto shown = [&](const char* tap) { return call.c.taps.at(tap).size(); };
  const std::map<std::string, std::int64_t> numbers = {{"scores", 4 * (70 + 300)},
                                                       {"row_max", shown("tap_row_sum")},
                                                       {"row_sum", shown("tap_row_sum")},
                                                       {"partial_out", shown("tap_partial_out")},
                                                       {"partial_lse", shown("tap_partial_lse")},
                                                       {"combined_out", call.c.tensors.at("out").size()}};
  for (const stage_verdict& one : call.op.stages_of(call.c))
    BOOST_TEST(one.judged.elements == numbers.at(one.stage),
               one.stage << " " << one.judged.elements << " of " << numbers.at(one.stage));
}

BOOST_AUTO_TEST_CASE(the_law_is_one_of_functions_that_have_stages) {
  for (const operation* one : operations()) {
    const std::vector<std::string> laws = one->laws();
    const bool listed = std::count(laws.begin(), laws.end(), "stages_keep_their_budgets") == 1;
    const std::string function = std::string(one->op()) + "." + std::string(one->function());
    BOOST_TEST(listed == (tapped_functions.count(function) == 1), function);
  }
}

BOOST_AUTO_TEST_CASE(what_rounding_may_do_is_no_error) {
  shown_call call;
  const std::vector<double> scores = call.c.taps.at("tap_scores").values();
  const auto largest = std::max_element(scores.begin(), scores.end(),
                                        [](double a, double b) { return std::fabs(a) < std::fabs(b); });
  BOOST_TEST(call.first_with("tap_scores", largest - scores.begin(), 1 + 0x1p-22) == "");
  BOOST_TEST(call.first_with("tap_scores", largest - scores.begin(), 1 + 0x1p-17) == "scores");
  BOOST_TEST(call.first_with("tap_row_sum", 5, 1 + 0x1p-23) == "");
  BOOST_TEST(call.first_with("tap_partial_lse", 9, 1 + 0x1p-23) == "");
  BOOST_TEST(call.first_with("tap_partial_out", 77, 1 + 0x1p-20) == "");
}

BOOST_AUTO_TEST_CASE(a_scale_below_the_floats_is_no_error) {
  const auto where = host();
  const operation& op = operation_named("flash_decode.attend");
  const case_result r = op.examine(
      case_spec::parse("plumbline1:flash_decode.attend/scalar:dtype=e4m3,hq=4,hk=4,d=96,capacity=143,"
                       "softmax_scale=8.758115402030107e-47,num_splits=1;regime=normal;"
                       "seed=998638838"),
      *where, with_stages());
  BOOST_REQUIRE(!r.stages.empty());
  const stage_verdict* out = first_outside(r.stages);
  BOOST_TEST(out == nullptr, out->stage << ": " << out->judged.message);
}

BOOST_AUTO_TEST_CASE(a_key_is_scored_once) {
  shown_call call;
  BOOST_TEST(call.message_with_place(3, 2, 4).find("key 4 of sequence 0, query 0, head 0 was scored twice") !=
             std::string::npos);
  BOOST_TEST(call.message_with_place(3, 2, 75).find("was scored, which the row does not see") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_row_that_no_query_has_is_charged_to_the_stage_that_showed_it) {
  // The last number once more, far behind the rows of the call or just in front of them.
  const auto shows = [](std::string_view stage, int row) {
    shown_call call;
    for (const char* part : {"", "_at"}) {
      const std::string name = "tap_" + std::string(stage) + part;
      const tensor before = call.c.taps.at(name);
      std::vector<std::int64_t> shape(before.shape().begin(), before.shape().end());
      ++shape[0];
      tensor after(before.type(), shape);
      const std::int64_t width = after.size() / shape[0];
      for (std::int64_t k = 0; k < after.size(); ++k)
        after.set_value(k, before.value(k < before.size() ? k : k - width));
      if (*part != 0) after.set_value(before.size(), row);
      call.c.taps.set(name, after);
    }
    const std::vector<stage_verdict> all = call.op.stages_of(call.c);
    const stage_verdict* one = first_outside(all);
    BOOST_REQUIRE(one != nullptr);
    BOOST_TEST(one->stage == stage);
    BOOST_TEST(one->judged.message.find("row " + std::to_string(row) + ", split ") != std::string::npos,
               one->judged.message);
  };
  for (const std::string_view stage : tap_names)
    for (const int row : {4711, -1}) shows(stage, row);
}

BOOST_AUTO_TEST_CASE(more_numbers_than_are_kept_is_a_reason_with_its_figure) {
  const auto where = host();
  const operation& op = operation_named("flash_decode.attend");
  const case_spec spec = case_spec::parse(
      "plumbline1:flash_decode.attend/scalar:hq=2,d=16,cache_seqlens=40,capacity=40;regime=normal;seed=7");
  examine_options how{true, true, stages_wanted::never};
  const auto law_with = [&](std::size_t most) {
    how.most_taps = most;
    const case_result r = op.examine(spec, *where, how);
    for (const law_result& one : r.laws)
      if (one.law == "stages_keep_their_budgets") return one;
    BOOST_FAIL("the law was not asked");
    return law_result{};
  };
  BOOST_TEST((law_with(80).result == outcome::pass));
  const law_result skipped = law_with(79);
  BOOST_TEST((skipped.result == outcome::skipped));
  BOOST_TEST(skipped.message == "the kernel shows 80 numbers of scores, more than the 79 that are kept");
}

BOOST_AUTO_TEST_CASE(what_was_never_shown_is_charged_to_its_stage) {
  for (const std::string_view stage : tap_names) {
    shown_call call;
    tensor_set fewer;
    for (const auto& [name, value] : call.c.taps)
      if (name.find(stage) == std::string::npos) fewer.set(name, value);
    call.c.taps = fewer;
    BOOST_TEST(call.first() == stage);
  }
}

BOOST_AUTO_TEST_CASE(a_merge_has_no_rounding_but_that_of_its_output) {
  shown_call call;
  const tensor out = call.c.tensors.at("out");
  for (std::int64_t k = 0; k < 20; ++k)
    for (const double ulps : {-1.0, 1.0}) {
      const double one_off = 1 + ulps * std::ldexp(1, std::ilogb(out.value(k)) - 7) / std::fabs(out.value(k));
      BOOST_TEST(call.first_with("out", k, one_off) == "combined_out", "element " << k);
    }
}

BOOST_AUTO_TEST_CASE(a_record_keeps_as_many_of_each_kind_as_it_may_and_says_that_there_were_more) {
  tap_record record(2);
  for (int i = 0; i < 2; ++i) record.take(tap::scores, {}), record.take(tap::row_max, {});
  BOOST_TEST(!record.overflowed());
  BOOST_TEST(tensors_of(record).size() == 4U);
  record.take(tap::row_max, {});
  BOOST_TEST(record.of(tap::row_max).size() == 2U);
  BOOST_TEST(record.shown(tap::row_max) == 3U);
  BOOST_TEST(record.shown(tap::scores) == 2U);
  BOOST_TEST(record.overflowed());
  BOOST_TEST(tensors_of(record).size() == 0U);
}

BOOST_AUTO_TEST_CASE(taps_are_in_the_order_of_rows_then_splits_then_places) {
  std::vector<tapped> expected;
  for (std::int64_t row = 0; row < 2; ++row)
    for (std::int32_t split = 0; split < 2; ++split)
      for (std::int32_t at = 0; at < 2; ++at)
        expected.push_back({row, split, at, static_cast<double>(expected.size())});
  tap_record record, again;
  for (const std::size_t k : {5, 2, 7, 0, 4, 6, 1, 3}) record.take(tap::scores, expected[k]);
  read_taps(tensors_of(record), again);  // from a file, however it lay there
  record.sort();
  for (const tap_record* one : {&record, &again})
    for (std::size_t k = 0; k < 8; ++k) {
      const tapped &found = one->of(tap::scores)[k], &right = expected[k];
      BOOST_TEST((found.row == right.row && found.split == right.split && found.at == right.at &&
                  found.value == right.value));
    }
}

BOOST_AUTO_TEST_CASE(a_row_beyond_32_bits_is_not_written_as_another) {
  tap_record record;
  record.take(tap::scores, {0x7fffffff, 0, 0, 1});
  BOOST_TEST(tensors_of(record).at("tap_scores_at").value(0) == 2147483647.0);
  record.take(tap::row_max, {std::int64_t{1} << 32, 0, 0, 1});
  BOOST_TEST(tensors_of(record).size() == 0U);
}

BOOST_AUTO_TEST_CASE(taps_of_a_file_are_checked) {
  shown_call call;
  tap_record record;
  tensor_set wrong = call.c.taps;
  wrong.set("tap_row_sum_at", tensor(dtype::i32, {4, 3}));
  BOOST_CHECK_EXCEPTION(read_taps(wrong, record), std::invalid_argument, [](const auto& e) {
    return std::string(e.what()).find("tap_row_sum_at: expected i32 (20, 3)") != std::string::npos;
  });
  for (const std::int64_t columns : {2, 4}) {
    wrong.set("tap_row_sum_at", tensor(dtype::i32, {20, columns}));
    BOOST_CHECK_THROW(read_taps(wrong, record), std::invalid_argument);
  }
  tensor_set turned;  // a stranger may write them in any order
  for (const auto& [name, value] : call.c.taps) {
    tensor last_first = value;
    const std::int64_t n = value.dim(0), width = value.size() / n;
    for (std::int64_t k = 0; k < value.size(); ++k)
      last_first.set_value(k, value.value((n - 1 - k / width) * width + k % width));
    turned.set(name, last_first);
  }
  call.c.taps = turned;
  BOOST_TEST(call.first() == "");
  tap_record small(19);
  BOOST_CHECK_EXCEPTION(read_taps(call.c.taps, small), std::invalid_argument, [](const auto& e) {
    return std::string(e.what()).find("expected at most 19 numbers, got ") != std::string::npos;
  });
  tensor_set unknown;
  unknown.set("tap_colour", tensor(dtype::f64, {1}));
  BOOST_CHECK_THROW(read_taps(unknown, record), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
