// project on one executor: the judge's word on each step of every variant, and the same bits from all three.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "kernels/core/variants_of.hpp"
#include "properties/judge/admissible_judge.hpp"
#include "properties/judge/norm_judge.hpp"
#include "properties/judge/product_judge.hpp"
#include "tests/dflash_kernels.hpp"

using namespace plumbline;
using namespace plumbline::dflash;
using namespace plumbline::dflash::called;
namespace data = boost::unit_test::data;

namespace {

const char* const calls[] = {"b=1",
                             "b=2,block_size=3,context_len=5,hidden_size=40,hq=3,d=24,bias=1",
                             "b=3,block_size=1,context_len=0,hidden_size=9,hq=2,hk=2,d=6,gap=3",
                             "b=2,block_size=16,context_len=40,hidden_size=136,hq=6,hk=2,d=32,gap=8",
                             "block_size=2,context_len=1,hidden_size=64,hq=1,d=600,bias=1",
                             "block_size=70,context_len=1,hidden_size=72,hq=2,hk=2,d=128",
                             "b=0"};

std::string words(std::int64_t row) { return "row " + std::to_string(row); }
std::string said(const char* output, const verdict& v) {
  return v.result == outcome::pass ? "" : output + (": " + std::string(name_of(v.result)) + ": ") + v.message;
}

std::string disagreement(const project_problem& p, const contract& promised, const tensor_set& inputs,
                         const tensor_set& outputs) {
  std::string all;
  const auto product = [&](projected which, const char* output, integer columns) {
    linear_truth truth = project_step(p, inputs, which);
    product_truth t;
    t.columns = columns, t.rows = static_cast<integer>(truth.out.size()) / columns;
    t.terms = p.hidden_size + (p.has_bias ? 1 : 0);
    t.out = std::move(truth.out), t.S1 = std::move(truth.S1), t.SB = std::move(truth.SB);
    all += said(output, judge_product(t, promised, outputs.at(output).values(), words));
  };
  const auto heads = [&](projected which, const char* raw, const char* normed, const char* rotated) {
    const numbers before = outputs.at(raw).values(), between = outputs.at(normed).values();
    norm_truth t;
    t.columns = p.d, t.rows = static_cast<integer>(before.size()) / p.d;
    t.out = norm_step(p, inputs, which, before);
    all += said(normed, judge_norm(t, p.type, between, words));
    const rotated_truth turned = rotate_step(p, inputs, which, between);
    all += said(rotated,
                judge_rotated(rotated, p.type, turned.out, turned.size, outputs.at(rotated).values(), words));
  };
  product(projected::q, "q_proj", p.hq * p.d);
  product(projected::k, "k_proj", p.hk * p.d);
  product(projected::v, "v", p.hk * p.d);
  heads(projected::q, "q_proj", "q_normed", "q");
  heads(projected::k, "k_proj", "k_normed", "k");
  return all;
}

project_problem project_from(const contract& promised, const std::string& text) {
  return parse_project(keyed_text("dtype=" + std::string(name_of(promised.in)) + "," + text));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dflash_kernels_project)

BOOST_DATA_TEST_CASE(every_variant_agrees_with_the_truth_step_by_step, data::make(calls), text) {
  for (const auto& row : variants_of<project_problem>(where))
    for (const contract& promised : row.contracts) {
      const project_problem p = project_from(promised, text);
      tensor_set inputs = drawn(p, 3);

      const tensor_set outputs = run_row(row, p, inputs);

      if (p.b > 0) BOOST_TEST(disagreement(p, promised, inputs, outputs) == "", row.name);
    }
}

BOOST_DATA_TEST_CASE(all_variants_have_the_same_bits, data::make(calls), text) {
  const auto rows = variants_of<project_problem>(where);
  const project_problem p = project_from(rows[0].contracts[0], text);
  tensor_set inputs = drawn(p, 5);
  const tensor_set expected = run_row(rows[0], p, inputs);
  for (const auto& row : rows)
    for (const char* schedule : {"", "reverse", "random:3"})
      require_same(expected, run_row(row, p, inputs, {schedule, 2, 132}));
}

BOOST_AUTO_TEST_SUITE_END()
