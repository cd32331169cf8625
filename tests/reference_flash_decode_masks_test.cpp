// Who sees whom: the mask examples of the specification, written as pictures.
#include <boost/test/unit_test.hpp>

#include <string>

#include "reference/flash_decode_problem.hpp"

using namespace plumbline;
using namespace plumbline::flash_decode;

namespace {

std::string visible_rows(const attend_problem& p, std::int64_t sq, std::int64_t sk) {
  std::string picture;
  for (std::int64_t i = 0; i < sq; ++i) {
    const key_range seen = visible_keys(p, i, sq, sk);
    if (i > 0) picture += '/';
    for (std::int64_t j = 0; j < sk; ++j) picture += j >= seen.begin && j < seen.end ? '1' : '0';
  }
  return picture;
}

attend_problem masked(bool causal, std::int64_t left, std::int64_t right, std::int64_t chunk = 0) {
  attend_problem p;
  p.causal = causal;
  p.window_left = left;
  p.window_right = right;
  p.attention_chunk = chunk;
  return p;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(flash_decode_masks)

BOOST_AUTO_TEST_CASE(causal_is_aligned_to_the_bottom_right) {
  BOOST_TEST(visible_rows(masked(true, -1, -1), 2, 5) == "11110/11111");
  BOOST_TEST(visible_rows(masked(true, -1, -1), 3, 3) == "100/110/111");
  BOOST_TEST(visible_rows(masked(true, -1, -1), 5, 2) == "00/00/00/10/11");
  BOOST_TEST(visible_rows(masked(true, -1, -1), 1, 4) == "1111");
}

BOOST_AUTO_TEST_CASE(windows_count_from_the_aligned_position) {
  BOOST_TEST(visible_rows(masked(false, 1, 0), 2, 5) == "00110/00011");
  BOOST_TEST(visible_rows(masked(false, -1, 1), 3, 4) == "1110/1111/1111");
  BOOST_TEST(visible_rows(masked(false, 0, -1), 2, 3) == "011/001");
  BOOST_TEST(visible_rows(masked(false, 0, 0), 3, 3) == "100/010/001");
  BOOST_TEST(visible_rows(masked(false, 0, 0), 3, 1) == "0/0/1");
}

BOOST_AUTO_TEST_CASE(causal_overrides_the_right_window_and_keeps_the_left) {
  BOOST_TEST(visible_rows(masked(true, 1, 3), 2, 5) == "00110/00011");
}

BOOST_AUTO_TEST_CASE(chunks_start_at_multiples_also_below_zero) {
  BOOST_TEST(visible_rows(masked(false, -1, -1, 2), 3, 5) == "00110/00110/00001");
  BOOST_TEST(visible_rows(masked(true, -1, -1, 2), 3, 5) == "00100/00110/00001");
  BOOST_TEST(visible_rows(masked(false, -1, -1, 3), 4, 2) == "00/00/11/11");
}

BOOST_AUTO_TEST_CASE(no_key_means_no_interval) {
  BOOST_TEST(visible_rows(masked(false, -1, -1), 2, 0) == "/");
  const key_range seen = visible_keys(masked(true, -1, -1), 0, 5, 2);
  BOOST_TEST(seen.begin == seen.end);
}

BOOST_AUTO_TEST_CASE(options_that_cannot_bind_are_dropped) {
  const auto simple = [](mask_options m, std::int64_t sq, std::int64_t capacity) {
    return simplify(m, sq, capacity);
  };
  BOOST_TEST(simple({false, 9, 2, 0}, 3, 10).window_left == -1);
  BOOST_TEST(simple({false, 8, 2, 0}, 3, 10).window_left == 8);
  BOOST_TEST(simple({false, 8, 2, 0}, 3, 10).window_right == -1);
  BOOST_TEST(simple({false, 8, 1, 0}, 3, 10).window_right == 1);
  BOOST_TEST(simple({true, -1, -1, 0}, 2, 10).window_right == 0);
  BOOST_TEST(!simple({true, -1, -1, 0}, 1, 10).causal);
  BOOST_TEST(simple({true, 3, -1, 0}, 1, 10).causal);
  BOOST_TEST(simple({true, -1, -1, 4}, 1, 10).causal);
}

BOOST_AUTO_TEST_SUITE_END()
