#include "properties/generate/needles.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "reference/core/random.hpp"

namespace plumbline::generate {

namespace {

// Orthogonal directions that d channels hold: the largest power of two that divides d, at most 64.
int directions_of(std::int64_t d) {
  int count = 1;
  while (count < 64 && d % (2 * count) == 0) count *= 2;
  return count;
}

double walsh(int direction, std::int64_t channel) {
  const unsigned lane = static_cast<unsigned>(channel % 64);  // a direction below 2^k looks at k bits alone
  return std::popcount(static_cast<unsigned>(direction) & lane) & 1 ? -1 : 1;
}

random_stream stream_of(const unit_shape& u, std::uint64_t seed, const char* purpose) {
  return random_stream(
      seed, std::string(purpose) + ' ' + std::to_string(u.sequence) + ' ' + std::to_string(u.kv_head));
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

void shuffle(std::vector<std::int64_t>& list, random_stream& order) {
  for (std::size_t i = list.size(); i > 1; --i)
    std::swap(list[i - 1],
              list[static_cast<std::size_t>(order.integer(0, static_cast<std::int64_t>(i) - 1))]);
}

// Edges of the rows' own masks first, then those of tiles and pages.
std::vector<std::int64_t> candidates(const unit_shape& u, random_stream& order) {
  std::vector<std::int64_t> edges, all;
  for (std::size_t token = 0; token < u.begin.size(); ++token)
    if (u.begin[token] < u.end[token]) {
      edges.push_back(u.begin[token]);
      edges.push_back(u.end[token] - 1);
    }
  auto others = boundary_positions(u.sk, u.page_size);
  shuffle(edges, order);
  shuffle(others, order);
  for (const auto* list : {&edges, &others})
    for (std::int64_t p : *list)
      if (std::find(all.begin(), all.end(), p) == all.end()) all.push_back(p);
  return all;
}

// One needle a direction; twins: two or four, so that a row's weights are exact parts of one.
std::vector<needle> place(const unit_shape& u, std::uint64_t seed, int copies) {
  random_stream order(seed, "needle order");
  const int directions = directions_of(u.d);
  const auto positions = candidates(u, order);
  const std::size_t each = copies == 1 ? 1 : order.chance(0.5) ? 2 : 4;
  std::vector<needle> needles;
  for (std::size_t i = 0; i < positions.size() && i / each < static_cast<std::size_t>(directions); ++i)
    needles.push_back({positions[i], static_cast<int>(i / each)});
  while (each > 1 && needles.size() > each && needles.size() % each != 0) needles.pop_back();
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
