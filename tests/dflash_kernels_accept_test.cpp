// accept and crop on one executor: chosen tokens, counts and bytes.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cmath>

#include "tests/dflash_kernels.hpp"

using namespace plumbline;
using namespace plumbline::dflash;
using namespace plumbline::dflash::called;
namespace data = boost::unit_test::data;

namespace {

accept_problem accept_from(const std::string& text) { return parse_accept(keyed_text(text)); }

const char* const calls[] = {"b=2,vocab_size=70",
                             "block_size=1,vocab_size=1",
                             "b=5,block_size=3,vocab_size=9,gap=5",
                             "block_size=2,vocab_size=2049",
                             "block_size=2,vocab_size=6000,gap=8",
                             "b=3,block_size=40,vocab_size=3"};

// Logits of few levels, so that the largest one is rarely alone.
void draw_levels(tensor_set& inputs, std::uint64_t seed, integer levels) {
  random_stream r(seed, "levels");
  tensor& logits = inputs.at("logits");
  for (integer s = 0; s < logits.dim(0); ++s)
    for (integer i = 0; i < logits.dim(1); ++i)
      for (integer t = 0; t < logits.dim(2); ++t)
        logits.set_value(place(logits, s, i, t), static_cast<double>(r.integer(0, levels) - levels / 2));
}

// The drafts of the block agree with the target's tokens but for one in six.
void agree(const accept_problem& p, tensor_set& inputs, std::uint64_t seed) {
  random_stream r(seed, "agree");
  const accept_truth truth = accept(p, inputs);
  tensor& block = inputs.at("block");
  for (integer s = 0; s < p.b; ++s)
    for (integer i = 1; i < p.block_size; ++i)
      block.set_value(
          s * p.block_size + i,
          static_cast<double>(truth.posterior[static_cast<std::size_t>(s * p.block_size + i - 1)] +
                              (r.chance(0.16) ? 1 : 0)));
}

int_list integers(const tensor& t) {
  int_list all;
  for (const double x : t.values()) all.push_back(static_cast<integer>(x));
  return all;
}

void require_counts_of_the_posterior(const accept_problem& p, const tensor_set& inputs,
                                     const tensor_set& outputs) {
  const int_list block = integers(inputs.at("block")), posterior = integers(outputs.at("posterior"));
  const auto size = static_cast<std::size_t>(p.block_size);
  for (std::size_t s = 0; s < static_cast<std::size_t>(p.b); ++s) {
    const agreement one =
        agreement_of(std::span(block).subspan(s * size, size), std::span(posterior).subspan(s * size, size));
    BOOST_TEST(integers(outputs.at("accepted"))[s] == one.accepted);
    BOOST_TEST(integers(outputs.at("next_token"))[s] == one.next_token);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dflash_kernels_accept)

BOOST_DATA_TEST_CASE(greedy_takes_the_first_of_the_largest_logits, data::make(calls), text) {
  const auto& row = row_named<accept_problem>("accept");
  for (const contract& promised : row.contracts) {
    const auto p = accept_from("dtype=" + std::string(name_of(promised.in)) + "," + text);
    tensor_set inputs = drawn(p, 3);
    draw_levels(inputs, 5, 8);
    agree(p, inputs, 7);

    const tensor_set outputs = run_row(row, p, inputs);

    const accept_truth truth = accept(p, inputs);
    BOOST_TEST(integers(outputs.at("posterior")) == truth.posterior, boost::test_tools::per_element());
    BOOST_TEST(integers(outputs.at("accepted")) == truth.accepted, boost::test_tools::per_element());
    BOOST_TEST(integers(outputs.at("next_token")) == truth.next_token, boost::test_tools::per_element());
  }
}

// All tokens that can be drawn weigh the same and are 2^k: every sum is exact, and so is every edge.
BOOST_DATA_TEST_CASE(a_uniform_on_an_edge_takes_the_token_behind_it, data::xrange(0, 12), log2_tokens) {
  const auto& row = row_named<accept_problem>("accept");
  const integer possible = integer{1} << log2_tokens, vocab = 3 * possible + 1;
  const auto p = accept_from("temperature=0.75,block_size=4,vocab_size=" + std::to_string(vocab));
  tensor_set inputs = drawn(p, 3);
  tensor& logits = inputs.at("logits");
  std::vector<integer> tokens;
  for (integer t = 0; t < possible; ++t) tokens.push_back(3 * t + t % 3);
  for (integer i = 0; i < 4; ++i) {
    for (integer t = 0; t < vocab; ++t) logits.set_value(place(logits, 0, i, t), -HUGE_VAL);
    for (const integer t : tokens) logits.set_value(place(logits, 0, i, t), 2.5);
  }
  const double share = 1 / static_cast<double>(possible);
  const integer edges[] = {0, possible / 2, possible - 1, possible - 1};
  for (integer i = 0; i < 4; ++i)
    inputs.at("uniforms").set_value(i, i == 3 ? 1 - 0x1p-24 : static_cast<double>(edges[i]) * share);

  const tensor_set outputs = run_row(row, p, inputs);

  for (integer i = 0; i < 4; ++i)
    BOOST_TEST(outputs.at("posterior").value(i) ==
               static_cast<double>(tokens[static_cast<std::size_t>(edges[i])]));
  require_counts_of_the_posterior(p, inputs, outputs);
}

// Argument: six roundings of 2^-24 and exp2's own error; sums: at most 140 additions, of F and of the whole.
BOOST_DATA_TEST_CASE(a_drawn_token_owns_its_uniform, data::make(calls) * data::make({0.5, 1.0, 1.875}), text,
                     temperature) {
  const auto& row = row_named<accept_problem>("accept");
  for (const contract& promised : row.contracts) {
    const auto p = accept_from("dtype=" + std::string(name_of(promised.in)) +
                               ",temperature=" + std::to_string(temperature) + "," + text);
    tensor_set inputs = drawn(p, 11);
    agree(p, inputs, 7);

    const tensor_set outputs = run_row(row, p, inputs);

    const accept_truth truth = accept(p, inputs);
    const std::vector<double> logits = inputs.at("logits").values();
    const auto width = static_cast<std::size_t>(p.vocab_size);
    for (std::size_t at = 0; at < truth.posterior.size(); ++at) {
      const auto token = static_cast<std::size_t>(outputs.at("posterior").value(static_cast<integer>(at)));
      const auto F = std::span(truth.cumulative).subspan(at * width, width);
      const auto of_row = std::span(logits).subspan(at * width, width);
      const double most = *std::max_element(of_row.begin(), of_row.end());
      const double least = *std::min_element(of_row.begin(), of_row.end());
      const double error = 2 * (6 * 0x1p-24 * (most - least) / p.temperature + 0x1.22p-24 + 140 * 0x1p-24);
      const double uniform = inputs.at("uniforms").value(static_cast<integer>(at));
      BOOST_TEST_REQUIRE(token < width);
      BOOST_TEST(F[token] + error > uniform);
      if (token > 0) BOOST_TEST(F[token - 1] - error <= uniform);
    }
    require_counts_of_the_posterior(p, inputs, outputs);
  }
}

BOOST_AUTO_TEST_CASE(no_schedule_changes_a_token) {
  const auto& row = row_named<accept_problem>("accept");
  for (const char* text : {"vocab_size=5000,block_size=3", "vocab_size=5000,block_size=3,temperature=1"}) {
    const auto p = accept_from(text);
    tensor_set inputs = drawn(p, 4);
    const tensor_set expected = run_row(row, p, inputs, {"", 1, 132});
    for (const char* schedule : {"reverse", "random:1", "starve:0", "starve:7"})
      require_same(expected, run_row(row, p, inputs, {schedule, 2, 132}));
  }
}

const char* const crops[] = {"b=3,layers=2,capacity=9,hk=2,cache_seqlens=9/0/4,keep=3/2/4",
                             "b=2,capacity=40,hk=3,d=21,gap=3,cache_seqlens=33/40,keep=0/39",
                             "layers=3,capacity=5,d=128,cache_seqlens=5,keep=2147483647", "capacity=0",
                             "b=0"};

BOOST_DATA_TEST_CASE(crop_leaves_the_references_bytes, data::make(crops) * data::make({"0", "1"}), text,
                     scrub) {
  const auto& row = row_named<crop_problem>("crop");
  for (const contract& promised : row.contracts) {
    const auto p =
        parse_crop(keyed_text("dtype=" + std::string(name_of(promised.in)) + ",scrub=" + scrub + "," + text));
    tensor_set inputs = drawn(p, 2);

    const tensor_set outputs = run_row(row, p, inputs);

    require_same(crop(p, inputs), outputs);
  }
}

BOOST_AUTO_TEST_SUITE_END()
