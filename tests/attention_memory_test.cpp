// Memory of the truth is flat in the number of keys; companions hold scores of the rows at hand, and no more.
//
// Keys are made up by the loaders, so whatever the process grows by is the attention's.  In a process of its
// own, because the system reports the largest size ever.
#include <sys/resource.h>

#include <boost/test/unit_test.hpp>

#include "reference/attention.hpp"

using namespace plumbline;

namespace {

double largest_size() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return 1024.0 * static_cast<double>(usage.ru_maxrss);
}

attention_unit made_up(std::int64_t rows, std::int64_t keys, std::int64_t dv) {
  attention_unit u;
  u.rows = rows, u.keys = keys, u.dk = 8, u.dv = dv;
  const auto make = [](std::int64_t width) {
    return [width](std::int64_t first, std::int64_t count, double* out) {
      for (std::int64_t i = 0; i < count * width; ++i)
        out[i] = static_cast<double>((first * width + i) * 37 % 101) / 50 - 1;
    };
  };
  u.load_q = u.load_k = make(u.dk);
  u.load_v = make(u.dv);
  u.begin.assign(static_cast<std::size_t>(rows), 0);
  u.end.assign(static_cast<std::size_t>(rows), keys);
  return u;
}

double growth(std::int64_t rows, std::int64_t keys, std::int64_t dv, bool companions) {
  const contract promised = plain_attention;
  const attention_unit small = made_up(rows, 4096, dv), large = made_up(rows, keys, dv);
  attend({&small, 1}, {&promised, 1}, {2, companions, 0});
  const double before = largest_size();
  attend({&large, 1}, {&promised, 1}, {2, companions, 0});
  return largest_size() - before;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(attention_memory)

BOOST_AUTO_TEST_CASE(the_truth_of_a_million_keys_needs_less_than_one_row_of_scores) {
  constexpr std::int64_t keys = 1 << 20;
  const double grown = growth(64, keys, 64, false);

  BOOST_TEST(grown < static_cast<double>(keys * 8), "grew by " << grown << " bytes");
}

BOOST_AUTO_TEST_CASE(companions_hold_a_fraction_of_the_score_matrix) {
  constexpr std::int64_t rows = 512, keys = 1 << 17;
  const double grown = growth(rows, keys, 8, true);

  // A tile has 32 rows at this length.  Three stages are on their way at once and a fourth tile begins before
  // the first is gone; as much again covers everything else, such as V where most keys share their score.
  BOOST_TEST(grown <= 2 * 4 * 32 * static_cast<double>(keys * 8), "grew by " << grown << " bytes");
  BOOST_TEST(2 * 4 * 32 <= rows / 2);
}

BOOST_AUTO_TEST_SUITE_END()
