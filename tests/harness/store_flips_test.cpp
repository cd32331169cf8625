// A damaged file is refused, or read as it was: never otherwise, by no byte of it.
#include <boost/test/unit_test.hpp>
#include <fstream>

#include "fixtures/difference.hpp"
#include "fixtures/store.hpp"
#include "tests/harness/scratch_folder.hpp"
#include "tests/harness/stored_cases.hpp"

using namespace plumbline;
using namespace plumbline::fixtures;
using namespace plumbline::testing;

BOOST_AUTO_TEST_SUITE(store_flips)

BOOST_AUTO_TEST_CASE(every_flipped_byte_is_refused_or_read_as_before) {
  const scratch_folder folder;
  const std::string file = folder.file("a.h5");
  stored_case small = sample(3, 40), wide = sample(4, 2500);
  small.name = "small", wide.name = "wide";
  write(file, {small, wide}, {{"licence", "MIT"}});
  const std::string whole = bytes_of(file);
  std::int64_t refused = 0, same = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
    std::ofstream(file, std::ios::binary) << bytes;
    const std::string message = refusal([&] {
      BOOST_TEST(list(file).size() == 2u);
      BOOST_TEST((root_attributes(file) == std::map<std::string, std::string>{{"licence", "MIT"}}));
      BOOST_TEST(first_difference(read(file, {"attend", "small"}), small) == "", "byte " << at);
      BOOST_TEST(first_difference(read(file, {"attend", "wide"}), wide) == "", "byte " << at);
    });
    ++(message == "nothing was refused" ? same : refused);
    BOOST_TEST(message.find('\n') == std::string::npos, "byte " << at << ": " << message);
  }
  BOOST_TEST_MESSAGE(refused << " of " << whole.size() << " flips refused, " << same << " read as before");
  BOOST_TEST(refused > same);
}

BOOST_AUTO_TEST_SUITE_END()
