#include "properties/dflash/crop_shapes.hpp"

#include <algorithm>
#include <string>

#include "properties/dflash/sizes.hpp"
#include "properties/generate/presentation.hpp"

namespace plumbline::generate {

using dflash::crop_problem;

namespace {

constexpr std::int64_t most_elements = 20'000, most_kept = 0x7fffffff;

template <class Holds>
bool some(const crop_problem& p, Holds holds) {
  for (std::size_t i = 0; i < p.keep.size(); ++i)
    if (holds(p.cache_seqlens[i], p.keep[i])) return true;
  return false;
}

std::int64_t rows_of(const crop_problem& p) { return p.layers * p.b * p.capacity * p.hk; }

constexpr problem_class<crop_problem> rows[] = {
    {"several_sequences", 0.15, [](const crop_problem& p) { return p.b > 1; }},
    {"several_layers", 0.15, [](const crop_problem& p) { return p.layers > 1; }},
    {"scrubbed", 0.15, [](const crop_problem& p) { return p.scrub; }},
    {"lengths_alone", 0.1, [](const crop_problem& p) { return !p.scrub; }},
    {"rows_cut_off", 0.25,
     [](const crop_problem& p) {
       return some(p, [](std::int64_t held, std::int64_t keep) { return keep < held; });
     }},
    {"one_row_cut_off", 0.08,
     [](const crop_problem& p) {
       return some(p, [](std::int64_t held, std::int64_t keep) { return keep + 1 == held; });
     }},
    {"as_many_kept", 0.08,
     [](const crop_problem& p) {
       return some(p, [](std::int64_t held, std::int64_t keep) { return keep == held; });
     }},
    {"more_kept_than_held", 0.1,
     [](const crop_problem& p) {
       return some(p, [](std::int64_t held, std::int64_t keep) { return keep > held; });
     }},
    {"nothing_kept", 0.1,
     [](const crop_problem& p) {
       return some(p, [](std::int64_t held, std::int64_t keep) { return held > 0 && keep == 0; });
     }},
    {"nothing_held", 0.05,
     [](const crop_problem& p) {
       return some(p, [](std::int64_t held, std::int64_t) { return held == 0; });
     }},
    {"no_capacity", 0, [](const crop_problem& p) { return p.capacity == 0; }},
    {"whole_pieces", 0.08, [](const crop_problem& p) { return p.d % 8 == 0 && p.gap % 8 == 0; }},
    {"broken_pieces", 0.15, [](const crop_problem& p) { return p.d % 8 != 0 || p.gap % 8 != 0; }},
    {"more_rows_than_a_block", 0.2, [](const crop_problem& p) { return p.capacity * p.hk > 32; }},
    {"gap", 0.12, [](const crop_problem& p) { return p.gap > 0; }},
    {"rows_beyond_32_bits", 0,
     [](const crop_problem& p) { return beyond_32_bits(rows_of(p), p.d + p.gap); }}};

}  // namespace

std::string_view draw_dflash_crop_regime(std::uint64_t, std::uint64_t) { return dflash_crop_regimes[0]; }

crop_problem draw_dflash_crop(const contract& promised, std::string_view, std::uint64_t seed,
                              std::uint64_t index) {
  draws draw(seed, index, "dflash crop of " + std::string(name_of(promised.in)));
  crop_problem p;
  p.type = promised.in;
  p.layers = draw.one_of({1, 1, 2, 3, 5});
  p.b = draw.chance(3) ? 130 : draw.one_of({1, 1, 2, 3, 4});
  p.hk = draw.one_of({1, 2, 3, 8});
  p.d = draw.one_of({1, 2, 7, 8, 9, 16, 37, 64, 128});
  p.capacity = draw.chance(2) ? 0 : draw.chance(60) ? draw.between(1, 24) : draw.one_of({31, 32, 33, 64});
  p.gap = draw_row_gap(draw);
  p.scrub = draw.chance(60);
  p.layers = affordable(p.layers, p.b * p.capacity * p.hk * p.d, most_elements);
  p.capacity = std::min(p.capacity, affordable(std::max<std::int64_t>(p.capacity, 1),
                                               p.layers * p.b * p.hk * p.d, most_elements));
  for (std::int64_t i = 0; i < p.b; ++i) {
    const std::int64_t held = draw.chance(25) ? p.capacity : draw.between(0, p.capacity);
    const std::int64_t kind = draw.between(0, 9);
    p.cache_seqlens.push_back(held);
    p.keep.push_back(kind < 2   ? 0
                     : kind < 4 ? std::max<std::int64_t>(0, held - 1)
                     : kind < 5 ? held
                     : kind < 6 ? held + 1
                     : kind < 7 ? draw.one_of({p.capacity, most_kept})
                                : draw.between(0, held));
  }
  p.gap = draw_far_gap(draws(seed, index, "dflash crop far rows"), rows_of(p), 0, p.gap);
  return p;
}

std::vector<crop_problem> smaller(const crop_problem& from) {
  edits<crop_problem> all(from);
  fewer(from, &crop_problem::layers, 1, all);
  for (std::int64_t i = 0; i < from.b && from.b > 1; ++i)
    all.add([&](crop_problem& p) {
      --p.b;
      p.cache_seqlens = without(p.cache_seqlens, i), p.keep = without(p.keep, i);
    });
  fewer(from, &crop_problem::hk, 1, all);
  fewer(from, &crop_problem::d, 1, all);
  for (const std::int64_t capacity : {std::int64_t{1}, from.capacity / 2, from.capacity - 1})
    if (capacity >= 0 && capacity < from.capacity)
      all.add([capacity](crop_problem& p) {
        p.capacity = capacity;
        for (std::int64_t& held : p.cache_seqlens) held = std::min(held, capacity);
      });
  for (const auto list : {&crop_problem::cache_seqlens, &crop_problem::keep})
    for (std::size_t i = 0; i < (from.*list).size(); ++i)
      for (const std::int64_t less : {std::int64_t{0}, (from.*list)[i] / 2, (from.*list)[i] - 1})
        if (less >= 0 && less < (from.*list)[i]) all.add([&](crop_problem& p) { (p.*list)[i] = less; });
  all.add([](crop_problem& p) { p.gap = 0; });
  all.add([](crop_problem& p) { p.scrub = false; });
  return all.take();
}

std::span<const problem_class<crop_problem>> dflash_crop_classes() { return rows; }

tensor_set draw_inputs(const crop_problem& p, std::string_view, std::uint64_t seed) {
  tensor_set inputs = empty_inputs(p);
  for (const char* name : {"k_cache", "v_cache"}) fill_stale(inputs.at(name), random_stream(seed, name));
  return inputs;
}

}  // namespace plumbline::generate
