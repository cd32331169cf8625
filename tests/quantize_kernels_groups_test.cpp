// groups on one executor: every policy's nominal codes and scales, in every layout of scales.
#include "kernels/core/variants_of.hpp"
#include "tests/quantize_kernels.hpp"

using namespace plumbline;
using namespace plumbline::quantize;
using namespace plumbline::quantize::by_hand;

namespace {

tensor_set inputs_of(const groups_problem& p, std::uint64_t seed) {
  random_stream draw(seed, "groups");
  tensor_set inputs;
  inputs.set("x", matrix(p.type, p.rows, p.k, p.gap));
  fill_tiles(inputs.at("x"), p.group, p.k, draw);
  if (p.has_static) {
    inputs.set("static_scale", tensor(dtype::f32, {1}));
    inputs.at("static_scale").set_value(0, 0.013f);
  }
  return inputs;
}

// Runs every variant that takes the problem; how many there were.
int agree(const groups_problem& p, std::uint64_t seed) {
  int taken = 0;
  for (const auto& row : variants_of<groups_problem>(where)) {
    if (!row.domain(p).empty()) continue;
    ++taken;
    BOOST_TEST_CONTEXT(row.name << " " << to_text(p)) {
      tensor_set inputs = inputs_of(p, seed);
      require_alike(outputs_of(p, groups(p, inputs)), run_row(row, p, inputs, poisoned(make_outputs(p))));
    }
  }
  return taken;
}

groups_problem groups_from(const std::string& text) { return parse_groups(keyed_text(text)); }

}  // namespace

BOOST_AUTO_TEST_SUITE(quantize_kernels_groups)

BOOST_AUTO_TEST_CASE(every_policy_writes_its_nominal_codes_and_scales) {
  for (const policy& rule : policies)
    for (const char* type : {"bf16", "f16", "f32"})
      for (const char* shape : {",rows=14,k=256", ",rows=42,k=128", ",rows=8,k=128,group_rows=4"}) {
        const groups_problem p = groups_from("policy=" + std::string(rule.name) + ",dtype=" + type + shape);
        BOOST_TEST(agree(p, 6) == 1, to_text(p) << ": expected one variant");
      }
}

BOOST_AUTO_TEST_CASE(scales_lie_as_asked_and_padding_is_left_alone) {
  for (const char* text :
       {"layout=column_major,rows=7,k=640", "layout=packed,policy=default_ue8m0,rows=7,k=768",
        "layout=packed,policy=group_fp8_ue8m0,rows=4,k=512", "rows=0,k=128", "rows=3,k=128,gap=5",
        "rows=5,k=300,group=100", "policy=deep_gemm,rows=5,k=300",
        "policy=deep_gemm,rows=150,k=200,group_rows=128",
        "policy=deep_gemm_ue8m0,layout=packed,rows=150,k=200,group_rows=128",
        "layout=column_major,rows=6,k=64,group_rows=3,group=32,gap=2", "rows=9,k=512,scale_ub=1",
        "rows=4,k=48,group=16,group_rows=2,scale_ub=0.5"})
    BOOST_TEST_CONTEXT(text) { BOOST_TEST(agree(groups_from(text), 7) == 1); }
}

BOOST_AUTO_TEST_CASE(the_largest_element_counts_wherever_in_its_group_it_lies) {
  for (const char* text : {"policy=group_int8,rows=64,k=64,group=64", "rows=64,k=64,group=64",
                           "rows=256,k=64,group=16,group_rows=16"}) {
    const groups_problem p = groups_from(text);
    tensor_set inputs = inputs_of(p, 9);
    tensor& x = inputs.at("x");
    for (std::int64_t i = 0; i < x.size(); ++i) x.set_value(i, 0.5);
    for (std::int64_t g = 0; g < row_groups(p) * column_groups(p); ++g) {
      const std::int64_t down = g / column_groups(p), across = g % column_groups(p);
      const std::int64_t row = down * p.group_rows + g * 7 % p.group_rows, column = g * 5 % p.group;
      x.set_value(row * p.k + across * p.group + column, 1 + static_cast<double>(g % 64));
    }
    for (const auto& row : variants_of<groups_problem>(where))
      if (row.domain(p).empty())
        require_alike(outputs_of(p, groups(p, inputs)), run_row(row, p, inputs, poisoned(make_outputs(p))));
  }
}

BOOST_AUTO_TEST_CASE(a_given_scale_is_taken_as_it_is) {
  for (const char* text :
       {"has_static=1,rows=14,k=128", "has_static=1,policy=vllm_per_tensor,rows=2,k=70",
        "has_static=1,policy=head_int8,rows=14,k=64,group=64", "has_static=1,rows=28,k=128,group_rows=2"})
    BOOST_TEST_CONTEXT(text) { BOOST_TEST(agree(groups_from(text), 8) == 1); }
}

BOOST_AUTO_TEST_SUITE_END()
