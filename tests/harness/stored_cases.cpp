#include "tests/harness/stored_cases.hpp"

#include <fstream>
#include <sstream>
#include <utility>

namespace plumbline::testing {

using fixtures::stored_case;

tensor all_codes(dtype type, std::int64_t count) {
  tensor out(type, {count});
  for (std::int64_t i = 0; i < count; ++i)
    out.set_code(i, static_cast<std::uint64_t>(i) * (size_of(type) == 8   ? 0x9e3779b97f4a7c15ull
                                                     : size_of(type) == 4 ? 0x9e3779b9ull & 0xffffffffull
                                                                          : 1ull) &
                        (size_of(type) == 8 ? ~0ull : (1ull << (8 * size_of(type))) - 1));
  return out;
}

stored_case case_with(std::string name, tensor value) {
  stored_case out;
  out.group = "attend";
  out.name = std::move(name);
  out.tensors.set("x", std::move(value));
  return out;
}

std::string bytes_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

stored_case sample(int seed, std::int64_t size) {
  stored_case out = case_with("sample", all_codes(dtype::f16, size));
  out.attributes = {{"causal", "1"}, {"softmax_scale", "0.125"}, {"seed", std::to_string(seed)}};
  return out;
}

}  // namespace plumbline::testing
