// combine: by hand, and against long double.
#include <boost/test/unit_test.hpp>

#include <numbers>

#include "reference/mla.hpp"
#include "tests/mla_reference_plain.hpp"

using namespace plumbline;
using namespace plumbline::mla;
using namespace plumbline::mla::plain;

namespace {

// One request, one row of one number a split.
struct small_combine {
  combine_problem p;
  tensor_set inputs;
  small_combine(const numbers& out, const numbers& lse) {
    p.dv = 1;
    p.splits = {static_cast<integer>(out.size())};
    inputs = empty_inputs(p);
    for (std::size_t s = 0; s < out.size(); ++s) {
      put(inputs.at("out_partial"), out[s], s, 0, 0, 0);
      put(inputs.at("lse_partial"), lse[s], s, 0, 0);
    }
  }
  void give_sink(double logit) {
    p.has_sink = true;
    tensor sink(dtype::f32, {1});
    sink.set_value(0, logit);
    inputs.set("attn_sink", sink);
  }
  combine_truth truth() const { return mla::combine(p, inputs); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(mla_combine)

BOOST_AUTO_TEST_CASE(partials_weigh_by_powers_of_two_and_the_lse_is_natural) {
  const combine_truth truth = small_combine({2, 6}, {3, 4}).truth();  // weights 1/3, 2/3

  BOOST_TEST(close(truth.out[0], 14. / 3, 4));
  BOOST_TEST(close(truth.lse[0], std::log(24.), 4));
  BOOST_TEST(truth.max_lse[0] == 4 * std::numbers::ln2);
}

BOOST_AUTO_TEST_CASE(one_partial_is_copied_and_its_lse_changes_base) {
  const combine_truth truth = small_combine({-7.25}, {10}).truth();

  BOOST_TEST(truth.out == numbers{-7.25});
  BOOST_TEST(truth.S1 == numbers{7.25});
  BOOST_TEST(truth.lse == numbers{10 * std::numbers::ln2});
}

BOOST_AUTO_TEST_CASE(empty_partials_do_not_touch_the_result_whatever_they_hold) {
  const combine_truth truth = small_combine({junk, 6, infinity}, {-infinity, 3, -infinity}).truth();

  BOOST_TEST(truth.out == numbers{6});
  BOOST_TEST(truth.lse == numbers{3 * std::numbers::ln2});
}

BOOST_AUTO_TEST_CASE(all_empty_gives_zero_and_plus_infinity) {
  small_combine call({junk, junk}, {-infinity, -infinity});
  BOOST_TEST(call.truth().out == numbers{0});
  BOOST_TEST(call.truth().lse == numbers{infinity});
  call.give_sink(-infinity);
  BOOST_TEST(call.truth().out == numbers{0});
  BOOST_TEST(call.truth().lse == numbers{infinity});
}

BOOST_AUTO_TEST_CASE(large_logs_do_not_overflow) {
  BOOST_TEST(small_combine({2, 6}, {3e38, 3e38}).truth().out == numbers{4});
}

BOOST_AUTO_TEST_CASE(a_sink_takes_its_share_of_the_output_and_none_of_the_lse) {
  small_combine call({2, 6}, {0, 0});  // lse ln 2
  const auto with = [&](double logit) {
    call.give_sink(logit);
    return call.truth();
  };

  BOOST_TEST(close(with(0).out[0], 4 * (2. / 3), 4));
  BOOST_TEST(with(0).lse[0] == std::numbers::ln2);
  BOOST_TEST(close(with(0).sink_factor[0], 2. / 3, 4));
  BOOST_TEST(with(-infinity).out == numbers{4});
  BOOST_TEST(with(infinity).out == numbers{0});
  BOOST_TEST(with(infinity).lse[0] == std::numbers::ln2);
}

BOOST_AUTO_TEST_CASE(random_partials_agree_with_long_double) {
  using real = long double;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    random_stream r(seed, "combine");
    combine_problem p;
    p.b = r.integer(0, 3), p.sq = r.integer(0, 3), p.hq = r.integer(1, 4), p.dv = r.integer(1, 9);
    p.gap = r.integer(0, 2);
    p.has_sink = r.chance(0.5);
    for (integer n = 0; n < p.b; ++n) p.splits.push_back(r.integer(1, 9));
    tensor_set inputs = empty_inputs(p);
    draw(inputs.at("out_partial"), r);
    draw(inputs.at("lse_partial"), r, 4);
    if (p.has_sink) draw(inputs.at("attn_sink"), r, 4);
    const combine_truth truth = mla::combine(p, inputs);
    const tensor &o = inputs.at("out_partial"), &logs = inputs.at("lse_partial");
    integer first = 0;
    for (integer n = 0; n < p.b; first += p.splits[static_cast<std::size_t>(n)], ++n)
      for (integer i = 0; i < p.sq; ++i)
        for (integer h = 0; h < p.hq; ++h) {
          const integer end = first + p.splits[static_cast<std::size_t>(n)];
          real total = 0, largest = 0;
          for (integer s = first; s < end; ++s) {
            total += std::exp2(static_cast<real>(at(logs, s, i, h)));
            largest = std::max<real>(largest, std::fabs(at(logs, s, i, h)));
          }
          const real sink = p.has_sink ? std::exp(static_cast<real>(at(inputs.at("attn_sink"), h))) : 0;
          // A weight: the difference of two logs, exp2, the sum, the division; the sink's logit and lse.
          const real relative = 0x1p-53L * (2 * largest + 8 * p.splits[static_cast<std::size_t>(n)] + 64);
          const auto at_lse = static_cast<std::size_t>((n * p.hq + h) * p.sq + i);
          BOOST_TEST(std::fabs(truth.lse[at_lse] - std::log(total)) <=
                     relative * (1 + std::fabs(std::log(total))));
          for (integer c = 0; c < p.dv; ++c) {
            real out = 0, size = 0;
            for (integer s = first; s < end; ++s) {
              const real x =
                  std::exp2(static_cast<real>(at(logs, s, i, h))) / (total + sink) * at(o, s, i, h, c);
              out += x, size += std::fabs(x);
            }
            const auto e = static_cast<std::size_t>(((n * p.sq + i) * p.hq + h) * p.dv + c);
            BOOST_TEST(std::fabs(truth.out[e] - out) <= relative * size, to_text(p));
            BOOST_TEST(std::fabs(truth.S1[e] - size) <= relative * size);
          }
        }
  }
}

BOOST_AUTO_TEST_SUITE_END()
