// project and attention against values worked out by hand, and against the definition in 113 bits.
#include <boost/test/unit_test.hpp>

#include "tests/dflash_data.hpp"
#include "tests/mla_reference_plain.hpp"

using namespace plumbline;
using namespace plumbline::dflash;
using namespace plumbline::dflash::called;

namespace {

// One head of two elements, weights that pass the first two numbers on.
project_problem small_projection(integer block_size, integer context_len) {
  project_problem p;
  p.block_size = block_size, p.context_len = context_len;
  p.hidden_size = 2, p.hq = p.hk = 1, p.d = 2;
  p.eps = 0;
  return p;
}
tensor_set passing_on(const project_problem& p) {
  tensor_set in = empty_inputs(p);
  for (const char* weight : {"wq", "wk", "wv"}) fill(in.at(weight), {1, 0, 0, 1});
  for (const char* norm : {"q_norm", "k_norm"}) fill(in.at(norm), {1, 2});
  return in;
}

using quad = __float128;

quad quad_root(quad x) {
  quad y = std::sqrt(static_cast<double>(x));
  for (int i = 0; i < 3; ++i) y = (y + x / y) / 2;
  return y;
}

// Row `token` of a projection, head `h`, normed and rotated where there is a gain.
std::vector<quad> plain_head(const project_problem& p, const tensor_set& in, const char* weight,
                             const char* bias, const char* gain, integer s, integer token, integer h) {
  std::vector<quad> row(static_cast<std::size_t>(p.d));
  quad squares = 0;
  for (integer e = 0; e < p.d; ++e) {
    quad sum = p.has_bias ? in.at(bias).value(h * p.d + e) : 0;
    for (integer c = 0; c < p.hidden_size; ++c)
      sum += quad(at(in.at(weight), h * p.d + e, c)) *
             (token < p.context_len ? at(in.at("context"), s, token, c)
                                    : at(in.at("hidden"), s, token - p.context_len, c));
    row[static_cast<std::size_t>(e)] = sum;
    squares += sum * sum;
  }
  if (gain == nullptr) return row;
  const quad root = quad_root(squares / p.d + p.eps);
  for (integer e = 0; e < p.d; ++e)
    row[static_cast<std::size_t>(e)] = row[static_cast<std::size_t>(e)] / root * in.at(gain).value(e);
  std::vector<quad> turned = row;
  for (integer e = 0; e < p.d; ++e) {
    const integer pair = e % (p.d / 2);
    const quad cos = at(in.at("cos"), s, token, pair), sin = at(in.at("sin"), s, token, pair);
    const quad x = row[static_cast<std::size_t>(pair)], y = row[static_cast<std::size_t>(pair + p.d / 2)];
    turned[static_cast<std::size_t>(e)] = e == pair ? x * cos - y * sin : x * sin + y * cos;
  }
  return turned;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dflash_layer)

BOOST_AUTO_TEST_CASE(a_projection_norms_each_head_and_turns_halves) {
  const project_problem p = small_projection(1, 0);
  tensor_set in = passing_on(p);
  fill(in.at("hidden"), {3, 4});
  fill(in.at("cos"), {0});
  fill(in.at("sin"), {1});
  const project_truth truth = project(p, in);
  const double root = std::sqrt(12.5);  // of the mean of 9 and 16
  BOOST_TEST(truth.q[0] == -8 / root, boost::test_tools::tolerance(0x1p-51));
  BOOST_TEST(truth.q[1] == 3 / root, boost::test_tools::tolerance(0x1p-51));
  BOOST_TEST(truth.k == truth.q, boost::test_tools::per_element());
  BOOST_TEST(truth.v == (numbers{3, 4}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(
    keys_are_those_of_the_context_then_those_of_the_block_and_queries_take_the_last_positions) {
  const project_problem p = small_projection(1, 2);
  tensor_set in = passing_on(p);
  fill(in.at("context"), {1, 0, 0, 1});
  fill(in.at("hidden"), {1, 0});
  fill(in.at("cos"), {1, 1, 0});
  fill(in.at("sin"), {0, 0, 1});
  const project_truth truth = project(p, in);
  const double root = std::sqrt(0.5);
  const numbers keys = {1 / root, 0, 0, 2 / root, 0, 1 / root};
  for (std::size_t i = 0; i < keys.size(); ++i)
    BOOST_TEST(truth.k[i] == keys[i], boost::test_tools::tolerance(0x1p-51));
  BOOST_TEST(truth.q[1] == 1 / root, boost::test_tools::tolerance(0x1p-51));
  BOOST_TEST(truth.v == (numbers{1, 0, 0, 1, 1, 0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_projection_agrees_with_its_definition_in_113_bits) {
  project_problem p;
  p.b = 2, p.block_size = 3, p.context_len = 2, p.hidden_size = 20, p.hq = 4, p.hk = 2, p.d = 6;
  p.has_bias = true, p.gap = 3;
  const tensor_set in = drawn(p, 1);
  const project_truth truth = project(p, in);
  const auto compare = [&](const numbers& found, const char* weight, const char* bias, const char* gain,
                           integer heads, integer first) {
    double worst = 0;
    std::size_t i = 0;
    for (integer s = 0; s < p.b; ++s)
      for (integer token = first; token < p.new_rows(); ++token)
        for (integer h = 0; h < heads; ++h)
          for (const quad x : plain_head(p, in, weight, bias, gain, s, token, h))
            worst = std::fmax(worst, std::fabs(static_cast<double>(found[i++] - x)));
    BOOST_TEST(i == found.size());
    // Sums of hidden_size products near 1, each step of norm and rotation rounding once more.
    BOOST_TEST(worst <= 0x1p-53 * static_cast<double>(p.hidden_size + 8) * 8);
  };
  compare(truth.q, "wq", "bq", "q_norm", p.hq, p.context_len);
  compare(truth.k, "wk", "bk", "k_norm", p.hk, 0);
  compare(truth.v, "wv", "bv", nullptr, p.hk, 0);
}

BOOST_AUTO_TEST_CASE(equal_keys_average_the_values_of_cache_context_and_block) {
  const attention_problem p =
      parse_attention(keyed_text("block_size=2,hq=1,hk=1,d=2,hidden_size=1,cache_seqlens=1,capacity=6"));
  tensor_set in = empty_inputs(p);
  mla::plain::fill(in.at("k_cache"), mla::plain::junk);
  mla::plain::fill(in.at("v_cache"), mla::plain::junk);
  fill(in.at("k_cache"), {0, 0});
  fill(in.at("v_cache"), {8, 1});
  fill(in.at("q"), {5, 5, 7, 7});
  fill(in.at("v"), {4, 2, 16, 3, 0, 0});
  fill(in.at("wo"), {1, 2});
  const std::vector<attention_truth> units = attend(p, in, {}, {.companions = false});
  const numbers attended = attended_of(p, units);
  for (const integer query : {0, 1}) {
    BOOST_TEST(attended[static_cast<std::size_t>(2 * query)] == 7);
    BOOST_TEST(attended[static_cast<std::size_t>(2 * query + 1)] == 1.5);
  }
  BOOST_TEST(units[0].lse[0] == std::log(4.0), boost::test_tools::tolerance(0x1p-51));
  BOOST_TEST(layer(p, in, new_rows_of(p, in)).out[1] == 10);
  const tensor_set caches = appended(p, in);
  BOOST_TEST(at(caches.at("v_cache"), 0, 1, 0, 0) == 4);
  BOOST_TEST(at(caches.at("v_cache"), 0, 3, 0, 1) == 0);
  BOOST_TEST(std::isnan(at(caches.at("v_cache"), 0, 4, 0, 0)));
  BOOST_TEST(at(caches.at("v_cache"), 0, 0, 0, 0) == 8);
}

BOOST_AUTO_TEST_CASE(attention_agrees_with_its_definition_in_113_bits) {
  constexpr const char* texts[] = {
      "b=2,block_size=3,hq=6,hk=2,d=8,context_lens=1/4,cache_seqlens=5/0,cache_batch_idx=2/0,gap=2",
      "b=2,block_size=2,hq=2,hk=2,d=5,context_lens=0,cache_seqlens=3,mask_batch=2,mask_rows=2",
      "b=2,block_size=3,hq=4,hk=1,d=6,context_lens=2,cache_seqlens=70,mask_batch=1,mask_rows=1",
      "b=1,block_size=4,hq=3,hk=1,d=16,context_lens=2,cache_seqlens=9,mask_batch=1,mask_rows=4,softmax_scale="
      "2",
      "block_size=1,hq=1,hk=1,d=1,context_lens=0"};
  for (const char* text : texts) {
    const attention_problem p = parse_attention(keyed_text(text));
    const tensor_set in = drawn(p, 7);
    const std::vector<attention_truth> units = attend(p, in, {}, {.companions = false});
    const int_list starts = new_row_starts(p);
    double worst = 0;
    integer rows = 0;
    for (std::size_t u = 0; u < units.size(); ++u)
      for (integer row = 0; row < units[u].rows; ++row, ++rows) {
        const row_place place = place_of(p, u, row);
        const integer head = place.head / (p.hq / p.hk), s = place.sequence;
        mla::plain::row one;
        one.d = one.dv = p.d;
        one.scale = effective_scale(p);
        for (integer e = 0; e < p.d; ++e) one.q.push_back(at(in.at("q"), s, place.query, place.head, e));
        const integer used = p.cache_seqlens[static_cast<std::size_t>(s)];
        for (integer j = 0; j < keys_of(p, s); ++j) {
          if (const tensor* mask = in.find("mask"))
            if (at(*mask, p.mask_batch == 1 ? 0 : s, 0, p.mask_rows == 1 ? 0 : place.query, j) == 0) continue;
          for (integer e = 0; e < p.d; ++e)
            for (auto& [to, cache, fresh] :
                 {std::tuple(&one.k, "k_cache", "k"), std::tuple(&one.v, "v_cache", "v")})
              to->push_back(j < used
                                ? at(in.at(cache), cache_row(p, s), j, head, e)
                                : at(in.at(fresh), starts[static_cast<std::size_t>(s)] + j - used, head, e));
        }
        worst = std::fmax(worst, mla::plain::error_of(one, units[u].out.data() + row * p.d,
                                                      units[u].lse[static_cast<std::size_t>(row)]));
      }
    BOOST_TEST(rows == p.b * p.block_size * p.hq);
    BOOST_TEST(worst <= 1, text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
