#include "properties/judge/bytes_judge.hpp"

#include <cstdio>
#include <limits>
#include <vector>

#include "properties/judge/words.hpp"
#include "reference/core/counted.hpp"
#include "reference/core/formats.hpp"

namespace plumbline {
namespace {

std::string index_text(std::span<const std::int64_t> index) {
  std::string text = "[";
  for (std::size_t k = 0; k < index.size(); ++k) text += (k ? ", " : "") + std::to_string(index[k]);
  return text + "]";
}

std::string code_text(std::uint64_t code, std::size_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%0*llx", static_cast<int>(2 * bytes),
                static_cast<unsigned long long>(code));
  return text;
}

int differing_bytes(std::uint64_t a, std::uint64_t b) {
  int count = 0;
  for (std::uint64_t x = a ^ b; x != 0; x >>= 8) count += (x & 0xff) != 0;
  return count;
}

bool next(std::vector<std::int64_t>& index, std::span<const std::int64_t> shape) {
  for (std::size_t axis = index.size(); axis-- > 0;) {
    if (++index[axis] < shape[axis]) return true;
    index[axis] = 0;
  }
  return false;
}

}  // namespace

verdict judge_bytes(std::string_view output, const tensor& expected, const tensor& computed,
                    const element_predicate& elsewhere, const element_name& name) {
  verdict v;
  finding bytes = judging::finding_of("bytes", output);
  const std::string what(output);
  const auto shape = expected.shape();
  if (expected.type() != computed.type() ||
      !std::equal(shape.begin(), shape.end(), computed.shape().begin(), computed.shape().end())) {
    bytes.used = std::numeric_limits<double>::infinity();
    bytes.where = std::string("shape");
    bytes.message = what + ": computed " + std::string(name_of(computed.type())) + " " +
                    index_text(computed.shape()) + ", expected " + std::string(name_of(expected.type())) +
                    " " + index_text(shape);
    v.findings.push_back(bytes);
    conclude(v, false, "");
    return v;
  }
  std::int64_t bytes_off = 0, elements_off = 0;
  if (expected.size() > 0) {
    std::vector<std::int64_t> index(shape.size(), 0);
    do {
      if (elsewhere && elsewhere(index)) continue;
      ++v.elements;
      const std::int64_t at = expected.offset(index), there = computed.offset(index);
      const std::uint64_t want = expected.code(at), got = computed.code(there);
      if (want == got) continue;
      bytes_off += differing_bytes(want, got);
      if (elements_off++ > 0) continue;
      const std::size_t width = size_of(expected.type());
      bytes.where = name ? name(index) : index_text(index);
      bytes.truth = expected.value(at);
      bytes.computed = computed.value(there);
      bytes.message = what + " at " + bytes.where + ": computed " + judging::in_words(bytes.computed, 9) +
                      " (" + code_text(got, width) + "), expected " + judging::in_words(bytes.truth, 9) +
                      " (" + code_text(want, width) + ")";
    } while (next(index, shape));
  }
  if (elements_off > 0) {
    bytes.used = std::numeric_limits<double>::infinity();
    bytes.message += "; " + counted(bytes_off, "byte") + " in " + std::to_string(elements_off) + " of " +
                     std::to_string(v.elements) + " elements differ";
  }
  v.metrics["bytes_differ"] = static_cast<double>(bytes_off);
  v.findings.push_back(bytes);
  conclude(v, false, "");
  return v;
}

}  // namespace plumbline
