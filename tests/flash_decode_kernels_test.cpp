// The kernels of flash_decode on one executor: exact answers by hand, a naive double loop, same bits.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "kernels/core/variants_of.hpp"
#include "tests/flash_decode_naive.hpp"

namespace fd = plumbline::flash_decode;
namespace data = boost::unit_test::data;
using plumbline::claim;
using plumbline::contract;
using plumbline::dtype;
using plumbline::run_options;
using plumbline::side;
using plumbline::tensor;
using plumbline::tensor_set;
using plumbline::variant;

#ifndef PLUMBLINE_TEST_EXECUTOR
#define PLUMBLINE_TEST_EXECUTOR "host"
#endif

namespace {

constexpr side where = std::string_view(PLUMBLINE_TEST_EXECUTOR) == "gpu" ? side::gpu : side::host;

std::unique_ptr<plumbline::executor> make_test_executor() {
  std::string why_not;
  auto on = plumbline::make_executor(PLUMBLINE_TEST_EXECUTOR, why_not);
  if (!on) BOOST_FAIL(why_not);
  return on;
}

constexpr double infinity = std::numeric_limits<double>::infinity();

const dtype types[] = {dtype::bf16, dtype::f16, dtype::e4m3};

// Every option, and the places where tiles, pages and splits end.
const char* const problems[] = {
    "d=64,cache_seqlens=5",
    "d=64,cache_seqlens=0",
    "b=2,hq=6,hk=2,d=64,sq=2,capacity=80,cache_seqlens=70/0,causal=1,num_splits=1",
    "d=64,sq=5,b=3,hq=2,hk=1,capacity=5,cache_seqlens=2/5/1,causal=1,num_splits=2",
    "b=2,hq=4,hk=2,d=80,page_size=3,max_pages=30,num_pages=64,cache_seqlens=65/83,cache_leftpad=3/"
    "7,batch_cache=3,"
    "has_batch_idx=1,num_splits=3",
    "hq=2,hk=1,d=96,page_size=1,max_pages=130,cache_seqlens=129,num_splits=2,causal=1,sq=3",
    "hq=5,hk=1,d=128,page_size=16,max_pages=20,num_pages=25,cache_seqlens=300,num_splits=4",
    "hq=3,hk=1,d=64,capacity=256,cache_seqlens=193,num_splits=256",
    "sq=4,hq=2,hk=1,d=64,capacity=200,cache_seqlens=200,window_left=70,window_right=2,num_splits=2",
    "sq=20,hq=2,hk=1,d=64,capacity=200,cache_seqlens=190,window_left=9,causal=1,num_splits=1",
    "sq=6,hq=4,hk=1,d=64,capacity=150,cache_seqlens=150,attention_chunk=7,num_splits=2",
    "sq=70,hq=1,d=64,capacity=100,cache_seqlens=64,attention_chunk=64,num_splits=1",
    "sq=2,hq=2,hk=2,d=64,capacity=100,cache_seqlens=100,softcap=1.5,num_splits=2",
    "sq=9,hq=8,hk=1,d=128,capacity=130,cache_seqlens=127,causal=1,num_splits=2",
    "b=3,hq=2,hk=1,d=64,capacity=70,cache_seqlens=66/3/20,seqlens_q=3/0/5,causal=1,num_splits=3",
    "sq=2,hq=2,hk=1,d=192,dv=128,capacity=80,cache_seqlens=77,num_splits=1",
    "sq=17,hq=1,d=192,dv=128,capacity=80,cache_seqlens=77,num_splits=2",
    "sq=1,hq=2,hk=1,d=64,dv=176,capacity=80,cache_seqlens=77,num_splits=2",
    "sq=2,hq=3,hk=1,d=256,capacity=90,cache_seqlens=90,num_splits=1",
    "sq=11,hq=3,hk=1,d=256,capacity=90,cache_seqlens=90,num_splits=2",
    "b=2,hq=2,hk=1,d=64,gap=16,capacity=70,cache_seqlens=66/64,num_splits=2",
    "b=2,hq=2,hk=1,d=64,gap=3,capacity=70,cache_seqlens=66/64,num_splits=1",
    "b=2,hq=2,hk=1,d=16,capacity=70,cache_seqlens=1/70,softmax_scale=4,num_splits=0"};

tensor_set run_row(const variant<fd::attend_problem>& row, const fd::attend_problem& problem,
                   tensor_set& inputs, const run_options& options = {}) {
  const auto on = make_test_executor();
  tensor_set outputs = fd::make_outputs(problem);
  for (auto& output : outputs) output.value.poison(0xff);
  const auto fault = on->run([&](const auto& args, auto& launcher) { row.run(problem, args, launcher); },
                             inputs, outputs, options);
  if (fault) BOOST_FAIL(fault->message);
  return outputs;
}

void require_same(const tensor_set& a, const tensor_set& b) {
  for (const auto& entry : a)
    BOOST_TEST(same_elements(entry.value, b.at(entry.name)), entry.name << " differs");
}

// Every variant, dtype and problem that go together.
template <class Visit>
void for_each_case(Visit visit) {
  int cases = 0;
  for (const auto& row : variants_of<fd::attend_problem>(where))
    for (dtype type : types)
      for (const char* text : problems) {
        const fd::attend_problem problem =
            fd::naive::attend_from("dtype=" + std::string(name_of(type)) + "," + text);
        if (!row.domain(problem).empty()) continue;
        BOOST_TEST_CONTEXT(row.name << " " << name_of(type) << " " << text) {
          visit(row, *row.contract_for(type), problem);
        }
        ++cases;
      }
  BOOST_TEST(cases > 0);
}

BOOST_AUTO_TEST_SUITE(flash_decode_kernels)

BOOST_AUTO_TEST_CASE(attention_agrees_with_a_naive_loop) {
  for_each_case([](const auto& row, const contract& promised, const fd::attend_problem& problem) {
    tensor_set inputs = fd::naive::make_inputs(problem, 7);

    const tensor_set outputs = run_row(row, problem, inputs);

    const fd::naive::truth truth = fd::naive::attend(problem, inputs, promised);
    BOOST_TEST(fd::naive::disagreement(truth, outputs) == "");
  });
}

BOOST_AUTO_TEST_CASE(equal_scores_give_the_exact_mean) {
  for (const auto& row : variants_of<fd::attend_problem>(where))
    for (dtype type : types) {
      const auto problem =
          fd::naive::attend_from("dtype=" + std::string(name_of(type)) + ",d=16,cache_seqlens=4");
      if (!row.domain(problem).empty()) continue;
      tensor_set inputs = fd::naive::make_inputs(problem, 1);
      for (std::int64_t c = 0; c < 16; ++c) inputs.at("q").set_value(c, 0);
      for (const char* name : {"k_descale", "v_descale"})
        if (inputs.has(name)) inputs.at(name).set_value(0, 1);
      for (std::int64_t j = 0; j < 4; ++j)
        for (std::int64_t c = 0; c < 16; ++c)
          inputs.at("v_cache").set_value(j * 16 + c, static_cast<double>(j + 1));  // mean of 1, 2, 3, 4

      const tensor_set outputs = run_row(row, problem, inputs);

      BOOST_TEST(outputs.at("out").values() == std::vector<double>(16, 2.5),
                 boost::test_tools::per_element());
      BOOST_TEST(std::fabs(outputs.at("lse").value(0) - std::log(4.0)) <= ulp(dtype::f32, 2));
    }
}

BOOST_AUTO_TEST_CASE(schedules_and_os_threads_change_no_bit) {
  for_each_case([](const auto& row, const contract&, const fd::attend_problem& problem) {
    if (!promises(row.claims, claim::same_bits_any_schedule)) return;
    tensor_set inputs = fd::naive::make_inputs(problem, 3);
    const tensor_set plain = run_row(row, problem, inputs, {"", 1, 132});
    for (const char* schedule : {"reverse", "random:5"})
      require_same(plain, run_row(row, problem, inputs, {schedule, 2, 132}));
  });
}

BOOST_AUTO_TEST_CASE(every_schedule_on_any_number_of_os_threads_gives_the_same_bits) {
  for (const auto& row : variants_of<fd::attend_problem>(where))
    for (const contract& promised : row.contracts) {
      const auto problem = fd::naive::attend_from(
          "dtype=" + std::string(name_of(promised.in)) +
          ",b=3,hq=4,hk=2,sq=2,d=64,capacity=200,cache_seqlens=200/65/7,causal=1,num_splits=3");
      if (!row.domain(problem).empty() || !promises(row.claims, claim::same_bits_any_schedule)) continue;
      tensor_set inputs = fd::naive::make_inputs(problem, 3);
      const tensor_set expected = run_row(row, problem, inputs, {"", 1, 132});
      for (const int os_threads : {1, 2, 3, 7})
        for (const char* schedule :
             {"", "reverse", "random:1", "random:20", "starve:0", "starve:1", "starve:2", "starve:3"})
          BOOST_TEST_CONTEXT(row.name << " " << promised.name << ", schedule \"" << schedule << "\", "
                                      << os_threads << " threads") {
            require_same(expected, run_row(row, problem, inputs, {schedule, os_threads, 132}));
          }
    }
}

BOOST_AUTO_TEST_CASE(page_layout_changes_no_bit) {
  for (const auto& row : variants_of<fd::attend_problem>(where))
    for (dtype type : types) {
      const std::string shape = "dtype=" + std::string(name_of(type)) +
                                ",b=2,hq=4,hk=2,sq=2,d=64,cache_seqlens=96/65,causal=1,num_splits=2";
      const auto dense = fd::naive::attend_from(shape + ",capacity=96");
      if (!row.domain(dense).empty()) continue;
      tensor_set inputs = fd::naive::make_inputs(dense, 3);
      const tensor_set expected = run_row(row, dense, inputs);
      for (const char* pages : {"1,max_pages=96", "3,max_pages=32", "16,max_pages=6,num_pages=15"})
        for (std::uint64_t layout : {1, 2}) {
          const auto paged = fd::naive::attend_from(shape + ",page_size=" + pages);
          if (!row.domain(paged).empty()) continue;
          tensor_set moved = fd::naive::make_inputs(paged, 3, layout);
          require_same(expected, run_row(row, paged, moved));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_row_that_claims_it_gives_the_same_bits_for_any_split_count) {
  int rows = 0;
  for (const auto& row : variants_of<fd::attend_problem>(where)) {
    if (!promises(row.claims, claim::same_bits_any_split_count)) continue;
    auto problem = fd::naive::attend_from("hq=2,hk=1,d=64,capacity=300,cache_seqlens=300,num_splits=1");
    tensor_set inputs = fd::naive::make_inputs(problem, 3);
    const tensor_set expected = run_row(row, problem, inputs);
    for (std::int64_t splits : {2, 5, 256}) {
      problem.num_splits = splits;
      if (!row.domain(problem).empty()) continue;
      require_same(expected, run_row(row, problem, inputs));
    }
    ++rows;
  }
  BOOST_TEST(rows > 0);
}

tensor_set run_combine(const fd::combine_problem& problem, tensor_set& inputs) {
  const auto on = make_test_executor();
  tensor_set outputs = fd::make_outputs(problem);
  for (auto& output : outputs) output.value.poison(0xff);
  const auto& row = variants_of<fd::combine_problem>(where)[0];
  const auto fault = on->run([&](const auto& args, auto& launcher) { row.run(problem, args, launcher); },
                             inputs, outputs, {});
  if (fault) BOOST_FAIL(fault->message);
  return outputs;
}

// Partials of one row each, given as (lse, value of every column).
tensor_set partials(const fd::combine_problem& problem, const std::vector<std::pair<double, double>>& parts) {
  tensor out(dtype::f32, {problem.num_splits, 1, 1, 1, problem.dv});
  tensor lse(dtype::f32, {problem.num_splits, 1, 1, 1});
  for (std::size_t s = 0; s < parts.size(); ++s) {
    lse.set_value(static_cast<std::int64_t>(s), parts[s].first);
    for (std::int64_t c = 0; c < problem.dv; ++c)
      out.set_value(static_cast<std::int64_t>(s) * problem.dv + c, parts[s].second);
  }
  tensor_set inputs;
  inputs.set("out_partial", std::move(out));
  inputs.set("lse_partial", std::move(lse));
  return inputs;
}

BOOST_AUTO_TEST_CASE(combine_weighs_partials_by_their_log_sum_exp) {
  fd::combine_problem problem;
  problem.num_splits = 3;
  problem.dv = 5;
  tensor_set inputs = partials(problem, {{1, 4}, {-infinity, std::nan("")}, {1, 8}});

  const tensor_set outputs = run_combine(problem, inputs);

  BOOST_TEST(outputs.at("out").values() == std::vector<double>(5, 6), boost::test_tools::per_element());
  BOOST_TEST(std::fabs(outputs.at("lse").value(0) - (1 + std::log(2.0))) <= ulp(dtype::f32, 1));
}

BOOST_AUTO_TEST_CASE(combine_of_nothing_is_zero_and_minus_infinity) {
  fd::combine_problem problem;
  problem.num_splits = 2;
  problem.dv = 5;
  tensor_set inputs = partials(problem, {{-infinity, std::nan("")}, {-infinity, infinity}});

  const tensor_set outputs = run_combine(problem, inputs);

  BOOST_TEST(outputs.at("out").values() == std::vector<double>(5, 0), boost::test_tools::per_element());
  BOOST_TEST(outputs.at("lse").value(0) == -infinity);
}

BOOST_AUTO_TEST_CASE(combine_of_one_split_copies_it) {
  fd::combine_problem problem;
  problem.dv = 5;
  tensor_set inputs = partials(problem, {{-3.75, 0}});
  const double values[] = {-0.0, 0x1.fffffep-3, -0x1p-140, 3.0, 0x1.8p100};
  for (std::int64_t c = 0; c < 5; ++c) inputs.at("out_partial").set_value(c, values[c]);

  const tensor_set outputs = run_combine(problem, inputs);

  for (std::int64_t c = 0; c < 5; ++c)
    BOOST_TEST(outputs.at("out").code(c) == inputs.at("out_partial").code(c), "column " << c);
  BOOST_TEST(outputs.at("lse").value(0) == -3.75);
}

tensor_set run_append(const fd::append_problem& problem, tensor_set& inputs) {
  const auto on = make_test_executor();
  tensor_set outputs = fd::make_outputs(problem, inputs);
  if (outputs.has("q_rotated")) outputs.at("q_rotated").poison(0xff);
  const auto& row = variants_of<fd::append_problem>(where)[0];
  const auto fault = on->run([&](const auto& args, auto& launcher) { row.run(problem, args, launcher); },
                             inputs, outputs, {});
  if (fault) BOOST_FAIL(fault->message);
  return outputs;
}

BOOST_AUTO_TEST_CASE(append_writes_the_new_slots_and_nothing_else) {
  for (const char* text :
       {"b=2,hk=2,hq=2,d=16,capacity=7,cache_seqlens=2/0,cache_leftpad=1/0,sn=3",
        "b=2,hk=1,hq=1,d=16,dv=8,capacity=5,cache_seqlens=1/4,seqlens_new=3/1,gap=3",
        "b=2,hk=1,hq=1,d=16,capacity=5,cache_seqlens=4/2,seqlens_new=0/2,batch_cache=4,has_batch_idx=1"}) {
    const auto problem = fd::naive::append_from(text);
    tensor_set inputs = fd::naive::make_inputs(problem, 5);

    const tensor_set outputs = run_append(problem, inputs);

    for (const auto& [cache_name, new_name] :
         {std::pair{"k_cache", "k_new"}, std::pair{"v_cache", "v_new"}}) {
      tensor expected = inputs.at(cache_name);
      const tensor& rows = inputs.at(new_name);
      std::int64_t packed = 0;
      for (std::int64_t n = 0; n < problem.b; ++n) {
        const auto s = static_cast<std::size_t>(n);
        const std::int64_t count = problem.seqlens_new.empty() ? problem.sn : problem.seqlens_new[s];
        const std::int64_t row =
            problem.has_batch_idx ? static_cast<std::int64_t>(inputs.at("cache_batch_idx").value(n)) : n;
        for (std::int64_t t = 0; t < count; ++t, ++packed)
          for (std::int64_t h = 0; h < problem.hk; ++h)
            for (std::int64_t c = 0; c < expected.dim(3); ++c) {
              const std::vector<std::int64_t> to = {row, problem.cache_seqlens[s] + t, h, c};
              std::vector<std::int64_t> from = {n, t, h, c};
              if (!problem.seqlens_new.empty()) from = {packed, h, c};
              expected.set_code(expected.offset(to), rows.code(rows.offset(from)));
            }
      }
      BOOST_TEST(same_elements(outputs.at(cache_name), expected), text << ": " << cache_name);
    }
  }
}

BOOST_DATA_TEST_CASE(append_turns_pairs_by_a_right_angle, data::make({true, false}), interleaved) {
  auto problem = fd::naive::append_from(
      "hk=1,hq=2,d=24,sq=2,sn=2,capacity=9,cache_seqlens=3,cache_leftpad=1,rotary_dim=16,seqlen_rotary=9,"
      "causal=1");
  problem.rotary_interleaved = interleaved;
  tensor_set inputs = fd::naive::make_inputs(problem, 2);
  tensor &cos = inputs.at("rotary_cos"), &sin = inputs.at("rotary_sin");
  for (std::int64_t at = 0; at < cos.size(); ++at) {
    const std::int64_t position = at / 8;  // 3: a quarter turn, 4: half a turn, others would give NaN
    cos.set_value(at, position == 3 ? 0 : position == 4 ? -1 : std::nan(""));
    sin.set_value(at, position == 3 ? 1 : position == 4 ? 0 : std::nan(""));
  }

  const tensor_set outputs = run_append(problem, inputs);

  const auto check_rows = [&](const tensor& to, std::int64_t to_row, const tensor& from,
                              std::int64_t from_row, bool half_turn) {
    for (std::int64_t c = 0; c < 24; ++c) {
      const std::int64_t pair = interleaved ? c / 2 : c % 8;
      const bool is_x = interleaved ? c % 2 == 0 : c < 8;
      const double x = from.value(from_row * 24 + (interleaved ? 2 * pair : pair));
      const double y = from.value(from_row * 24 + (interleaved ? 2 * pair + 1 : pair + 8));
      const double turned = half_turn ? (is_x ? -x : -y) : (is_x ? -y : x);
      BOOST_TEST(to.value(to_row * 24 + c) == (c < 16 ? turned : from.value(from_row * 24 + c)));
    }
  };
  for (std::int64_t t = 0; t < 2; ++t) {
    check_rows(outputs.at("k_cache"), 3 + t, inputs.at("k_new"), t, t == 1);
    for (std::int64_t h = 0; h < 2; ++h)
      check_rows(outputs.at("q_rotated"), 2 * t + h, inputs.at("q"), 2 * t + h, t == 1);
  }
}

BOOST_AUTO_TEST_CASE(without_a_mask_every_query_is_turned_by_the_first_position) {
  const auto problem = fd::naive::append_from(
      "hk=1,hq=1,d=16,sq=2,sn=1,capacity=4,cache_seqlens=1,rotary_dim=16,seqlen_rotary=2");
  tensor_set inputs = fd::naive::make_inputs(problem, 2);
  for (std::int64_t e = 0; e < 8; ++e) inputs.at("rotary_cos").set_value(8 + e, 0);
  for (std::int64_t e = 0; e < 8; ++e) inputs.at("rotary_sin").set_value(8 + e, 1);

  const tensor_set outputs = run_append(problem, inputs);

  for (std::int64_t row = 0; row < 2; ++row)
    for (std::int64_t e = 0; e < 8; ++e) {
      BOOST_TEST(outputs.at("q_rotated").value(row * 16 + 2 * e) ==
                 -inputs.at("q").value(row * 16 + 2 * e + 1));
      BOOST_TEST(outputs.at("q_rotated").value(row * 16 + 2 * e + 1) ==
                 inputs.at("q").value(row * 16 + 2 * e));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
