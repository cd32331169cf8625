#include "properties/flash_decode/token_rows.hpp"

#include <cstring>

#include "properties/flash_decode/layout.hpp"

namespace plumbline::generate {

tensor join_rows(const token_layout& l, const std::vector<row_codes>& sequences) {
  std::int64_t tokens = 0;
  for (std::int64_t n = 0; n < l.b; ++n) tokens += l.tokens(n);
  using shape = std::vector<std::int64_t>;
  tensor t = rows_between_nan(
      l.type, l.packed.empty() ? shape{l.b, l.longest, l.heads, l.width} : shape{tokens, l.heads, l.width},
      l.gap);
  const std::int64_t bytes = static_cast<std::int64_t>(size_of(l.type));
  const std::size_t row_bytes = static_cast<std::size_t>(l.width * bytes);
  std::int64_t row = 0;
  for (const row_codes& rows : sequences)
    for (std::size_t done = 0; done < rows.size(); done += row_bytes, ++row)
      std::memcpy(t.data() + row * (l.width + l.gap) * bytes, rows.data() + done, row_bytes);
  return t;
}

std::vector<row_codes> split_rows(const token_layout& l, const tensor& t) {
  const std::int64_t bytes = static_cast<std::int64_t>(size_of(l.type));
  const auto strides = t.strides();
  const std::int64_t head = strides[strides.size() - 2], token = strides[strides.size() - 3];
  std::vector<row_codes> sequences(static_cast<std::size_t>(l.b));
  std::int64_t before = 0;
  for (std::int64_t n = 0; n < l.b; ++n) {
    const std::int64_t first = l.packed.empty() ? n * strides[0] : before * token;
    for (std::int64_t i = 0; i < l.tokens(n); ++i)
      for (std::int64_t h = 0; h < l.heads; ++h) {
        const std::byte* from = t.data() + (first + i * token + h * head) * bytes;
        row_codes& to = sequences[static_cast<std::size_t>(n)];
        to.insert(to.end(), from, from + l.width * bytes);
      }
    before += l.tokens(n);
  }
  return sequences;
}

void encode_row(dtype type, const double* from, std::int64_t count, std::byte* to) {
  const std::size_t bytes = size_of(type);
  for (std::int64_t i = 0; i < count; ++i, to += bytes) {
    const std::uint32_t code = encode(type, from[i], overflow::saturate);
    std::memcpy(to, &code, bytes);
  }
}

}  // namespace plumbline::generate
