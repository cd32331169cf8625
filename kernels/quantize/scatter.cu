// scatter, variant `scatter`: one warp a token, both parts of its row, to where loc says.
//
// Bytes move as they are, 16 at a time where both ends lie on 16 bytes; towards a buffer of e4m3 each element
// is rounded once, with scale 1, and saturates.  The place is widened before it meets the size of a row.
#include "kernels/core/promises.hpp"
#include "kernels/quantize/place.hpp"
#include "kernels/quantize/quantize.hpp"

namespace plumbline::quantize {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

constexpr int warps = 4;

struct scatter_params {
  row_view nope, rope;
  const std::int32_t* loc;
  unsigned char* buffer;
  dtype type;
  std::int64_t bytes_in, bytes_out;  // of an element
  std::int64_t nope_width, rope_width, world, rank, tokens;
};

__device__ inline void move_part(const scatter_params& p, unsigned char* to, const row_view& rows,
                                 std::int64_t token, std::int64_t width, int lane) {
  const auto* from = static_cast<const unsigned char*>(rows.data) + token * rows.stride * p.bytes_in;
  if (p.bytes_in == p.bytes_out) {
    copy_row(to, from, width * p.bytes_in, p.bytes_in, lane);
  } else {
    for (std::int64_t c = lane; c < width; c += 32)
      to[c] = static_cast<unsigned char>(e4m3_code(element(p.type, from, c)));
  }
}

__global__ void __launch_bounds__(32 * warps) scatter_kernel(const scatter_params p) {
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const std::int64_t token = static_cast<std::int64_t>(blockIdx.x) * warps + warp;
  if (token >= p.tokens) return;
  const std::int64_t place = p.loc[token];
  if (place % p.world != p.rank) return;
  unsigned char* const row = p.buffer + place / p.world * (p.nope_width + p.rope_width) * p.bytes_out;
  move_part(p, row, p.nope, token, p.nope_width, lane);
  move_part(p, row + p.nope_width * p.bytes_out, p.rope, token, p.rope_width, lane);
}

constexpr contract contracts[] = {
    movement("u8/scatter", dtype::u8, dtype::u8), movement("bf16/scatter", dtype::bf16, dtype::bf16),
    movement("f16/scatter", dtype::f16, dtype::f16), movement("f32/scatter", dtype::f32, dtype::f32)};

std::string domain(const scatter_problem& problem) {
  for (const contract& c : contracts)
    if (c.in == problem.type) return "";
  return "does not take " + std::string(name_of(problem.type));
}

void run(const scatter_problem& problem, const kernel_arguments& args, launcher& on) {
  if (problem.tokens == 0) return;
  const scatter_params p = {rows_of(args.in("nope")),
                            rows_of(args.in("rope")),
                            args.in("loc").as<std::int32_t>(),
                            static_cast<unsigned char*>(args.out("buffer").data),
                            problem.type,
                            static_cast<std::int64_t>(size_of(problem.type)),
                            static_cast<std::int64_t>(size_of(problem.stored)),
                            problem.nope_width,
                            problem.rope_width,
                            problem.world,
                            problem.rank,
                            problem.tokens};
  launch<&scatter_kernel>(on, "scatter", {blocks_for(p.tokens, warps), 1, 1}, 32 * warps, 0, p);
}

constexpr variant<scatter_problem> scatter_rows[] = {{"scatter", contracts, every_run_alike, domain, run}};

}  // namespace
}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::quantize

template <>
std::span<const plumbline::variant<plumbline::quantize::scatter_problem>>
plumbline::table_of<plumbline::quantize::scatter_problem, plumbline::this_side>() {
  return quantize::scatter_rows;
}
