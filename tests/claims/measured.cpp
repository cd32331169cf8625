// What building the lists of the older grid costs on the host, beside what the newer grid asks of it.
//
// Lengths are on the host in both.  The older grid repeats the number of every sequence once a block and
// counts the blocks; the newer one takes the largest length.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <numeric>

#include "tests/claims/measured.hpp"

namespace plumbline::claims {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::int64_t block_tokens = 8;

std::int64_t blocks_of(std::int64_t tokens) { return (tokens + block_tokens - 1) / block_tokens; }

// Sums that depend on what was built, so that it is built.
std::int64_t build_lists(const std::vector<std::int64_t>& lens) {
  std::int64_t programs = 0;
  for (const std::int64_t n : lens) programs += blocks_of(n);
  std::vector<std::int32_t> m_list(static_cast<std::size_t>(std::max<std::int64_t>(1024, programs)), -1),
      offset_list(m_list.size(), -1);
  std::size_t at = 0;
  for (std::size_t i = 0; i < lens.size(); ++i)
    for (std::int64_t block = 0; block < blocks_of(lens[i]); ++block, ++at)
      m_list[at] = static_cast<std::int32_t>(i), offset_list[at] = static_cast<std::int32_t>(block);
  return m_list[static_cast<std::size_t>(programs) - 1] + offset_list[static_cast<std::size_t>(programs) - 1];
}

std::int64_t longest(const std::vector<std::int64_t>& lens) {
  return blocks_of(*std::max_element(lens.begin(), lens.end()));
}

// The median of many calls, in microseconds.
template <class Call>
double microseconds(Call call, std::int64_t& sum) {
  std::vector<double> times;
  for (int i = 0; i < 201; ++i) {
    const auto begin = clock::now();
    sum += call();
    times.push_back(std::chrono::duration<double, std::micro>(clock::now() - begin).count());
  }
  std::nth_element(times.begin(), times.begin() + 100, times.end());
  return times[100];
}

}  // namespace

std::vector<program::measurement> measured() {
  std::vector<program::measurement> all;
  std::int64_t sum = 0;
  for (const std::int64_t sequences : {5, 64, 512}) {
    std::vector<std::int64_t> lens(static_cast<std::size_t>(sequences));
    for (std::size_t i = 0; i < lens.size(); ++i) lens[i] = static_cast<std::int64_t>(i * 397 % 1024 + 1);
    const double lists = microseconds([&] { return build_lists(lens); }, sum);
    const double maximum = microseconds([&] { return longest(lens); }, sum);
    char text[200];
    std::snprintf(
        text, sizeof text,
        "%lld sequences, %lld tokens: the lists %.2f us, the largest length %.2f us (medians of 201)",
        static_cast<long long>(sequences),
        static_cast<long long>(std::accumulate(lens.begin(), lens.end(), std::int64_t{0})), lists, maximum);
    all.push_back({"C3", sum == -1 ? "" : text});
  }
  return all;
}

}  // namespace plumbline::claims
