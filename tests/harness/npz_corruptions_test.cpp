// Ten thousand damaged archives of numpy arrays: each is refused in one line or read, and none crashes its
// reader, hangs or takes memory that it has no bytes for.
//
// Damage is drawn: an archive that is cut, flipped, overwritten or zeroed, sizes anywhere in it that say more
// than there is, and headers of arrays with such sizes under a checksum that holds.
#include <sys/resource.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <map>

#include "fixtures/npz.hpp"
#include "reference/core/random.hpp"
#include "tests/harness/npz_by_hand.hpp"
#include "tests/harness/scratch_folder.hpp"

using namespace plumbline;
using namespace plumbline::fixtures;
using namespace plumbline::testing;

namespace {

constexpr int rounds = 10000;
constexpr long most_memory = 64 << 10;  // KiB beyond what this process has itself

std::size_t place_in(const std::string& bytes, random_stream& draw) {
  return static_cast<std::size_t>(draw.integer(0, static_cast<std::int64_t>(bytes.size()) - 1));
}

std::string large(random_stream& draw) {
  constexpr const char* numbers[] = {"-1",
                                     "4294967296",
                                     "9223372036854775807",
                                     "18446744073709551616",
                                     "99999999999999999999999",
                                     "1152921504606846976"};
  return numbers[draw.integer(0, 5)];
}

std::string damaged(std::string bytes, random_stream& draw) {
  const std::size_t at = place_in(bytes, draw);
  const std::size_t run = std::min(static_cast<std::size_t>(draw.integer(1, 32)), bytes.size() - at);
  switch (draw.integer(0, 4)) {
    case 0:
      return bytes.substr(0, at);
    case 1:
      for (std::int64_t n = draw.integer(1, 4); n > 0; --n)
        bytes[place_in(bytes, draw)] ^= static_cast<char>(1 << draw.integer(0, 7));
      return bytes;
    case 2:
      for (std::size_t i = 0; i < run; ++i) bytes[at + i] = static_cast<char>(draw.bits32());
      return bytes;
    case 3:
      return bytes.replace(at, run, std::string(run, '\0'));
    default: {
      const std::size_t size = draw.chance(0.5) ? 4 : 8;  // as the archive has sizes, and as ZIP64 does
      return bytes.replace(at, std::min(size, bytes.size() - at),
                           std::string(size, draw.chance(0.5) ? '\xff' : '\x7f'));
    }
  }
}

/// An array whose header lies, mostly in an archive that does not.
std::string lying(const std::string& values, random_stream& draw) {
  std::string header = header_of(draw.chance(0.5) ? "<f4" : "<f" + large(draw),
                                 "(" + large(draw) + ", " + (draw.chance(0.5) ? "3" : large(draw)) + ")",
                                 draw.chance(0.5) ? "True" : "False");
  if (draw.chance(0.3)) header.resize(place_in(header, draw));
  std::string whole = array(header, values);
  if (draw.chance(0.3)) whole.replace(8, 2, std::string(2, '\xff'));  // the length of the header
  if (draw.chance(0.7)) return archive("q.npy", whole, whole.size());
  return archive("q.npy", whole, std::uint64_t{1} << draw.integer(12, 31), draw.chance(0.5) ? 8 : 0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(npz_corruptions)

BOOST_AUTO_TEST_CASE(a_damaged_archive_is_refused_or_read_within_its_limits) {
  const scratch_folder folder;
  const std::string file = folder.file("a.npz"), values(12 * 4, '\x11');
  const std::string bytes = array(header_of("<f4", "(4, 3)"), values);
  const std::string whole = archive("q.npy", bytes, bytes.size());
  rusage own{}, children{};
  getrusage(RUSAGE_SELF, &own);
  std::map<std::string, int> ends;
  for (int round = 0; round < rounds; ++round) {
    random_stream draw(static_cast<std::uint64_t>(round), "corruption");
    const bool lies = round % 4 == 0;
    const std::string other = lies ? lying(values, draw) : damaged(whole, draw);
    std::ofstream(file, std::ios::binary | std::ios::trunc) << other;
    std::string said;
    try {
      const stored_case one = read_npz(file, {});
      for (const auto& [name, value] : one.tensors)
        BOOST_TEST(static_cast<std::size_t>(value.size()) <= other.size(), "round " << round);
    } catch (const store_error& why) {
      said = why.what();
    }
    ++ends[(lies ? "lie " : "damage ") + std::string(said.empty() ? "read" : "refused")];
    for (const char* part : {"crashes", "did not end", "more memory", "\n"})
      BOOST_TEST(said.find(part) == std::string::npos, "round " << round << ": " << said);
  }
  getrusage(RUSAGE_CHILDREN, &children);
  BOOST_TEST(children.ru_maxrss < own.ru_maxrss + most_memory);
  for (const char* end : {"lie refused", "damage refused", "damage read"}) BOOST_TEST(ends[end] > 0, end);
  BOOST_TEST(ends["lie read"] == 0);
}

BOOST_AUTO_TEST_SUITE_END()
