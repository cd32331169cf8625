// What the checker remembers: more readers than it has room for, bytes and words, blocks and launches.
#include <boost/test/unit_test.hpp>

#include "kernels/checked/shadow.hpp"

namespace plumbline::checked {
namespace {

constexpr std::uint32_t all = ~0u;
constexpr std::size_t word = 8;  // an offset

/// One block of two warps and 64 bytes that hold something.
struct scene {
  order when;
  shadow memory{64};

  scene() {
    when.launch_begins();
    when.block_begins(0, 64);
  }
  collision use(std::uint32_t thread, bool writes, std::size_t offset = word, std::size_t bytes = 4) {
    return memory.use(when, offset, bytes, visit{when.now(thread), thread, 1 + thread, writes, false, true});
  }
  bool reads(std::uint32_t thread) { return use(thread, false).what == trouble::none; }
  collision write(std::uint32_t thread) { return use(thread, true); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(checked_shadow)

BOOST_AUTO_TEST_CASE(the_second_of_two_readers_is_remembered) {
  scene s;
  BOOST_TEST((s.reads(3) && s.reads(5)));

  const collision found = s.write(3);

  BOOST_TEST((found.what == trouble::race_with_read));
  BOOST_TEST(thread_of(found.other) == 5u);
  BOOST_TEST(found.other_at == 6u);
}

BOOST_AUTO_TEST_CASE(a_reader_of_another_warp_takes_the_place_of_one_of_two_of_the_same) {
  scene s;
  BOOST_TEST((s.reads(3) && s.reads(5) && s.reads(40)));
  s.when.warp_meets(0, all);

  const collision found = s.write(3);

  BOOST_TEST((found.what == trouble::race_with_read));
  BOOST_TEST(thread_of(found.other) == 40u);
}

BOOST_AUTO_TEST_CASE(readers_of_an_earlier_block_are_not_forgotten_for_those_of_this_one) {
  scene s;
  BOOST_TEST(s.reads(1));
  s.when.block_begins(7, 64);
  for (std::uint32_t thread = 0; thread < 64; ++thread) BOOST_TEST(s.reads(thread));
  s.when.block_meets();

  const collision found = s.write(1);

  BOOST_TEST((found.what == trouble::race_with_read));
  BOOST_TEST(s.when.block_of(era_of(found.other)) == 0);
}

BOOST_AUTO_TEST_CASE(a_launch_orders_what_blocks_do_not) {
  scene s;
  BOOST_TEST((s.write(1).what == trouble::none));
  s.when.block_begins(1, 64);
  BOOST_TEST((s.write(1).what == trouble::race_with_write));
  s.when.launch_begins();
  s.when.block_begins(0, 64);

  BOOST_TEST((s.write(2).what == trouble::none));
}

BOOST_AUTO_TEST_CASE(a_reader_that_is_ordered_before_a_newer_one_leaves_its_place) {
  scene s;
  BOOST_TEST((s.reads(3) && s.reads(4)));
  s.when.warp_meets(0, all);
  BOOST_TEST((s.reads(5) && s.reads(6)));

  const collision found = s.write(7);

  BOOST_TEST((found.what == trouble::race_with_read));
  BOOST_TEST((thread_of(found.other) == 5u || thread_of(found.other) == 6u));
}

BOOST_AUTO_TEST_CASE(bytes_of_a_word_have_their_own_writers) {
  scene s;
  for (std::uint32_t thread = 0; thread < 4; ++thread)
    BOOST_TEST((s.use(thread, true, word + thread, 1).what == trouble::none));

  const collision found = s.use(2, true, word, 4);

  BOOST_TEST((found.what == trouble::race_with_write));
  BOOST_TEST(found.byte == word);
  BOOST_TEST((s.use(2, true, word + 2, 1).what == trouble::none));
  BOOST_TEST(thread_of(s.use(3, false, word + 2, 2).other) == 2u);
}

BOOST_AUTO_TEST_CASE(an_access_across_words_reports_its_first_wrong_byte) {
  scene s;
  BOOST_TEST((s.use(9, true, 14, 1).what == trouble::none));

  const collision found = s.use(8, false, 4, 16);

  BOOST_TEST((found.what == trouble::race_with_write));
  BOOST_TEST(found.byte == 14u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace plumbline::checked
