// prefill: closed forms, and plain rows in 113 bits.
#include <boost/test/unit_test.hpp>

#include "reference/mla.hpp"
#include "tests/mla_reference_plain.hpp"

using namespace plumbline;
using namespace plumbline::mla;
using namespace plumbline::mla::plain;

namespace {

constexpr attention_options truth_alone{1, false, 0};

struct drawn {
  prefill_problem p;
  tensor_set inputs;
};

drawn draw_prefill(std::uint64_t seed) {
  random_stream r(seed, "prefill");
  drawn c;
  prefill_problem& p = c.p;
  p.type = r.chance(0.5) ? dtype::bf16 : dtype::f16;
  p.b = r.integer(0, 3);
  p.sq = r.integer(0, 7);
  p.hk = r.integer(1, 3);
  p.hq = p.hk * (r.chance(0.3) ? 2 : 1);
  p.d = r.integer(1, 30);
  p.dv = r.integer(1, 30);
  p.capacity = r.integer(0, 90);
  p.gap = r.chance(0.5) ? r.integer(1, 5) : 0;
  p.softmax_scale = r.chance(0.3) ? 0 : r.uniform();
  p.causal = r.chance(0.6);
  for (integer s = 0; s < p.b; ++s)
    p.cache_seqlens.push_back(r.chance(0.3) ? r.integer(0, std::min(p.capacity, p.sq))
                                            : r.integer(0, p.capacity));
  c.inputs = empty_inputs(p);
  draw(c.inputs.at("q"), r, 2);
  for (const char* name : {"k", "v"}) {
    tensor& t = c.inputs.at(name);
    fill(t, junk);
    for (integer s = 0; s < p.b; ++s)
      for (integer j = 0; j < p.cache_seqlens[static_cast<std::size_t>(s)]; ++j)
        for (integer h = 0; h < p.hk; ++h)
          for (integer e = 0; e < t.dim(3); ++e) put(t, r.normal(), s, j, h, e);
  }
  return c;
}

row row_of(const drawn& c, integer s, integer i, integer h) {
  const prefill_problem& p = c.p;
  const integer length = p.cache_seqlens[static_cast<std::size_t>(s)], first_position = length - p.sq;
  row r{p.d, p.dv, p.softmax_scale > 0 ? p.softmax_scale : std::pow(static_cast<double>(p.d), -0.5), {}, {},
        {},  {}};
  for (integer e = 0; e < p.d; ++e) r.q.push_back(at(c.inputs.at("q"), s, i, h, e));
  for (integer j = 0; j < length; ++j) {
    if (p.causal && j > first_position + i) continue;
    for (integer e = 0; e < p.d; ++e) r.k.push_back(at(c.inputs.at("k"), s, j, h * p.hk / p.hq, e));
    for (integer e = 0; e < p.dv; ++e) r.v.push_back(at(c.inputs.at("v"), s, j, h * p.hk / p.hq, e));
  }
  return r;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mla_prefill)

BOOST_AUTO_TEST_CASE(a_chunk_of_queries_sees_what_came_before_it_and_itself) {
  // Keys of zero score with values 1, 2, 4, 8: row i of two sees the first three, four of them.
  prefill_problem p;
  p.sq = 2, p.d = 1, p.dv = 1, p.capacity = 5;
  p.cache_seqlens = {4};
  p.causal = true;
  tensor_set inputs = empty_inputs(p);
  for (integer j = 0; j < 5; ++j)
    put(inputs.at("v"), j < 4 ? std::ldexp(1.0, static_cast<int>(j)) : junk, 0, j, 0, 0);
  const attention_truth causal = prefill(p, inputs, {}, truth_alone)[0];
  p.causal = false;
  const attention_truth open = prefill(p, inputs, {}, truth_alone)[0];

  BOOST_TEST(close(causal.out[0], 7. / 3, 4));
  BOOST_TEST(causal.out[1] == 15. / 4);
  BOOST_TEST(causal.lse[0] == std::log(3.0));
  BOOST_TEST((open.out == numbers{15. / 4, 15. / 4}));
}

BOOST_AUTO_TEST_CASE(random_problems_agree_with_plain_rows_in_113_bits) {
  int empty = 0, rows = 0;
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    const drawn c = draw_prefill(seed);
    const auto truths = prefill(c.p, c.inputs, {}, truth_alone);
    for (std::size_t u = 0; u < truths.size(); ++u)
      for (integer n = 0; n < truths[u].rows; ++n) {
        const row_place place = place_of(c.p, u, n);
        const row plain = row_of(c, place.sequence, place.query, place.head);
        const double error =
            error_of(plain, truths[u].out.data() + n * c.p.dv, truths[u].lse[static_cast<std::size_t>(n)]);
        BOOST_TEST(error <= 1, to_text(c.p) << ", " << name_of(place) << ": " << error);
        BOOST_TEST(place.out_row == (place.sequence * c.p.sq + place.query) * c.p.hq + place.head);
        BOOST_TEST(place.lse == (place.sequence * c.p.hq + place.head) * c.p.sq + place.query);
        empty += plain.k.empty(), ++rows;
      }
  }
  BOOST_TEST(rows > 500);
  BOOST_TEST(empty > 50);
}

BOOST_AUTO_TEST_SUITE_END()
