#include "properties/mla/latent_rows.hpp"

#include <algorithm>
#include <cstring>

#include "reference/mla_cache_format.hpp"

namespace plumbline::generate {

using mla::decode_indices_problem;
using mla::prefill_indices_problem;

namespace {

constexpr std::uint64_t wild_entry = 2'147'480'000;

bool is_length(std::string_view name) {
  return name == "cache_seqlens" || name == "topk_length" || name == "extra_topk_length";
}

template <class Problem>
tensor_set made_wild(const Problem& p, std::byte fill) {
  tensor_set inputs = empty_inputs(p);
  for (auto& [name, value] : inputs) {
    if (is_length(name)) continue;
    if (value.type() == dtype::i32)
      for (std::int64_t i = 0; i < value.size(); ++i) value.set_code(i, wild_entry);
    else
      value.fill_block(static_cast<std::uint8_t>(fill));
  }
  return inputs;
}

std::int64_t counted(const std::vector<std::int64_t>& lengths, std::int64_t which, std::int64_t all) {
  return lengths.empty() ? all : lengths[static_cast<std::size_t>(which)];
}

}  // namespace

tensor_set wild_inputs(const mla::prefill_problem& p, std::byte fill) { return made_wild(p, fill); }
tensor_set wild_inputs(const mla::decode_problem& p, std::byte fill) { return made_wild(p, fill); }
tensor_set wild_inputs(const decode_indices_problem& p, std::byte fill) { return made_wild(p, fill); }
tensor_set wild_inputs(const prefill_indices_problem& p, std::byte fill) { return made_wild(p, fill); }

void copy_row(const tensor& cache, std::int64_t outer, std::int64_t row, std::int64_t head, tensor& to,
              std::int64_t to_outer, std::int64_t to_row) {
  const std::int64_t from_index[] = {outer, row, head, 0}, to_index[] = {to_outer, to_row, head, 0};
  const std::size_t bytes = size_of(cache.type());
  std::memcpy(to.data() + static_cast<std::size_t>(to.offset(to_index)) * bytes,
              cache.data() + static_cast<std::size_t>(cache.offset(from_index)) * bytes,
              static_cast<std::size_t>(cache.dim(3)) * bytes);
}

void copy_row(const decode_indices_problem& p, bool extra, const tensor& cache, std::int64_t slot, tensor& to,
              std::int64_t to_slot) {
  const std::int64_t rows = extra ? p.extra_page_size : p.page_size;
  if (p.format == mla::kv_format::plain)
    return copy_row(cache, slot / rows, slot % rows, 0, to, to_slot / rows, to_slot % rows);
  const quantize::cache_shape shape = mla::stored_cache(p, extra);
  const quantize::slot_place a = place_of(shape, slot), b = place_of(shape, to_slot);
  std::memcpy(to.data() + b.codes, cache.data() + a.codes, static_cast<std::size_t>(shape.dv));
  std::memcpy(to.data() + b.scales, cache.data() + a.scales, static_cast<std::size_t>(scale_bytes(shape)));
  std::memcpy(to.data() + b.rope, cache.data() + a.rope, static_cast<std::size_t>(rope_bytes(shape)));
}

void for_each_entry(const decode_indices_problem& p, bool extra, const tensor& entries,
                    const std::function<void(std::int64_t, std::int64_t, std::int64_t)>& each) {
  for (std::int64_t s = 0; s < p.b; ++s)
    for (std::int64_t i = 0; i < p.sq; ++i) {
      const std::int64_t used =
          extra ? counted(p.extra_topk_length, s, p.extra_topk) : counted(p.topk_length, s, p.topk);
      for (std::int64_t j = 0; j < used; ++j) {
        const std::int64_t at[] = {s, i, j};
        each(s * p.sq + i, j, entries.offset(at));
      }
    }
}

void for_each_entry(const prefill_indices_problem& p, const tensor& entries,
                    const std::function<void(std::int64_t, std::int64_t, std::int64_t)>& each) {
  for (std::int64_t i = 0; i < p.sq; ++i)
    for (std::int64_t j = 0; j < counted(p.topk_length, i, p.topk); ++j) {
      const std::int64_t at[] = {i, 0, j};
      each(i, j, entries.offset(at));
    }
}

}  // namespace plumbline::generate
