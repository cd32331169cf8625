// Index lists of a prefill, and positions that become rows: by hand, and against plain rows in 113 bits.
#include <boost/test/unit_test.hpp>

#include "reference/core/keyed_text.hpp"
#include "reference/mla.hpp"
#include "tests/mla_reference_plain.hpp"

using namespace plumbline;
using namespace plumbline::mla;
using namespace plumbline::mla::plain;

namespace {

constexpr attention_options truth_alone{1, false, 0};

}  // namespace

BOOST_AUTO_TEST_SUITE(mla_prefill_indices)

BOOST_AUTO_TEST_CASE(positions_become_rows_through_the_table_and_minus_one_stays) {
  const tensor table = integers({2, 2}, {7, 0, 3, 4});
  const tensor logical = integers({2, 1, 4}, {0, 4, -1, 5, 2, -1, 3, 1});
  const tensor physical = physical_indices(logical, table, 3);

  BOOST_TEST(physical.values() == (numbers{21, 1, -1, 2, 11, -1, 12, 10}), boost::test_tools::per_element());
  BOOST_CHECK_EXCEPTION(physical_indices(integers({1, 1, 1}, {6}), table, 3), bad_argument,
                        [](const bad_argument& e) { return e.argument() == "indices"; });
}

BOOST_AUTO_TEST_CASE(prefill_skips_every_index_outside_its_rows_and_reports_the_largest_logit) {
  prefill_indices_problem p;
  p.sq = 3, p.hq = 2, p.skv = 3, p.d = 1, p.dv = 1, p.topk = 6;
  p.topk_length = {6, 0, 4};
  p.softmax_scale = 0.5;
  tensor_set inputs = empty_inputs(p);
  for (integer i = 0; i < 3; ++i) put(inputs.at("q"), 2, i, 0, 0), put(inputs.at("q"), -2, i, 1, 0);
  for (integer j = 0; j < 3; ++j) put(inputs.at("kv"), static_cast<double>(j), j, 0, 0);  // logits j, -j
  const numbers lists[] = {
      {1, -2147483648., 3, 2147483647, 1, -1}, {0, 1, 2, 0, 1, 2}, {-1, 3, 114514, -7, 0, 0}};
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 6; ++j) put(inputs.at("indices"), lists[i][j], i, 0, j);
  const prefill_indices_truth truth = prefill_indices(p, inputs, {}, truth_alone);

  BOOST_TEST((truth.max_logits == numbers{1, -1, -infinity, -infinity, -infinity, -infinity}));
  BOOST_TEST((truth.units[0].out == numbers{1, 1}));
  BOOST_TEST(close(truth.units[0].lse[0], 1 + std::log(2.0), 4));
  for (const std::size_t nothing : {1u, 2u}) {
    BOOST_TEST((truth.units[nothing].out == numbers{0, 0}));
    BOOST_TEST((truth.units[nothing].lse == numbers{infinity, infinity}));
  }
  BOOST_TEST(place_of(p, 2, 1).out_row == 5);
  BOOST_TEST(place_of(p, 2, 1).lse == 5);
}

BOOST_AUTO_TEST_CASE(random_prefill_lists_agree_with_plain_rows_in_113_bits) {
  for (std::uint64_t seed = 0; seed < 80; ++seed) {
    random_stream r(seed, "prefill lists");
    prefill_indices_problem p;
    p.sq = r.integer(0, 4), p.hq = r.integer(1, 4), p.skv = r.integer(0, 30);
    p.d = r.integer(1, 30), p.dv = r.integer(1, p.d), p.gap = r.integer(0, 2), p.topk = r.integer(0, 80);
    p.has_sink = r.chance(0.5);
    if (r.chance(0.5))
      for (integer i = 0; i < p.sq; ++i) p.topk_length.push_back(r.integer(0, p.topk));
    tensor_set inputs = empty_inputs(p);
    draw(inputs.at("q"), r, 2);
    draw(inputs.at("kv"), r);
    if (p.has_sink) draw(inputs.at("attn_sink"), r);
    for (integer i = 0; i < p.sq; ++i)
      for (integer j = 0; j < p.topk; ++j)
        put(inputs.at("indices"), static_cast<double>(r.chance(0.2) ? 2147480000 : r.integer(-5, p.skv + 5)),
            i, 0, j);
    const prefill_indices_truth truth = prefill_indices(p, inputs, {}, truth_alone);
    for (integer i = 0; i < p.sq; ++i)
      for (integer h = 0; h < p.hq; ++h) {
        row plain{p.d, p.dv, std::pow(static_cast<double>(p.d), -0.5), {}, {}, {}, {}};
        for (integer e = 0; e < p.d; ++e) plain.q.push_back(at(inputs.at("q"), i, h, e));
        const integer used = p.topk_length.empty() ? p.topk : p.topk_length[static_cast<std::size_t>(i)];
        double most = -infinity, sizes = 0;
        for (integer j = 0; j < used; ++j) {
          const double entry = at(inputs.at("indices"), i, 0, j);
          if (entry < 0 || entry >= static_cast<double>(p.skv)) continue;
          double logit = 0;
          for (integer e = 0; e < p.d; ++e) {
            plain.k.push_back(at(inputs.at("kv"), entry, 0, e));
            if (e < p.dv) plain.v.push_back(plain.k.back());
            logit += plain.q[static_cast<std::size_t>(e)] * plain.k.back();
            sizes += std::fabs(plain.q[static_cast<std::size_t>(e)] * plain.k.back());
          }
          most = std::max(most, logit * plain.scale);
        }
        if (p.has_sink) plain.sink = {at(inputs.at("attn_sink"), h)};
        const attention_truth& unit = truth.units[static_cast<std::size_t>(i)];
        BOOST_TEST(error_of(plain, unit.out.data() + h * p.dv, unit.lse[static_cast<std::size_t>(h)]) <= 1,
                   to_text(p));
        const double found = truth.max_logits[static_cast<std::size_t>(i * p.hq + h)];
        // Two sums of d products and one scaling, in any order.
        const double bound = 2 * static_cast<double>(p.d + 2) * 0x1p-53 * sizes * plain.scale;
        BOOST_TEST((found == most || std::fabs(found - most) <= bound), to_text(p));
      }
  }
}

BOOST_AUTO_TEST_SUITE_END()
