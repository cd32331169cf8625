// Both grids of prefill reach every block of every sequence exactly once, whatever the lengths.
#include <boost/test/unit_test.hpp>

#include <map>
#include <utility>

#include "kernels/conv1d/block_lists.hpp"
#include "reference/core/random.hpp"

using namespace plumbline;
using namespace plumbline::conv1d;

namespace {

using programs = std::map<std::pair<std::int64_t, std::int64_t>, int>;

std::vector<std::int32_t> starts(const int_list& lens) {
  const int_list from = starts_of(lens);
  return {from.begin(), from.end()};
}

programs listed(const int_list& lens) {
  std::int64_t count = 0;
  for (const std::int64_t n : lens) count += token_blocks(n);
  std::vector<std::int32_t> m_list(static_cast<std::size_t>(count), -1), offset_list = m_list;
  const auto from = starts(lens);
  for (std::size_t i = 0; i < lens.size(); ++i)
    list_blocks(from.data(), static_cast<std::int64_t>(i), m_list.data(), offset_list.data());
  programs all;
  for (std::size_t p = 0; p < m_list.size(); ++p) ++all[{m_list[p], offset_list[p]}];
  return all;
}

programs of_grid(const int_list& lens) {
  programs all;
  for (std::size_t i = 0; i < lens.size(); ++i)
    for (std::int64_t block = 0; block < token_blocks(longest_of(lens)); ++block)
      if (block * block_tokens < lens[i]) ++all[{static_cast<std::int64_t>(i), block}];
  return all;
}

programs every_block(const int_list& lens) {
  programs all;
  for (std::size_t i = 0; i < lens.size(); ++i)
    for (std::int64_t block = 0; block * block_tokens < lens[i]; ++block)
      all[{static_cast<std::int64_t>(i), block}] = 1;
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(conv1d_grids)

BOOST_AUTO_TEST_CASE(the_lists_of_the_documented_example) {
  const int_list lens = {1, 9, 2, 17, 4};
  std::vector<std::int32_t> m_list(8), offset_list(8);
  const auto from = starts(lens);

  for (std::int64_t i = 0; i < 5; ++i) list_blocks(from.data(), i, m_list.data(), offset_list.data());

  BOOST_TEST((m_list == std::vector<std::int32_t>{0, 1, 1, 2, 3, 3, 3, 4}));
  BOOST_TEST((offset_list == std::vector<std::int32_t>{0, 0, 1, 0, 0, 1, 2, 0}));
}

BOOST_AUTO_TEST_CASE(every_block_has_one_program_on_both_grids) {
  random_stream draw(3, "lengths");
  for (int round = 0; round < 300; ++round) {
    int_list lens;
    for (std::int64_t i = draw.integer(0, 9); i > 0; --i)
      lens.push_back(draw.chance(0.2) ? 0 : draw.integer(0, 40));

    BOOST_TEST((listed(lens) == every_block(lens)));
    BOOST_TEST((of_grid(lens) == every_block(lens)));
  }
}

BOOST_AUTO_TEST_SUITE_END()
