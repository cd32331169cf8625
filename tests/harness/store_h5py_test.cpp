// h5py and the store understand each other.  Skipped, by name, where Python has no h5py.
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <cstdlib>

#include "fixtures/store.hpp"
#include "tests/harness/python_with.hpp"
#include "tests/harness/scratch_folder.hpp"

using namespace plumbline;
using namespace plumbline::fixtures;
using plumbline::testing::scratch_folder;

namespace {

const std::string script = plumbline::testing::python_with("h5py") + " -B " PLUMBLINE_CASE_FROM_PYTHON;

std::string output_of(const std::string& command) {
  std::string text;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  BOOST_REQUIRE(pipe);
  char block[256];
  while (std::fgets(block, sizeof block, pipe)) text += block;
  BOOST_TEST(::pclose(pipe) == 0, command);
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(store_h5py, *boost::unit_test::precondition(plumbline::testing::h5py_is_there))

BOOST_AUTO_TEST_CASE(the_store_reads_what_h5py_writes) {
  const scratch_folder folder;
  output_of(script + " " + folder.file("p.h5"));

  const stored_case found = read(folder.file("p.h5"), {"attend", "from_python"});

  const std::map<std::string, std::string> attributes = {{"dtype", "bf16"},
                                                         {"causal", "1"},
                                                         {"softmax_scale", "0.125"},
                                                         {"page_size", "0"},
                                                         {"contract", "bf16/tc25"}};
  BOOST_TEST((found.attributes == attributes));
  for (const char* name : {"q", "k_cache"}) {
    const tensor& bits = found.tensors.at(name);
    BOOST_TEST((bits.type() == dtype::bf16));
    const std::uint64_t codes[] = {0x3f80, 0xc000, 0x7fc0, 0x0001};
    for (std::int64_t i = 0; i < 4; ++i) BOOST_TEST(bits.code(i) == codes[i]);
  }
  BOOST_TEST((found.tensors.at("half").type() == dtype::f16));
  BOOST_TEST(found.tensors.at("half").code(1) == 0x8000u);
  BOOST_TEST((found.tensors.at("cache_seqlens").type() == dtype::i32));
  BOOST_TEST((found.tensors.at("lse").type() == dtype::f32));
  BOOST_TEST(found.tensor_attributes.at("mask").at("dtype") == "bool");
}

BOOST_AUTO_TEST_CASE(h5py_reads_what_the_store_writes) {
  const scratch_folder folder;
  stored_case one;
  one.group = "attend";
  one.name = "from_store";
  one.attributes = {{"causal", "1"}, {"dtype", "bf16"}, {"softmax_scale", "0.125"}};
  tensor q(dtype::bf16, {2});
  q.set_value(1, 1);
  one.tensors.set("q", q);
  one.tensors.set("lse", tensor(dtype::f32, {1, 2}));
  write(folder.file("s.h5"), {one}, {});

  const std::string seen = output_of(script + " --read " + folder.file("s.h5"));

  BOOST_TEST(seen ==
             "sealed True\ncausal int32 1\ndtype bytes_ bf16\nsoftmax_scale float64 0.125\n"
             "lse float32 (1, 2) f32 [[0.0, 0.0]]\nq uint16 (2,) bf16 [0, 16256]\n");
}

BOOST_AUTO_TEST_SUITE_END()
