// What nvcc makes of the wrappers, read from the machine code itself: the model of a shape holds for the
// instructions that stand here, so another toolkit that emits others must not pass unnoticed.
//
// A cubin is an ELF file; the code of a kernel is its section .text.<name>, and instructions are 16 bytes
// with the operation in the low 12 bits.  No disassembler is needed.
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

namespace {

/// Operations, by what a disassembler calls them.  The last digit but two tells how operands are given.
enum operation : std::uint32_t {
  hmma = 0x23c,
  qmma = 0x27a,
  hgmma_shared = 0x9f0,
  hgmma_registers = 0xdf0,
  qgmma_shared = 0x9f3,
  qgmma_registers = 0xdf3,
  add_f32 = 0x221,
  hadd2 = 0x230,
  unpack_fp8 = 0x23e
};

using counts = std::map<std::uint32_t, int>;  // by operation

template <class T>
T at(const std::string& bytes, std::uint64_t offset) {
  T value;
  BOOST_REQUIRE(offset + sizeof value <= bytes.size());
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

/// Operations of each kernel of a cubin, by its mangled name.
std::map<std::string, counts> code_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  BOOST_REQUIRE_MESSAGE(bytes.compare(0, 5,
                                      "\x7f"
                                      "ELF\x02") == 0,
                        file + " is no 64-bit ELF file");
  const auto sections = at<std::uint64_t>(bytes, 0x28);
  const auto size = at<std::uint16_t>(bytes, 0x3a), count = at<std::uint16_t>(bytes, 0x3c),
             names = at<std::uint16_t>(bytes, 0x3e);
  const auto texts = at<std::uint64_t>(bytes, sections + names * size + 0x18);
  std::map<std::string, counts> found;
  for (unsigned i = 0; i < count; ++i) {
    const std::uint64_t section = sections + i * size;
    const std::string name = bytes.c_str() + texts + at<std::uint32_t>(bytes, section);
    if (name.rfind(".text.", 0) != 0) continue;
    const auto first = at<std::uint64_t>(bytes, section + 0x18),
               length = at<std::uint64_t>(bytes, section + 0x20);
    for (std::uint64_t offset = 0; offset < length; offset += 16)
      ++found[name.substr(6)][at<std::uint64_t>(bytes, first + offset) & 0xfff];
  }
  return found;
}

int number(const counts& c, std::uint32_t what) {
  const auto found = c.find(what);
  return found == c.end() ? 0 : found->second;
}

/// The kernels whose names hold all of `parts`.
std::vector<counts> kernels_with(const std::string& file, const std::vector<std::string>& parts) {
  std::vector<counts> all;
  for (const auto& [name, code] : code_of(file)) {
    bool fits = true;
    for (const std::string& part : parts) fits = fits && name.find(part) != std::string::npos;
    if (fits) all.push_back(code);
  }
  return all;
}

// As compilers write mma_shape and wgmma_shape of these formats into a name: dtype 2 is tf32, 3 bf16, 4 f16,
// 5 e4m3, 6 e5m2, 1 f32.
const std::string fp8_mma = "ELi32EEEEEvNS1_10mma_params", f32_sums = "ELS4_1", f16_sums = "ELS4_4";

}  // namespace

BOOST_AUTO_TEST_SUITE(tensor_core_code)

BOOST_AUTO_TEST_CASE(fp8_mma_on_hopper_is_two_f16_operations_and_an_addition) {
  const auto single = kernels_with(PLUMBLINE_CUBIN_90A, {"one_mma", f32_sums + fp8_mma});
  const auto half = kernels_with(PLUMBLINE_CUBIN_90A, {"one_mma", f16_sums + fp8_mma});

  BOOST_TEST(single.size() == 4u);
  BOOST_TEST(half.size() == 4u);
  for (const auto& all : {single, half})
    for (const counts& code : all) {
      BOOST_TEST(number(code, hmma) == 2);
      BOOST_TEST(number(code, qmma) == 0);
      BOOST_TEST(number(code, unpack_fp8) == 12);
    }
  for (const counts& code : single) BOOST_TEST(number(code, add_f32) == 4);
  for (const counts& code : half) BOOST_TEST(number(code, hadd2) == 2);
}

BOOST_AUTO_TEST_CASE(fp8_mma_on_ada_is_an_operation_of_its_own) {
  const auto all = kernels_with(PLUMBLINE_CUBIN_89, {"one_mma", fp8_mma});

  BOOST_TEST(all.size() == 8u);
  for (const counts& code : all) {
    BOOST_TEST(number(code, qmma) == 1);
    BOOST_TEST(number(code, hmma) == 0);
    BOOST_TEST(number(code, add_f32) == 0);
  }
}

BOOST_AUTO_TEST_CASE(every_other_mma_is_one_operation) {
  for (const char* file : {PLUMBLINE_CUBIN_90A, PLUMBLINE_CUBIN_89})
    for (const char* k : {"ELi16EEEEE", "ELi8EEEEE", "ELi4EEEEE"})
      for (const counts& code : kernels_with(file, {"one_mma", k})) {
        BOOST_TEST(number(code, hmma) == 1);
        BOOST_TEST(number(code, add_f32) == 0);
      }
  BOOST_TEST(kernels_with(PLUMBLINE_CUBIN_90A, {"one_mma"}).size() == 16u);
}

BOOST_AUTO_TEST_CASE(wgmma_is_hgmma_and_of_fp8_qgmma) {
  const auto bf16 = kernels_with(PLUMBLINE_CUBIN_90A, {"wgmma_gemm", "dtypeE3"});
  const auto fp8 = kernels_with(PLUMBLINE_CUBIN_90A, {"wgmma_gemm", "dtypeE5"});

  BOOST_REQUIRE(bf16.size() == 1u);
  BOOST_REQUIRE(fp8.size() == 1u);
  BOOST_TEST(number(bf16[0], hgmma_shared) == 4);
  BOOST_TEST(number(fp8[0], qgmma_shared) == 4);
  BOOST_TEST(number(fp8[0], hmma) + number(bf16[0], hmma) == 0);
}

BOOST_AUTO_TEST_CASE(every_wgmma_takes_a_from_shared_memory_and_from_registers) {
  const auto all = kernels_with(PLUMBLINE_CUBIN_90A, {"one_wgmma"});

  BOOST_TEST(all.size() == 17u);
  for (const counts& code : all) {
    BOOST_TEST(number(code, hgmma_shared) + number(code, qgmma_shared) == 1);
    BOOST_TEST(number(code, hgmma_registers) + number(code, qgmma_registers) == 1);
    BOOST_TEST(number(code, hgmma_shared) == number(code, hgmma_registers));
  }
}

BOOST_AUTO_TEST_SUITE_END()
