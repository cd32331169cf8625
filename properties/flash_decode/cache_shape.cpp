#include "properties/flash_decode/cache_shape.hpp"

#include <algorithm>

#include "properties/flash_decode/shapes.hpp"

namespace plumbline::generate {

using flash_decode::cache_shape;

std::int64_t draw_cost(draws& draw) { return draw.weighted({{6, 600'000}, {5, 2'000'000}, {1, 8'000'000}}); }

std::int64_t draw_page_size(draws& draw) {
  return draw.weighted({{45, 0}, {8, 1}, {6, 2}, {6, 3}, {12, 16}, {10, 64}, {7, 128}, {6, 256}});
}

void draw_heads(draws& draw, dtype in, cache_shape& s) {
  const std::int64_t step = in == dtype::e4m3 ? 16 : 8;
  s.d = draw.weighted({{24, 64}, {22, 128}, {8, 96}, {8, 192}, {8, 256}, {30, 0}});
  if (s.d == 0) s.d = step * draw.between(1, draw.chance(60) ? 96 / step : 256 / step);
  s.dv = s.d;
  if (draw.chance(25)) {
    if (s.d <= 64) s.dv = step * draw.between(1, draw.chance(80) ? 128 / step : 512 / step);
    if (s.d > 128 && s.d <= 192) s.dv = step * draw.between(96 / step + 1, 128 / step);
  }
  s.hk = draw.weighted({{55, 1}, {25, 2}, {12, 3}, {8, 4}});
  const std::int64_t ratio =
      draw.weighted({{18, 1}, {14, 2}, {14, 3}, {8, 4}, {12, 5}, {10, 7}, {14, 8}, {10, 16}});
  s.hq = s.hk * ratio;
  s.b = draw.weighted({{22, 1}, {22, 2}, {20, 3}, {14, 4}, {10, 5}, {7, 6}, {5, 9}});
}

void draw_far_pages(draws& draw, cache_shape& s) {
  if (!draw.chance(2)) return;
  s.hq /= s.hk;
  s.hk = 1;
  s.d = s.dv = 16;
  s.page_size = draw.between(1, 2);
}

void draw_lengths(draws& draw, std::int64_t keys, std::int64_t splits, std::int64_t sq, cache_shape& s) {
  std::int64_t left = std::max<std::int64_t>(keys, 8);
  const auto edge = [&](std::int64_t most) {
    std::vector<std::int64_t> units = {draw.one_of({std::begin(tile_edges), std::end(tile_edges)})};
    if (s.page_size > 1) units.push_back(s.page_size);
    if (splits > 1) units.push_back(64 * splits);
    std::erase_if(units, [&](std::int64_t u) { return u - 1 > most; });
    if (units.empty()) return draw.between(1, most);
    const std::int64_t unit = draw.one_of(units);
    const std::int64_t whole = unit * draw.between(1, std::max<std::int64_t>(1, most / unit));
    return whole + draw.between(-1, 1);
  };
  for (std::int64_t n = 0; n < s.b; ++n) {
    const std::int64_t most = n + 1 == s.b ? left : std::max<std::int64_t>(left * 2 / 3, 4);
    std::int64_t length = 0;
    switch (draw.weighted({{6, 0}, {10, 1}, {52, 2}, {24, 3}, {8, 4}})) {
      case 0:
        break;
      case 1:
        length = draw.between(1, 3);
        break;
      case 2:
        length = edge(most);
        break;
      case 3:
        length = draw.between(1, most);
        break;
      default:
        length = draw.between(0, sq);
    }
    length = std::clamp<std::int64_t>(length, 0, most + 1);
    left = std::max<std::int64_t>(left - length, 4);
    s.cache_seqlens.push_back(length);
  }
  const std::int64_t turn = draw.between(0, s.b - 1);
  std::rotate(s.cache_seqlens.begin(), s.cache_seqlens.begin() + turn, s.cache_seqlens.end());
}

void draw_layout(draws& draw, const std::vector<std::int64_t>& room, cache_shape& s) {
  if (draw.chance(22)) {
    for (std::int64_t& length : s.cache_seqlens) {
      const std::int64_t edge = s.page_size > 0 ? s.page_size : 64;
      const std::int64_t pad =
          draw.weighted({{3, 0}, {2, 1}, {2, 2}, {1, edge - 1}, {1, edge}, {1, edge + 1}, {3, -1}});
      s.cache_leftpad.push_back(pad < 0 ? draw.between(0, 40) : pad);
      length += s.cache_leftpad.back();
    }
  }
  std::int64_t most = 1;
  for (std::size_t n = 0; n < s.cache_seqlens.size(); ++n)
    most = std::max(most, s.cache_seqlens[n] + (room.empty() ? 0 : room[n]));
  s.capacity = most + draw.weighted({{4, 0}, {3, 1}, {2, 5}, {2, 37}, {1, 200}});
  s.has_batch_idx = draw.chance(25);
  s.batch_cache = s.b + (s.has_batch_idx ? draw.weighted({{2, 0}, {2, 1}, {1, 3}}) : 0);
  if (s.page_size > 0) {
    s.max_pages = (s.capacity + s.page_size - 1) / s.page_size + draw.between(0, 2);
    s.capacity = s.max_pages * s.page_size;
    s.shared_pages = s.b > 1 && draw.chance(35);
    std::int64_t used = 0;
    for (std::size_t n = 0; n < s.cache_seqlens.size(); ++n)
      used += (s.cache_seqlens[n] + (room.empty() ? 0 : room[n]) + s.page_size - 1) / s.page_size;
    s.num_pages = std::max<std::int64_t>(used, 1) + draw.between(0, 3);
    if (s.hk * (s.d + s.dv) * s.page_size <= 64 && draw.chance(70)) s.num_pages += 1 << 16;
  }
  // Rows that start on 16 bytes are read by vectors, others one element at a time.
  const std::int64_t vector = s.type == dtype::e4m3 ? 16 : 8;
  if (draw.chance(30))
    s.gap = draw.chance(50) ? vector * draw.weighted({{3, 1}, {2, 2}, {1, 5}})
                            : draw.one_of({1, 2, 3, vector / 2, vector + 1});
}

}  // namespace plumbline::generate
