// The laws of append and combine, held by the right kernels and broken by planted ones.
#include <boost/test/unit_test.hpp>

#include <map>
#include <string>

#include "kernels/core/variants_of.hpp"
#include "properties/flash_decode/append_agreement.hpp"
#include "properties/flash_decode/append_inputs.hpp"
#include "properties/flash_decode/append_laws.hpp"
#include "properties/flash_decode/combine_agreement.hpp"
#include "properties/flash_decode/combine_inputs.hpp"
#include "properties/flash_decode/combine_laws.hpp"
#include "properties/flash_decode/shapes.hpp"

using namespace plumbline;
using flash_decode::append_problem;
using flash_decode::combine_problem;

namespace {

const variant<append_problem>& right_append() {
  return variants_of<flash_decode::append_problem>(side::host)[0];
}
const variant<combine_problem>& right_combine() {
  return variants_of<flash_decode::combine_problem>(side::host)[0];
}

int calls = 0;

std::int64_t slot_of(const kernel_arguments& a, const append_problem& p, std::int64_t n, std::int64_t slot) {
  const tensor_view cache = a.out("v_cache"), rows = a.in("cache_batch_idx"), table = a.in("page_table");
  std::int64_t row = rows ? rows.as<std::int32_t>()[n] : n;
  if (p.page_size > 0) {
    row = table.as<std::int32_t>()[row * table.stride[0] + slot / p.page_size];
    slot %= p.page_size;
  }
  return row * cache.stride[0] + slot * cache.stride[1];
}

// From the second call on, the first appended V element of every sequence has a flipped bit.
void append_flips_later(const append_problem& p, const kernel_arguments& a, launcher& place) {
  right_append().run(p, a, place);
  if (++calls < 2) return;
  for (std::int64_t n = 0; n < p.b; ++n)
    if (flash_decode::new_tokens(p, n) > 0)
      a.out("v_cache").as<std::uint16_t>()[slot_of(a, p, n, p.cache_seqlens[static_cast<std::size_t>(n)])] ^=
          1;
}

// Writes one element of the slot in front of the appended ones, where there is one.
void append_writes_beside(const append_problem& p, const kernel_arguments& a, launcher& place) {
  right_append().run(p, a, place);
  for (std::int64_t n = 0; n < p.b; ++n)
    if (flash_decode::cached_keys(p, n) > 0)
      a.out("v_cache")
          .as<std::uint16_t>()[slot_of(a, p, n, p.cache_seqlens[static_cast<std::size_t>(n)] - 1)] ^= 1;
}

// From the second call on, `out` is doubled.
void combine_doubles_later(const combine_problem& p, const kernel_arguments& a, launcher& place) {
  right_combine().run(p, a, place);
  if (++calls < 2) return;
  const tensor_view out = a.out("out");
  for (std::int64_t row = 0; row < p.b * p.sq * p.hq; ++row)
    for (std::int64_t c = 0; c < p.dv; ++c) out.as<float>()[row * out.stride[2] + c] *= 2;
}

template <class Problem, class Run>
variant<Problem> planted(const variant<Problem>& right, Run run) {
  variant<Problem> row = right;
  row.run = run;
  return row;
}

using counts = std::map<std::string, std::map<outcome, int>>;

template <class Problem>
void check_all(const laws::subject<Problem>& s, std::span<const laws::law<Problem>> all, counts& seen) {
  for (const auto& one : all) {
    if (!one.concerns(s).empty()) continue;
    calls = 1;
    const std::string broken = one.broken(s);
    ++seen[std::string(one.name)][broken.empty() ? outcome::pass : outcome::fail];
  }
}

counts append_outcomes(const variant<append_problem>& row) {
  counts seen;
  std::string why_not;
  const auto host = make_executor("host", why_not);
  BOOST_REQUIRE_MESSAGE(host, why_not);
  for (std::uint64_t i = 0; i < 30; ++i) {
    const append_problem p = generate::draw_append(dtype::bf16, 41, i);
    const tensor_set inputs = generate::draw_inputs(p, "normal", i);
    tensor_set outputs;
    calls = 0;
    const laws::append_subject s{p, inputs, outputs, row, row.contracts[0], *host, {}, i};
    auto first = s.run(p, inputs);
    BOOST_REQUIRE(!first.why_not);
    outputs = std::move(first.outputs);
    check_all(s, laws::append_laws(), seen);
    const verdict v = laws::judge_append(p, inputs, outputs);
    ++seen["agrees_with_truth"][v.result];
  }
  return seen;
}

counts combine_outcomes(const variant<combine_problem>& row) {
  counts seen;
  std::string why_not;
  const auto host = make_executor("host", why_not);
  BOOST_REQUIRE_MESSAGE(host, why_not);
  for (std::uint64_t i = 0; i < 20; ++i) {
    combine_problem p = generate::draw_combine(dtype::f32, 41, i);
    p.sq = std::min<std::int64_t>(p.sq, 4);
    const tensor_set inputs = generate::draw_inputs(p, "normal", i);
    tensor_set outputs;
    calls = 0;
    const laws::combine_subject s{p, inputs, outputs, row, row.contracts[0], *host, {}, i};
    auto first = s.run(p, inputs);
    BOOST_REQUIRE(!first.why_not);
    outputs = std::move(first.outputs);
    check_all(s, laws::combine_laws(), seen);
  }
  return seen;
}

void require_kept(counts seen) {
  for (auto& [name, by_outcome] : seen) {
    BOOST_TEST(by_outcome[outcome::fail] == 0, name);
    BOOST_TEST(by_outcome[outcome::pass] > 0, name);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(append_and_combine_laws)

BOOST_AUTO_TEST_CASE(a_right_append_keeps_every_law) {
  const counts seen = append_outcomes(right_append());

  BOOST_TEST(seen.size() == laws::append_laws().size() + 1);
  require_kept(seen);
}

BOOST_AUTO_TEST_CASE(a_flipped_bit_of_an_appended_row_breaks_every_law_of_bits) {
  counts seen = append_outcomes(planted(right_append(), append_flips_later));

  for (const char* name :
       {"same_bits_run_to_run", "same_bits_any_batch_position", "same_bits_any_page_layout",
        "same_bits_any_schedule", "unused_memory_changes_nothing"})
    BOOST_TEST(seen[name][outcome::fail] > seen[name][outcome::pass], name);
}

BOOST_AUTO_TEST_CASE(a_write_beside_the_appended_rows_is_seen_by_the_law_and_by_the_judge) {
  counts seen = append_outcomes(planted(right_append(), append_writes_beside));

  for (const char* name : {"rows_outside_keep_their_bytes", "agrees_with_truth"})
    BOOST_TEST(seen[name][outcome::fail] > seen[name][outcome::pass], name);
}

BOOST_AUTO_TEST_CASE(a_right_combine_keeps_every_law) {
  const counts seen = combine_outcomes(right_combine());

  BOOST_TEST(seen.size() == laws::combine_laws().size());
  require_kept(seen);
}

BOOST_AUTO_TEST_CASE(a_doubled_merge_breaks_every_law_that_runs_again) {
  counts seen = combine_outcomes(planted(right_combine(), combine_doubles_later));

  for (const char* name :
       {"same_bits_run_to_run", "same_bits_any_batch_position", "same_bits_any_schedule",
        "unused_memory_changes_nothing", "permuted_splits_agree", "scaled_partials_scale_the_output"}) {
    BOOST_TEST(seen[name][outcome::fail] > 0, name);
    BOOST_TEST(seen[name][outcome::pass] == 0, name);
  }
}

BOOST_AUTO_TEST_SUITE_END()
