// schedule: the published vectors, and what every schedule promises.
#include <boost/test/unit_test.hpp>

#include "reference/core/random.hpp"
#include "reference/mla.hpp"
#include "tests/mla_reference_plain.hpp"

using namespace plumbline;
using namespace plumbline::mla;
using lengths = std::vector<std::int64_t>;

namespace {

schedule_truth schedule_lengths(const lengths& cache_seqlens, std::int64_t parts) {
  schedule_problem p;
  p.b = static_cast<std::int64_t>(cache_seqlens.size());
  p.cache_seqlens = cache_seqlens;
  p.num_sm_parts = parts;
  return mla::schedule(p);
}

schedule_problem draw_schedule(std::uint64_t seed) {
  random_stream r(seed, "schedule");
  schedule_problem p;
  p.b = r.integer(0, 6);
  p.num_sm_parts = r.integer(1, r.chance(0.5) ? 8 : 140);
  p.block_size = r.chance(0.7) ? 64 : r.integer(1, 9);
  p.fixed_overhead = r.chance(0.7) ? 5 : r.integer(0, 7);
  const std::int64_t most = r.chance(0.5) ? 200 : 5000;
  const auto list = [&](std::int64_t largest) {
    lengths l;
    for (std::int64_t i = 0; i < p.b; ++i) l.push_back(r.chance(0.2) ? 0 : r.integer(0, largest));
    return l;
  };
  if (r.chance(0.5)) {
    p.cache_seqlens = list(most);
    return p;
  }
  p.topk = r.integer(0, most);
  if (r.chance(0.5)) p.topk_length = list(p.topk);
  if (r.chance(0.5)) p.extra_topk = r.integer(0, 300);
  if (r.chance(0.5)) p.extra_topk_length = list(p.extra_topk);
  return p;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mla_schedule)

BOOST_AUTO_TEST_CASE(one_long_sequence_fills_half_of_66_parts) {
  const schedule_truth truth = schedule_lengths({4096}, 66);

  BOOST_TEST(truth.num_splits == lengths({0, 32}));
  BOOST_TEST_REQUIRE(truth.parts.size() == 66u);
  for (std::int64_t n = 0; n < 66; ++n) {
    const schedule_part& part = truth.parts[static_cast<std::size_t>(n)];
    if (n < 32)
      BOOST_TEST((part == schedule_part{0, 0, 2 * n, 2 * n + 2, n, true, true}), "part " << n);
    else
      BOOST_TEST(part.first_request == 1, "part " << n);
  }
}

BOOST_AUTO_TEST_CASE(a_sequence_without_keys_takes_a_part_and_no_block) {
  const schedule_truth truth = schedule_lengths({0, 100, 4096}, 66);

  BOOST_TEST(truth.num_splits == lengths({0, 1, 2, 34}));
  BOOST_TEST((truth.parts[0] == schedule_part{0, 0, 0, 0, 0, false, false}));
  BOOST_TEST((truth.parts[1] == schedule_part{1, 1, 0, 2, 0, false, false}));
  BOOST_TEST((truth.parts[2] == schedule_part{2, 2, 0, 2, 0, true, true}));
  BOOST_TEST((truth.parts[33] == schedule_part{2, 2, 62, 64, 31, true, true}));
  BOOST_TEST(truth.parts[34].first_request == 3);
}

BOOST_AUTO_TEST_CASE(four_parts_share_three_sequences) {
  const schedule_truth truth = schedule_lengths({1000, 10, 3000}, 4);

  BOOST_TEST(truth.num_splits == lengths({0, 1, 2, 5}));
  BOOST_TEST((truth.parts == std::vector<schedule_part>{{0, 0, 0, 16, 0, false, false},
                                                        {1, 2, 0, 14, 0, false, true},
                                                        {2, 2, 14, 34, 1, true, true},
                                                        {2, 2, 34, 47, 2, true, true}}));
}

BOOST_AUTO_TEST_CASE(two_parts_need_not_split_three_short_sequences) {
  const schedule_truth truth = schedule_lengths({64, 64, 64}, 2);

  BOOST_TEST(truth.num_splits == lengths({0, 1, 2, 3}));
  BOOST_TEST((truth.parts ==
              std::vector<schedule_part>{{0, 1, 0, 1, 0, false, false}, {2, 2, 0, 1, 0, false, false}}));
}

BOOST_AUTO_TEST_CASE(index_lists_count_whole_blocks_of_the_first_list_and_then_the_second) {
  schedule_problem p;
  p.b = 4;
  p.topk = 128;
  p.topk_length = {0, 1, 65, 128};
  p.extra_topk = 512;
  p.extra_topk_length = {512, 0, 100, 64};

  BOOST_TEST(scheduled_keys(p, 0) == 64 + 512);
  BOOST_TEST(scheduled_keys(p, 1) == 64);
  BOOST_TEST(scheduled_keys(p, 2) == 128 + 100);
  BOOST_TEST(scheduled_keys(p, 3) == 128 + 64);
  p.num_sm_parts = 20;
  BOOST_TEST(mla::schedule(p).num_splits == lengths({0, 5, 6, 8, 10}));
}

BOOST_AUTO_TEST_CASE(parts_of_a_device_follow_upstreams_rules) {
  BOOST_TEST(dense_sm_parts(132, 1, 128, 1) == 66);
  BOOST_TEST(dense_sm_parts(132, 2, 128, 1) == 33);
  BOOST_TEST(dense_sm_parts(132, 1, 16, 1) == 132);
  BOOST_TEST(dense_sm_parts(132, 1, 65, 1) == 66);
  BOOST_TEST(dense_sm_parts(132, 4, 128, 2) == 16);
  BOOST_TEST(dense_sm_parts(10, 64, 128, 1) == 1);
  BOOST_TEST(sparse_sm_parts(132, 1, 128) == 66);
  BOOST_TEST(sparse_sm_parts(132, 2, 64) == 66);
  BOOST_TEST(sparse_sm_parts(132, 200, 64) == 1);
}

BOOST_AUTO_TEST_CASE(every_block_is_taken_once_in_order_and_no_part_exceeds_its_share) {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const schedule_problem p = draw_schedule(seed);
    const schedule_truth truth = mla::schedule(p);
    const std::string text = to_text(p);
    BOOST_TEST_REQUIRE(truth.parts.size() == static_cast<std::size_t>(p.num_sm_parts), text);
    BOOST_TEST_REQUIRE(truth.num_splits.size() == static_cast<std::size_t>(p.b) + 1, text);

    std::int64_t cost = 0;
    lengths blocks, taken(static_cast<std::size_t>(p.b), 0), splits = taken;
    for (std::int64_t r = 0; r < p.b; ++r) {
      blocks.push_back((scheduled_keys(p, r) + p.block_size - 1) / p.block_size);
      cost += std::max<std::int64_t>(1, blocks.back()) + p.fixed_overhead;
    }
    const std::int64_t share = (cost + p.num_sm_parts - 1) / p.num_sm_parts + p.fixed_overhead;
    bool idle = false;
    for (const schedule_part& part : truth.parts) {
      if (part.first_request == p.b) {
        idle = true;
        continue;
      }
      BOOST_TEST_REQUIRE(!idle, text);
      std::int64_t spent = 0;
      for (std::int64_t r = part.first_request; r <= part.last_request; ++r) {
        const auto at = static_cast<std::size_t>(r);
        const std::int64_t begin = r == part.first_request ? part.first_block : 0;
        const std::int64_t end = r == part.last_request ? part.end_block : blocks[at];
        BOOST_TEST_REQUIRE(begin == taken[at], text);
        BOOST_TEST_REQUIRE((end > begin || blocks[at] == 0), text);
        if (r == part.first_request) BOOST_TEST(part.first_split == splits[at], text);
        const bool whole = begin == 0 && end == blocks[at];
        if (r == part.first_request) BOOST_TEST(part.first_is_split == !whole, text);
        if (r == part.last_request) BOOST_TEST(part.last_is_split == !whole, text);
        taken[at] = end;
        ++splits[at];
        spent += std::max<std::int64_t>(1, end - begin) + p.fixed_overhead;
      }
      BOOST_TEST(spent <= share, text);
    }
    BOOST_TEST_REQUIRE(taken == blocks, text);
    for (std::size_t r = 0; r < splits.size(); ++r)
      BOOST_TEST(truth.num_splits[r + 1] - truth.num_splits[r] == splits[r], text);
  }
}

BOOST_AUTO_TEST_CASE(a_decode_is_scheduled_by_its_lengths) {
  decode_problem d;
  d.b = 3;
  d.hq = 128;
  d.cache_seqlens = {0, 100, 4096};
  d.max_pages = 64;
  const schedule_problem p = schedule_of(d, 132);

  BOOST_TEST(p.num_sm_parts == 66);
  BOOST_TEST(mla::schedule(p).num_splits == lengths({0, 1, 2, 34}));
  d.num_sm_parts = 4;
  BOOST_TEST(schedule_of(d, 132).num_sm_parts == 4);
}

BOOST_AUTO_TEST_SUITE_END()
