#include <boost/test/unit_test.hpp>

#include <map>
#include <string>

#include "properties/flash_decode/append_inputs.hpp"
#include "properties/flash_decode/attend_inputs.hpp"
#include "properties/flash_decode/combine_inputs.hpp"
#include "properties/flash_decode/problem_classes.hpp"
#include "properties/flash_decode/shapes.hpp"
#include "properties/mla/attention_shapes.hpp"
#include "properties/operation.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/core/sha256.hpp"
#include "tests/harness/operation_named.hpp"

using namespace plumbline;
using namespace plumbline::generate;

namespace {

constexpr int drawn = 1500;

// Shares of the classes among drawn problems, each of which must be valid and read back from its text.
template <class Problem, class Draw>
std::map<std::string, double> shares(std::span<const problem_class<Problem>> classes, Draw draw) {
  std::map<std::string, double> share;
  for (int i = 0; i < drawn; ++i)
    for (const std::string& name : names_holding(classes, draw(static_cast<std::uint64_t>(i))))
      share[name] += 1.0 / drawn;
  return share;
}

void require_floors(const std::map<std::string, double>& share,
                    const std::vector<std::pair<std::string, double>>& floors) {
  for (const auto& [name, floor] : floors) {
    const auto found = share.find(name);
    BOOST_TEST_INFO(name << " has a share of " << (found == share.end() ? 0 : found->second) << ", floor "
                         << floor);
    BOOST_CHECK(found != share.end() && found->second >= floor);
  }
  for (const auto& counted : share) {
    const bool listed =
        std::any_of(floors.begin(), floors.end(), [&](const auto& f) { return f.first == counted.first; });
    BOOST_TEST(listed, counted.first << " is counted but not listed");
  }
}

// A class of a few percent has no floor, for a hundred cases may miss it; a thousand may not.
template <class Problem>
void require_five_of_a_thousand(std::span<const problem_class<Problem>> classes,
                                Problem (*draw)(const contract&, std::string_view, std::uint64_t,
                                                std::uint64_t)) {
  const contract promised{"", dtype::bf16, dtype::bf16, types_alone{}};
  std::map<std::string, int> count;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const Problem p = draw(promised, "normal", 1, i);
    BOOST_REQUIRE_NO_THROW(check(p));
    for (const std::string& name : names_holding(classes, p)) ++count[name];
  }
  for (const auto& one : classes)
    BOOST_TEST(count[std::string(one.name)] >= 5, one.name << " is hardly drawn");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(generated_shapes)

BOOST_AUTO_TEST_CASE(every_class_of_mla_s_attentions_is_drawn_five_times_in_a_thousand) {
  require_five_of_a_thousand(prefill_classes(), draw_prefill);
  require_five_of_a_thousand(decode_classes(), draw_decode);
  require_five_of_a_thousand(decode_indices_classes(), draw_decode_indices);
  require_five_of_a_thousand(prefill_indices_classes(), draw_prefill_indices);
}

BOOST_AUTO_TEST_CASE(every_class_of_attend_is_drawn_above_its_floor) {
  for (dtype in : {dtype::bf16, dtype::e4m3})
    require_floors(
        shares(attend_classes(),
               [&](std::uint64_t i) {
                 const auto p = draw_attend(in, dtype::bf16, draw_regime(7, i), 7, i);
                 BOOST_REQUIRE_NO_THROW(flash_decode::check(p));
                 BOOST_REQUIRE((flash_decode::parse_attend(keyed_text(to_text(p))) == p));
                 return p;
               }),
        in == dtype::bf16 ? floors_of(attend_classes()) : [] {
          auto floors = floors_of(attend_classes());
          std::erase_if(floors, [](const auto& f) { return f.first == "query_value"; });
          return floors;
        }());
}

BOOST_AUTO_TEST_CASE(every_class_of_append_is_drawn_above_its_floor) {
  require_floors(shares(append_classes(),
                        [](std::uint64_t i) {
                          const auto p = draw_append(dtype::bf16, 7, i);
                          BOOST_REQUIRE_NO_THROW(flash_decode::check(p));
                          BOOST_REQUIRE((flash_decode::parse_append(keyed_text(to_text(p))) == p));
                          return p;
                        }),
                 floors_of(append_classes()));
}

BOOST_AUTO_TEST_CASE(every_class_of_combine_is_drawn_above_its_floor) {
  require_floors(shares(combine_classes(),
                        [](std::uint64_t i) {
                          constexpr dtype types[] = {dtype::f32, dtype::bf16, dtype::f16};
                          const auto p = draw_combine(types[i % 3], 7, i);
                          BOOST_REQUIRE_NO_THROW(flash_decode::check(p));
                          BOOST_REQUIRE((flash_decode::parse_combine(keyed_text(to_text(p))) == p));
                          return p;
                        }),
                 floors_of(combine_classes()));
}

BOOST_AUTO_TEST_CASE(every_listed_size_of_the_issue_comes_up) {
  std::map<std::int64_t, int> pages, ratios, dims;
  std::map<std::int64_t, int> off_edge;  // length minus the nearest tile edge
  for (std::uint64_t i = 0; i < drawn; ++i) {
    const auto p = draw_attend(dtype::bf16, dtype::bf16, regime::normal, 3, i);
    ++pages[p.page_size];
    ++ratios[p.hq / p.hk];
    ++dims[p.d];
    for (std::int64_t n = 0; n < p.b; ++n)
      for (std::int64_t t : tile_edges)
        for (std::int64_t side : {-1, 0, 1})
          if (flash_decode::cached_keys(p, n) > 2 && (flash_decode::cached_keys(p, n) - side) % t == 0)
            ++off_edge[side];
  }

  for (std::int64_t size : {0, 1, 2, 3, 16, 64, 128, 256}) BOOST_TEST(pages[size] > 0, "page size " << size);
  for (std::int64_t ratio : {1, 2, 3, 5, 7, 8, 16}) BOOST_TEST(ratios[ratio] > 0, "GQA ratio " << ratio);
  for (std::int64_t d : {64, 96, 128, 192, 256}) BOOST_TEST(dims[d] > 0, "head dim " << d);
  BOOST_TEST(dims.size() > 15u);
  for (std::int64_t side : {-1, 0, 1}) BOOST_TEST(off_edge[side] > drawn / 10, "edge " << side);
}

BOOST_AUTO_TEST_CASE(every_regime_is_drawn) {
  std::map<std::string_view, int> seen;
  for (std::uint64_t i = 0; i < drawn; ++i) ++seen[name_of(draw_regime(7, i))];

  for (std::string_view name : regime_names) BOOST_TEST(seen[name] > drawn / 50, name);
}

BOOST_AUTO_TEST_CASE(some_query_sees_a_key_in_every_case) {
  for (std::uint64_t i = 0; i < drawn; ++i) {
    const auto p = draw_attend(dtype::bf16, dtype::bf16, regime::normal, 11, i);
    bool sees = false;
    for (std::int64_t n = 0; n < p.b; ++n)
      for (std::int64_t row = 0; row < flash_decode::query_tokens(p, n); ++row) {
        const auto visible = flash_decode::visible_keys(p, row, flash_decode::query_tokens(p, n),
                                                        flash_decode::cached_keys(p, n));
        sees = sees || visible.begin < visible.end;
      }
    BOOST_REQUIRE(sees);
  }
}

BOOST_AUTO_TEST_CASE(a_case_needs_no_case_before_it) {
  const operation& attend = operation_named("flash_decode.attend");

  const auto fifth = attend.draw("split", dtype::bf16, 9, 5, "");

  for (std::uint64_t i = 0; i < 5; ++i)
    BOOST_TEST(attend.draw("split", dtype::bf16, 9, i, "").str() != fifth.str());
  BOOST_TEST(attend.draw("split", dtype::bf16, 9, 5, "").str() == fifth.str());
  BOOST_TEST(attend.draw("split", dtype::bf16, 10, 5, "").str() != fifth.str());
}

// The same on every machine and compiler: generators use RapidCheck's hash, our streams and exact arithmetic.
BOOST_AUTO_TEST_CASE(cases_and_their_inputs_are_the_same_everywhere) {
  struct golden {
    const char *function, *digest;
  };
  constexpr golden all[] = {
      {"flash_decode.attend", "e1653540d305976df05eab88b6ffc45e7e4e8181d522c0ab83ce0c5ec9a69155"},
      {"flash_decode.append", "7eefa896b0248838563f0375975f51c67d1afd16d6fcc6c6e8a0eb6291e39861"},
      {"flash_decode.combine", "561ef1f922311a1bbb18a960b0dd7ac6b48d1af520fb00431f60fb9d8be4d4af"},
      {"quantize.store", "74d17f6ff7fbeafc7b8c3cdb99cd739c591a9b51cc968b1c55af386e4480f6e4"},
      {"quantize.dequantize", "cc4009f6c395a77b3c4dae98b42513efa102b7ab8537ce2b465d639f4403c4cb"},
      {"quantize.groups", "81c1dbfc3bcffc0236de07eb1a07d7416af3f9b282641311ac3dd0795b1fb25e"},
      {"quantize.weight_dequant", "42d5df6e3958fc13c1aa6e9cad305475f688ec0d9aa478bb71b5f4ad976d4add"},
      {"quantize.block_gemm", "2c939c15b0461ea67b4a0d6fa028e6e06f46db8d2d444dcc27f79bcddcd603a0"},
      {"quantize.scatter", "c6ff963bc1c574193029a76092f926ae1ab104542577e00534fb73b7a678e1fe"},
      {"mla.prefill", "995c4795ab7f943cbd6035cef456ae015b4559b023754ddbeba20ad9f0f4047a"},
      {"mla.decode", "d7b09bef2f5aa0b8273358f45190582526d2e2aabbaf3d36e976f338779bb4b4"},
      {"mla.decode_indices", "fc407fd9b68daaf9ec821f6eab1bf2fd0f375130eb0bb327dece9b61a526c050"},
      {"mla.prefill_indices", "725dc18748a12e59e345df7b25332b34b168817e2daac28b97cac72975cb35a1"},
      {"mla.rms_norm", "8a559ae18d9b52d7172e021b27dd2367e84a56da53c9c479c819759811ac5738"},
      {"mla.rotary", "813634f61800490fe55f78f59c6d6d654d85e3de9e66e75750fcb4e7ff991409"},
      {"mla.write_cache", "957b1e789057114dd40c7fdbf6c3999d7f0793b7015e809c3acdeccb1631dede"},
      {"mla.project", "5c8052a5b60e9fea85b336cbe23fe7a9d5e436c784b0bb8a506f5148ea3ddeee"},
      {"mla.schedule", "498f0f551a09c61fc2b9618b61acd62a735798177eb5988e596d6150d9e63979"},
      {"mla.combine", "41d12966b7dc540372181838923241ea02c1c5ac9d8eb806c6ec865bfa8a4e7f"},
      {"mla.forward", "f2ea812bbce9d1366230a9752667b5bab1115eacf695d5181e72b276fd7c4876"},
      {"conv1d.prefill", "c60eda64b11322784ea762729d6fd50629af93c8bd0fef50bbd806e2b152e387"},
      {"conv1d.update", "d972012134bcdeaae39de790d43c4d32647c34db23291f90b751dedf82c751f6"},
      {"conv1d.update_speculative", "de8541c2dced63a1f4230c7278d870f9539d944989d902303e3f486239c72a6b"},
      {"conv1d.varlen_states", "cbe9af9507a9bee1c0d7699d0a625230bb1c20e7b97fe272cb989d00a136bbdb"},
      {"conv1d.steps", "a8adbc1cc84a94bb3fdc6f1abd95e852b3777710d0fde702e827cb8e17bfedd6"},
      {"dflash.project", "5e5973f047d5492491733e9743273ee89907d36549901c1e35b90992c5134699"},
      {"dflash.attention", "490675efd9c33c32193c330dc9a58d94fd250a8d967f41ac22326ec0ab546f8a"},
      {"dflash.accept", "cfd966839b25e1e903df7a38c7f65bdf161bfdb69e511cb6d2b8808d5c27e31a"},
      {"dflash.crop", "6bc82601b0cec3521628375fb16fae97866439d762ed2bb4a47d26e9e70ea1e6"},
      {"dflash.steps", "be58aaf99d4bd43cb9730428922db4e87af47a5ab29a55dd63478890f1b576c5"}};
  for (const auto& [function, digest] : all) {
    const operation& one = operation_named(function);
    const variant_info row = one.variants(side::host)[0];
    const auto regimes = one.regimes();
    sha256 drawn_so_far;
    for (std::uint64_t i = 0; i < 26; ++i) {
      const case_spec c =
          one.draw(row.name, row.contracts[i % row.contracts.size()].in, 5, i, regimes[i % regimes.size()]);
      drawn_so_far.update(c.str());
      for (const auto& e : one.record(c, nullptr).tensors) drawn_so_far.update(e.name).update(e.value);
    }
    BOOST_TEST(drawn_so_far.hex() == digest, function << ": " << drawn_so_far.hex());
  }
  BOOST_TEST(std::size(all) == operations().size());
}

BOOST_AUTO_TEST_SUITE_END()
