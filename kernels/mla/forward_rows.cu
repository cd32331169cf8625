#include "kernels/mla/forward_rows.hpp"

#include "kernels/core/rows.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

using namespace kernels;

constexpr int warps = 4, threads = 32 * warps, element_bytes = 2;

struct place_params {
  placed_rows from, to;
  std::int64_t rows, tokens, heads, width;
};

__global__ void __launch_bounds__(threads) place_rows_kernel(const place_params p) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * warps + static_cast<int>(threadIdx.x) / 32;
  if (row >= p.rows) return;
  const std::int64_t head = row % p.heads, token = row / p.heads % p.tokens,
                     sequence = row / p.heads / p.tokens;
  const auto at = [&](const placed_rows& rows) {
    return static_cast<unsigned char*>(rows.data) +
           (sequence * rows.batch + token * rows.token + head * rows.head) * element_bytes;
  };
  copy_row(at(p.to), at(p.from), p.width * element_bytes, element_bytes, lane);
}

struct number_params {
  std::int32_t *numbers, *lengths;
  std::int64_t count, b;
  std::int32_t length;
};

__global__ void __launch_bounds__(threads) number_pages_kernel(const number_params p) {
  const std::int64_t at = static_cast<std::int64_t>(blockIdx.x) * threads + threadIdx.x;
  if (at < p.count) p.numbers[at] = static_cast<std::int32_t>(at);
  if (at < p.b) p.lengths[at] = p.length;
}

}  // namespace

void launch_place_rows(const placed_rows& from, const placed_rows& to, std::int64_t b, std::int64_t tokens,
                       std::int64_t heads, std::int64_t width, launcher& on) {
  const place_params p = {from, to, b * tokens * heads, tokens, heads, width};
  if (p.rows == 0) return;
  launch<&place_rows_kernel>(on, "place_rows", {blocks_for(p.rows, warps), 1, 1}, threads, 0, p);
}

void launch_number_pages(std::int32_t* numbers, std::int64_t count, std::int32_t* lengths, std::int64_t b,
                         std::int64_t length, launcher& on) {
  const number_params p = {numbers, lengths, count, b, static_cast<std::int32_t>(length)};
  const std::int64_t most = count > b ? count : b;
  if (most == 0) return;
  launch<&number_pages_kernel>(on, "number_pages", {blocks_for(most, threads), 1, 1}, threads, 0, p);
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
