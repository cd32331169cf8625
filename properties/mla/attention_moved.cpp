// The same attention in other memory.
#include <algorithm>
#include <numeric>

#include "properties/generate/presentation.hpp"
#include "properties/mla/attention_inputs.hpp"
#include "properties/mla/latent_rows.hpp"

namespace plumbline::generate {

namespace {

std::vector<std::int64_t> order_of(std::int64_t count, std::uint64_t layout) {
  if (layout != 0) {
    random_stream choice(layout, "moved");
    return another_order(count, choice);
  }
  std::vector<std::int64_t> same(at(count));
  std::iota(same.begin(), same.end(), std::int64_t{0});
  return same;
}

// What is read whole: its elements again, in other gaps.
void keep(const tensor_set& from, const char* name, tensor_set& to, std::byte fill) {
  if (from.has(name)) to.set(name, relaid(from.at(name), std::move(to.at(name)), fill));
}

// Lists name the rows of a cache by number: the rows change places, the entries follow.
template <class Each, class Copy>
void move_listed(const tensor_set& from, const char* entries, std::int64_t rows, std::uint64_t layout,
                 tensor_set& to, Each each, Copy copy) {
  const std::vector<std::int64_t> order = order_of(rows, layout);
  std::vector<bool> done(at(rows));
  const tensor& old = from.at(entries);
  tensor& now = to.at(entries);
  each(old, [&](std::int64_t, std::int64_t, std::int64_t offset) {
    const auto entry = static_cast<std::int64_t>(old.value(offset));
    const bool names_a_row = entry >= 0 && entry < rows;
    now.set_value(offset, static_cast<double>(names_a_row ? order[at(entry)] : entry));
    if (!names_a_row || done[at(entry)]) return;
    done[at(entry)] = true;
    copy(entry, order[at(entry)]);
  });
}

}  // namespace

tensor_set moved(const mla::prefill_problem& p, const tensor_set& from, std::uint64_t, std::byte fill) {
  tensor_set to = wild_inputs(p, fill);
  keep(from, "q", to, fill);
  for (const char* name : {"k", "v"})
    for (std::int64_t s = 0; s < p.b; ++s)
      for (std::int64_t j = 0; j < p.cache_seqlens[at(s)]; ++j)
        for (std::int64_t h = 0; h < p.hk; ++h) copy_row(from.at(name), s, j, h, to.at(name), s, j);
  return to;
}

tensor_set moved(const mla::decode_problem& p, const tensor_set& from, std::uint64_t layout, std::byte fill) {
  tensor_set to = wild_inputs(p, fill);
  keep(from, "q", to, fill);
  const std::vector<std::int64_t> order = order_of(p.num_pages, layout);
  const tensor &cache = from.at("k_cache"), &table = from.at("block_table");
  for (std::int64_t s = 0; s < p.b; ++s)
    for (std::int64_t j = 0; j < p.cache_seqlens[at(s)]; ++j) {
      const std::int64_t index[] = {s, j / p.page_size};
      const auto page = static_cast<std::int64_t>(table.value(table.offset(index)));
      to.at("block_table").set_value(s * p.max_pages + j / p.page_size, static_cast<double>(order[at(page)]));
      for (std::int64_t h = 0; h < p.hk; ++h)
        copy_row(cache, page, j % p.page_size, h, to.at("k_cache"), order[at(page)], j % p.page_size);
    }
  return to;
}

tensor_set moved(const mla::decode_indices_problem& p, const tensor_set& from, std::uint64_t layout,
                 std::byte fill) {
  tensor_set to = wild_inputs(p, fill);
  keep(from, "q", to, fill);
  keep(from, "attn_sink", to, fill);
  for (const bool extra : {false, true}) {
    if (extra && p.extra_topk == 0) continue;
    const char* cache = extra ? "extra_k_cache" : "k_cache";
    move_listed(
        from, extra ? "extra_indices" : "indices", from.at(cache).dim(0) * from.at(cache).dim(1), layout, to,
        [&](const tensor& entries, auto each) { for_each_entry(p, extra, entries, each); },
        [&](std::int64_t a, std::int64_t b) { copy_row(p, extra, from.at(cache), a, to.at(cache), b); });
  }
  return to;
}

tensor_set moved(const mla::prefill_indices_problem& p, const tensor_set& from, std::uint64_t layout,
                 std::byte fill) {
  tensor_set to = wild_inputs(p, fill);
  keep(from, "q", to, fill);
  keep(from, "attn_sink", to, fill);
  const tensor& rows = from.at("kv");
  move_listed(
      from, "indices", p.skv, layout, to,
      [&](const tensor& entries, auto each) { for_each_entry(p, entries, each); },
      [&](std::int64_t a, std::int64_t b) {
        tensor& kv = to.at("kv");
        for (std::int64_t c = 0; c < p.d; ++c)
          kv.set_code(b * kv.strides()[0] + c, rows.code(a * rows.strides()[0] + c));
      });
  return to;
}

}  // namespace plumbline::generate
