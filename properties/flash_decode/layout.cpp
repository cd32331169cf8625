#include "properties/flash_decode/layout.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "reference/core/random.hpp"

namespace plumbline::generate {

using flash_decode::cache_shape;

namespace {

constexpr std::int64_t wild_page = 2147480000;

std::vector<std::int64_t> shuffled(std::int64_t count, random_stream& s) {
  std::vector<std::int64_t> order(at(count));
  std::iota(order.begin(), order.end(), 0);
  for (std::int64_t i = count; i > 1; --i) std::swap(order[at(i - 1)], order[at(s.integer(0, i - 1))]);
  return order;
}

std::int64_t used_slots(const cache_shape& s, const std::vector<std::int64_t>& room, std::int64_t n) {
  return s.cache_seqlens[at(n)] + (room.empty() ? 0 : room[at(n)]);
}

// Slots [begin, end) that a cache row, or a row of the page table, is used for by any of its sequences.
std::vector<flash_decode::key_range> used_by_row(const cache_shape& s, const std::vector<std::int64_t>& room,
                                                 const std::vector<std::int64_t>& row_of) {
  std::vector<flash_decode::key_range> used(at(s.batch_cache), {s.capacity, 0});
  for (std::int64_t n = 0; n < s.b; ++n) {
    auto& row = used[at(row_of[at(n)])];
    row.begin = std::min(row.begin, flash_decode::left_padding(s, n));
    row.end = std::max(row.end, used_slots(s, room, n));
  }
  return used;
}

bool page_in_use(const cache_shape& s, flash_decode::key_range used, std::int64_t page) {
  return page * s.page_size < used.end && (page + 1) * s.page_size > used.begin;
}

std::vector<std::int64_t> choose_rows(const cache_shape& s, const arrangement& how) {
  std::vector<std::int64_t> rows(at(s.b));
  std::iota(rows.begin(), rows.end(), 0);
  if (!s.has_batch_idx) return rows;
  random_stream stream(how.seed, "cache_batch_idx");
  const auto order = shuffled(s.batch_cache, stream);
  std::copy_n(order.begin(), s.b, rows.begin());
  if (how.may_repeat_rows && s.b > 1 && stream.chance(0.25)) rows[at(stream.integer(1, s.b - 1))] = rows[0];
  return rows;
}

tensor page_table(const cache_shape& s, const std::vector<std::int64_t>& rows,
                  const std::vector<flash_decode::key_range>& used, const arrangement& how) {
  random_stream stream(how.seed, "page_table");
  const auto order = shuffled(s.num_pages, stream);
  std::int64_t next = 0;
  tensor table(dtype::i32, {s.batch_cache, s.max_pages});
  std::int32_t* entries = table.as<std::int32_t>();
  std::fill_n(entries, table.size(), static_cast<std::int32_t>(wild_page));
  std::int64_t common = 0;
  if (s.shared_pages) {
    common = *std::min_element(s.cache_seqlens.begin(), s.cache_seqlens.end()) / s.page_size;
    next = common;
  }
  std::vector<bool> filled(at(s.batch_cache));
  for (std::int64_t row : rows) {
    if (filled[at(row)]) continue;
    filled[at(row)] = true;
    for (std::int64_t p = 0; p < s.max_pages; ++p) {
      if (!page_in_use(s, used[at(row)], p)) continue;
      entries[row * s.max_pages + p] = static_cast<std::int32_t>(order[at(p < common ? p : next++)]);
    }
  }
  return table;
}

std::int64_t token_offset(const tensor& cache, std::pair<std::int64_t, std::int64_t> place) {
  return place.first * cache.strides()[0] + place.second * cache.strides()[1];
}

template <class Copy>
void for_each_head(const tensor& cache, std::pair<std::int64_t, std::int64_t> place, Copy copy) {
  const std::int64_t bytes = static_cast<std::int64_t>(size_of(cache.type()));
  for (std::int64_t h = 0; h < cache.dim(2); ++h)
    copy(h, (token_offset(cache, place) + h * cache.strides()[2]) * bytes, at(cache.dim(3) * bytes));
}

// Which (row, slot) pairs are used, row-major over the first two axes of the cache.
std::vector<bool> used_mask(const cache_shape& s, const tensor& cache, const cache_address& address) {
  std::vector<bool> used(at(cache.dim(0) * cache.dim(1)));
  for (std::int64_t n = 0; n < s.b; ++n)
    for (std::int64_t slot = flash_decode::left_padding(s, n); slot < s.cache_seqlens[at(n)]; ++slot) {
      const auto [row, position] = address.place(n, slot);
      used[at(row * cache.dim(1) + position)] = true;
    }
  return used;
}

}  // namespace

tensor integers(const std::vector<std::int64_t>& values) {
  tensor t(dtype::i32, {static_cast<std::int64_t>(values.size())});
  for (std::size_t i = 0; i < values.size(); ++i)
    t.as<std::int32_t>()[i] = static_cast<std::int32_t>(values[i]);
  return t;
}

tensor rows_between_nan(dtype type, std::vector<std::int64_t> shape, std::int64_t gap) {
  tensor t = flash_decode::rows_with_gap(type, std::move(shape), gap);
  t.fill_block(0xff);
  return t;
}

cache_address::cache_address(const cache_shape& s, const tensor_set& inputs)
    : page_size_(s.page_size), rows_(at(s.b)), max_pages_(s.max_pages) {
  std::iota(rows_.begin(), rows_.end(), 0);
  if (const tensor* idx = inputs.find("cache_batch_idx"))
    for (std::int64_t n = 0; n < s.b; ++n) rows_[at(n)] = idx->as<std::int32_t>()[n];
  if (page_size_ > 0) {
    const tensor& table = inputs.at("page_table");
    for (std::int64_t r = 0; r < table.dim(0); ++r)
      for (std::int64_t p = 0; p < table.dim(1); ++p)
        pages_.push_back(table.as<std::int32_t>()[r * table.strides()[0] + p]);
  }
}

std::pair<std::int64_t, std::int64_t> cache_address::place(std::int64_t sequence, std::int64_t slot) const {
  const std::int64_t row = row_of(sequence);
  if (page_size_ == 0) return {row, slot};
  return {pages_[static_cast<std::size_t>(row * max_pages_ + slot / page_size_)], slot % page_size_};
}

void poison_elements(tensor& t, std::int64_t first, std::int64_t count, poison kind, std::uint64_t seed) {
  const std::size_t bytes = size_of(t.type());
  std::byte* begin = t.data() + first * static_cast<std::int64_t>(bytes);
  if (kind == poison::nan) {
    std::memset(begin, 0xff, at(count) * bytes);
    return;
  }
  random_stream stream(seed, "stale");
  const double size = t.type() == dtype::e4m3 ? 64 : 4096;
  std::uint64_t codes[61];
  for (std::uint64_t& code : codes) {
    const double sign = stream.chance(0.5) ? 1 : -1;
    code = encode(t.type(), sign * size * (0.5 + stream.uniform()));
  }
  for (std::int64_t i = 0; i < count; ++i) t.set_code(first + i, codes[(first + i) % 61]);
}

void poison_unused(const cache_shape& s, const std::vector<std::int64_t>& room, poison kind,
                   std::uint64_t seed, tensor_set& inputs) {
  const cache_address address(s, inputs);
  for (const char* name : {"k_cache", "v_cache"}) {
    tensor& cache = inputs.at(name);
    const auto used = used_mask(s, cache, address);
    for (std::int64_t row = 0; row < cache.dim(0); ++row)
      for (std::int64_t slot = 0; slot < cache.dim(1); ++slot)
        if (!used[at(row * cache.dim(1) + slot)])
          for (std::int64_t h = 0; h < cache.dim(2); ++h)
            poison_elements(cache, token_offset(cache, {row, slot}) + h * cache.strides()[2], cache.dim(3),
                            kind, seed);
  }
  if (s.page_size == 0) return;
  std::vector<std::int64_t> rows;
  for (std::int64_t n = 0; n < s.b; ++n) rows.push_back(address.row_of(n));
  const auto in_use = used_by_row(s, room, rows);
  tensor& table = inputs.at("page_table");
  for (std::int64_t r = 0; r < table.dim(0); ++r)
    for (std::int64_t p = 0; p < table.dim(1); ++p)
      if (!page_in_use(s, in_use[at(r)], p))
        table.as<std::int32_t>()[r * table.strides()[0] + p] =
            static_cast<std::int32_t>(kind == poison::nan ? wild_page : -wild_page);
}

void arrange_cache(const cache_shape& s, const std::vector<key_rows>& sequences,
                   const std::vector<std::int64_t>& room, const arrangement& how, tensor_set& inputs) {
  const bool paged = s.page_size > 0;
  const std::int64_t outer = paged ? s.num_pages : s.batch_cache, inner = paged ? s.page_size : s.capacity;
  inputs.set("k_cache", rows_between_nan(s.type, {outer, inner, s.hk, s.d}, s.gap));
  inputs.set("v_cache", rows_between_nan(s.type, {outer, inner, s.hk, s.dv}, s.gap));
  inputs.set("cache_seqlens", integers(s.cache_seqlens));
  const auto rows = choose_rows(s, how);
  if (s.has_batch_idx) inputs.set("cache_batch_idx", integers(rows));
  if (!s.cache_leftpad.empty()) inputs.set("cache_leftpad", integers(s.cache_leftpad));
  if (paged) inputs.set("page_table", page_table(s, rows, used_by_row(s, room, rows), how));
  const cache_address address(s, inputs);
  for (const auto& [name, codes] : {std::pair{"k_cache", &key_rows::k}, std::pair{"v_cache", &key_rows::v}}) {
    tensor& cache = inputs.at(name);
    std::vector<bool> written(at(outer * inner));
    for (std::int64_t n = 0; n < s.b; ++n) {
      const std::byte* from = (sequences[at(n)].*codes).data();
      for (std::int64_t slot = flash_decode::left_padding(s, n); slot < s.cache_seqlens[at(n)]; ++slot) {
        const auto place = address.place(n, slot);
        const bool taken = written[at(place.first * inner + place.second)];
        for_each_head(cache, place, [&](std::int64_t, std::int64_t offset, std::size_t bytes) {
          if (!taken) std::memcpy(cache.data() + offset, from, bytes);
          from += bytes;
        });
        written[at(place.first * inner + place.second)] = true;
      }
    }
  }
  poison_unused(s, room, how.unused, how.seed, inputs);
}

std::vector<key_rows> gather_keys(const cache_shape& s, const tensor_set& inputs) {
  const cache_address address(s, inputs);
  std::vector<key_rows> sequences(at(s.b));
  for (const auto& [name, codes] : {std::pair{"k_cache", &key_rows::k}, std::pair{"v_cache", &key_rows::v}}) {
    const tensor& cache = inputs.at(name);
    for (std::int64_t n = 0; n < s.b; ++n) {
      std::vector<std::byte>& to = sequences[at(n)].*codes;
      for (std::int64_t slot = flash_decode::left_padding(s, n); slot < s.cache_seqlens[at(n)]; ++slot)
        for_each_head(cache, address.place(n, slot),
                      [&](std::int64_t, std::int64_t offset, std::size_t bytes) {
                        to.insert(to.end(), cache.data() + offset, cache.data() + offset + bytes);
                      });
    }
  }
  return sequences;
}

}  // namespace plumbline::generate
