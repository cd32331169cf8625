#include "properties/generate/needles.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "reference/core/random.hpp"

namespace plumbline::generate {

namespace {

constexpr int directions = 8;

double walsh(int direction, std::int64_t channel) {
  return std::popcount(static_cast<unsigned>(direction) & static_cast<unsigned>(channel % directions)) & 1
             ? -1
             : 1;
}

random_stream stream_of(const unit_shape& u, std::uint64_t seed, const char* purpose) {
  return random_stream(
      seed, std::string(purpose) + ' ' + std::to_string(u.sequence) + ' ' + std::to_string(u.kv_head));
}

int direction_at(std::uint64_t seed, std::int64_t position) {
  return static_cast<int>(random_stream(seed, "needle " + std::to_string(position)).bits32() % directions);
}

// Smallest power of two f with f * f * d * |scale| >= margin.
double strength(const unit_shape& u) {
  double f = 0x1p-8;
  while (f * f * static_cast<double>(u.d) * std::fabs(u.scale) < needle_margin) f *= 2;
  return f;
}

struct needle {
  std::int64_t position;
  int direction;
};

// Positions in random order; with `copies` > 1 each direction may lie at two or four of them.
std::vector<needle> place(const unit_shape& u, std::uint64_t seed, int copies) {
  auto positions = boundary_positions(u.sk, u.page_size);
  random_stream order(seed, "needle order");
  for (std::size_t i = positions.size(); i > 1; --i)
    std::swap(positions[i - 1],
              positions[static_cast<std::size_t>(order.integer(0, static_cast<std::int64_t>(i) - 1))]);
  std::vector<needle> needles;
  int held[directions] = {};
  const int most = copies == 1 ? 1 : order.chance(0.5) ? 2 : 4;
  for (std::int64_t p : positions) {
    int direction = direction_at(seed, p);
    if (copies > 1) direction %= 2;  // few directions, so that most have all their copies
    if (held[direction] >= most) continue;
    ++held[direction];
    needles.push_back({p, direction});
  }
  if (copies > 1)  // a sum of equal parts is exact for 1, 2 and 4 copies alone
    for (int dir = 0; dir < directions; ++dir)
      if (held[dir] == 3) {
        const auto last = std::find_if(needles.rbegin(), needles.rend(),
                                       [&](const needle& x) { return x.direction == dir; });
        needles.erase(std::next(last).base());
      }
  return needles;
}

}  // namespace

std::vector<std::int64_t> boundary_positions(std::int64_t keys, std::int64_t page_size) {
  std::vector<std::int64_t> all = {0,   1,   keys - 1,     keys - 2, 63,           64,      65,
                                   127, 128, keys / 2 - 1, keys / 2, keys / 2 + 1, keys / 3};
  for (std::int64_t tile : {80, 96, 112, 160, 176, 192, 224, 256})
    for (std::int64_t edge : {tile - 1, tile}) all.push_back(edge);
  if (page_size > 0 && keys > 0) {
    const std::int64_t last_page = (keys - 1) / page_size * page_size;
    for (std::int64_t p : {last_page - 1, last_page, last_page + 1, page_size - 1, page_size})
      all.push_back(p);
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  std::erase_if(all, [&](std::int64_t p) { return p < 0 || p >= keys; });
  return all;
}

void draw_needles(const unit_shape& u, std::uint64_t seed, int copies, unit_values& values) {
  random_stream q = stream_of(u, seed, "q"), k = stream_of(u, seed, "k"), v = stream_of(u, seed, "v");
  const double f = strength(u);
  const double quiet = 0x1p-6;  // background keys: enough to be seen, far below the margin
  for (double& e : values.k) e = static_cast<double>(k.integer(-2, 2)) * quiet;
  for (double& e : values.v) e = copies == 1 ? v.normal() : static_cast<double>(v.integer(-8, 8));
  const auto needles = place(u, seed, copies);
  for (const needle& n : needles)
    for (std::int64_t c = 0; c < u.d; ++c)
      values.k[static_cast<std::size_t>(n.position * u.d + c)] = f * walsh(n.direction, c);
  const double sign = u.scale < 0 ? -1 : 1;
  for (std::int64_t row = 0; row < u.sq * u.group; ++row) {
    const std::int64_t token = row / u.group;
    std::vector<int> visible;
    for (const needle& n : needles)
      if (n.position >= u.begin[static_cast<std::size_t>(token)] &&
          n.position < u.end[static_cast<std::size_t>(token)])
        visible.push_back(n.direction);
    const int direction =
        visible.empty()
            ? 0
            : visible[static_cast<std::size_t>(q.integer(0, static_cast<std::int64_t>(visible.size()) - 1))];
    for (std::int64_t c = 0; c < u.d; ++c)
      values.q[static_cast<std::size_t>(row * u.d + c)] = sign * f * walsh(direction, c);
  }
}

}  // namespace plumbline::generate
