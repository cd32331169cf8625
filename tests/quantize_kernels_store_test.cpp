// store on one executor: every policy, layout and type writes the reference's bytes, from every variant.
#include "kernels/core/variants_of.hpp"
#include "tests/quantize_kernels.hpp"

#include <boost/test/data/test_case.hpp>

using namespace plumbline;
using namespace plumbline::quantize;
using namespace plumbline::quantize::by_hand;

namespace {

struct store_case {
  store_problem problem;
  tensor_set inputs;
};

store_case make_case(const std::string& text, std::uint64_t seed) {
  store_case one = {parse_store(keyed_text(text)), {}};
  const store_problem& p = one.problem;
  random_stream draw(seed, "store");
  one.inputs = poisoned(make_cache(p));
  tensor whole = matrix(p.type, p.tokens, p.d, p.gap), rope = matrix(p.type, p.tokens, p.d - p.dv, p.gap);
  if (p.separate) whole = matrix(p.type, p.tokens, p.dv, p.gap);
  fill_tiles(whole, p.tile, p.dv, draw, static_cast<int>(seed % kinds));
  fill_tiles(rope, 1, 0, draw);
  one.inputs.set(p.separate ? "k_nope" : "k", whole);
  if (p.separate) one.inputs.set("k_rope", rope);
  if (p.has_slots) {
    std::vector<std::int64_t> places;
    for (std::int64_t token = 0; token < p.tokens; ++token)
      places.push_back(token % 5 == 3 ? -1 : slots(p) - 1 - token);
    one.inputs.set("slots", integers(places));
  }
  return one;
}

tensor_set expected(const store_case& one) {
  return outputs_of(one.problem, one.inputs, store(one.problem, one.inputs));
}

// All that a store may be asked for: widths around every access, layouts, strides, places.
const char* const shapes[] = {
    "tokens=7", "tokens=0", "tokens=3,has_slots=1,num_pages=2,page_size=5,page_gap=1312",
    "tokens=2,separate=1,gap=8", "tokens=2,gap=3", "tokens=5,dv=128,d=128", "tokens=3,dv=256,d=300,tile=64",
    "tokens=4,layout=split,separate=1", "tokens=2,layout=split,dv=512,tile=64,gap=1",
    "tokens=2,dv=100,tile=100,d=100", "tokens=3,dv=24,tile=8,d=40", "tokens=2,dv=1024,tile=512,d=1032",
    // beyond 2^31 bytes and elements
    "tokens=4,page_size=1,page_gap=1073741824",
    "tokens=3,page_size=1,has_slots=1,num_pages=3,page_gap=2147483584", "tokens=3,gap=1073741824"};

bool takes_addresses(const tensor_set& inputs) {
  for (const auto& one : inputs)
    if (one.value.sparse()) return where == side::host;
  return true;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(quantize_kernels_store)

BOOST_AUTO_TEST_CASE(every_policy_writes_its_nominal_bytes) {
  for (const auto& row : variants_of<store_problem>(where)) {
    int policies_seen = 0;
    for (const policy& rule : policies) {
      if (rule.code != dtype::e4m3) continue;
      for (const char* type : {"bf16", "f16", "f32"}) {
        const std::string text = "policy=" + std::string(rule.name) + ",dtype=" + type + ",tokens=28";
        BOOST_TEST_CONTEXT(row.name << " " << text) {
          store_case one = make_case(text, 3);
          if (!row.domain(one.problem).empty()) continue;
          require_alike(expected(one),
                        run_row(row, one.problem, one.inputs, make_outputs(one.problem, one.inputs)));
        }
      }
      ++policies_seen;
    }
    BOOST_TEST(policies_seen > 20);
  }
}

BOOST_AUTO_TEST_CASE(every_layout_stride_and_place_is_honoured_and_all_else_keeps_its_bytes) {
  for (const auto& row : variants_of<store_problem>(where)) {
    int taken = 0;
    for (const char* shape : shapes)
      for (const char* type : {"bf16", "f16", "f32"}) {
        const std::string text = "dtype=" + std::string(type) + "," + shape;
        BOOST_TEST_CONTEXT(row.name << " " << text) {
          store_case one = make_case(text, 5);
          if (!row.domain(one.problem).empty() || !takes_addresses(one.inputs)) continue;
          require_alike(expected(one),
                        run_row(row, one.problem, one.inputs, make_outputs(one.problem, one.inputs)));
          ++taken;
        }
      }
    BOOST_TEST(taken >= 20);
  }
}

BOOST_AUTO_TEST_CASE(pages_have_their_scales_behind_their_codes) {
  for (const auto& row : variants_of<store_problem>(where))
    for (const char* shape : {"policy=sglang_dsv4,tokens=9,page_size=4,dv=448,page_gap=96",
                              "policy=default_ue8m0,tokens=3,dv=64,tile=64",
                              "policy=indexer_vllm,tokens=70,scale_type=f32,dv=128,d=128",
                              "policy=vllm_v4_cpu,tokens=5,has_slots=1,num_pages=3,page_size=3,dv=448"})
      BOOST_TEST_CONTEXT(row.name << " " << shape) {
        store_case one = make_case(std::string("layout=pages,") + shape, 8);
        BOOST_TEST_REQUIRE(row.domain(one.problem) == "");
        require_alike(expected(one),
                      run_row(row, one.problem, one.inputs, make_outputs(one.problem, one.inputs)));
      }
}

BOOST_AUTO_TEST_CASE(scales_next_to_powers_of_two_are_those_of_an_fp32_logarithm) {
  std::vector<double> maxima;
  for (int k = -140; k <= 118; ++k)
    for (int j = -3; j <= 50; ++j) {
      const double amax = std::ldexp(448, k) * (1 + j * 0x1p-23);
      if (amax < 0x1p127 && round_to(dtype::f32, amax) == amax) maxima.push_back(amax);
    }
  // five maxima a token, each a tile of 16
  const auto tokens = static_cast<std::int64_t>(maxima.size() / 5);
  for (const auto& row : variants_of<store_problem>(where))
    for (const char* rule : {"flashmla_2026", "default_ue8m0", "group_fp8_native_ue8m0"}) {
      store_problem p = parse_store(keyed_text("dtype=f32,dv=80,tile=16,d=80,policy=" + std::string(rule) +
                                               ",tokens=" + std::to_string(tokens)));
      p.rule.scale_floor = p.rule.amax_floor = 0;
      tensor_set inputs = poisoned(make_cache(p));
      inputs.set("k", matrix(p.type, p.tokens, p.d));
      for (std::int64_t t = 0; t < 5 * tokens; ++t)
        inputs.at("k").set_value(16 * t + t % 16, maxima[static_cast<std::size_t>(t)]);

      const tensor_set outputs = run_row(row, p, inputs, make_outputs(p, inputs));

      require_alike(outputs_of(p, inputs, store(p, inputs)), outputs);
    }
}

BOOST_AUTO_TEST_CASE(schedules_and_os_threads_change_no_byte) {
  for (const auto& row : variants_of<store_problem>(where)) {
    store_case one = make_case("tokens=9,has_slots=1,num_pages=1", 4);
    const tensor_set empty = make_outputs(one.problem, one.inputs);
    const tensor_set plain = run_row(row, one.problem, one.inputs, empty, {"", 1, 132});
    for (const char* schedule : {"reverse", "random:5"})
      require_alike(plain, run_row(row, one.problem, one.inputs, empty, {schedule, 2, 132}));
  }
}

BOOST_AUTO_TEST_SUITE_END()
