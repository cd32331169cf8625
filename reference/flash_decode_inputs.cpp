// What flash_decode refuses when it sees the tensors: presence, dtype, shape, layout, and indices that would
// be followed.  Only page-table entries that a key uses are looked at: the others may hold anything.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "reference/core/keyed_text.hpp"
#include "reference/core/tensor.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::flash_decode {

namespace {

using shape_list = std::vector<std::int64_t>;

template <class... Args>
void require(bool holds, std::string_view argument, fmt::format_string<Args...> expected, Args&&... args) {
  if (!holds) throw bad_argument(std::string(argument), fmt::format(expected, std::forward<Args>(args)...));
}

const tensor& present(const tensor_set& inputs, std::string_view name) {
  const tensor* t = inputs.find(name);
  require(t != nullptr, name, "expected a tensor of this name, got none");
  return *t;
}

void require_shape(std::string_view name, const tensor& t, const shape_list& shape) {
  require(std::equal(shape.begin(), shape.end(), t.shape().begin(), t.shape().end()), name,
          "expected shape ({}), got ({})", fmt::join(shape, ", "), fmt::join(t.shape(), ", "));
}

const tensor& rows(const tensor_set& inputs, std::string_view name, dtype type, const shape_list& shape) {
  const tensor& t = present(inputs, name);
  require(t.type() == type, name, "expected dtype {}, got {}", name_of(type), name_of(t.type()));
  require_shape(name, t, shape);
  require(t.size() == 0 || t.shape().back() == 1 || t.strides().back() == 1, name,
          "expected a contiguous last dimension, got stride {}", t.strides().back());
  return t;
}

const tensor& integers(const tensor_set& inputs, std::string_view name, const shape_list& shape) {
  const tensor& t = rows(inputs, name, dtype::i32, shape);
  require(t.rank() != 1 || t.dense(), name, "expected a contiguous tensor, got stride {}",
          t.strides().back());
  return t;
}

void require_absent(const tensor_set& inputs, std::string_view name, std::string_view why) {
  require(!inputs.has(name), name, "expected {}", why);
}

void require_values(const tensor_set& inputs, std::string_view name, const shape_list& values) {
  const tensor& t = integers(inputs, name, {static_cast<std::int64_t>(values.size())});
  for (std::size_t s = 0; s < values.size(); ++s) {
    const auto found = static_cast<std::int64_t>(t.value(static_cast<std::int64_t>(s)));
    require(found == values[s], name, "element {}: expected the problem's {}, got {}", s, values[s], found);
  }
}

void require_optional(const tensor_set& inputs, std::string_view name, const shape_list& values, bool given) {
  if (given)
    require_values(inputs, name, values);
  else
    require_absent(inputs, name, "only when the problem has it");
}

void require_cumulative(const tensor_set& inputs, std::string_view name, const shape_list& lengths,
                        bool given) {
  if (!given) return require_absent(inputs, name, "only with packed tokens");
  const tensor& t = integers(inputs, name, {static_cast<std::int64_t>(lengths.size()) + 1});
  std::int64_t total = 0;
  for (std::size_t s = 0; s <= lengths.size(); ++s) {
    const auto found = static_cast<std::int64_t>(t.value(static_cast<std::int64_t>(s)));
    const std::int64_t before =
        s == 0 ? 0 : static_cast<std::int64_t>(t.value(static_cast<std::int64_t>(s) - 1));
    require(found >= before, name, "expected values that never decrease, got {} after {}", found, before);
    require(found == total, name, "element {}: expected {}, got {}", s, total, found);
    if (s < lengths.size()) total += lengths[s];
  }
}

std::int64_t cache_row(const cache_shape& p, const tensor_set& inputs, std::int64_t s) {
  return p.has_batch_idx ? static_cast<std::int64_t>(inputs.at("cache_batch_idx").value(s)) : s;
}

// Physical page of every logical page that slots [first, end) of a sequence touch.
template <class Visit>
void for_each_page(const cache_shape& p, const tensor_set& inputs, std::int64_t s, std::int64_t first,
                   std::int64_t end, Visit visit) {
  if (p.page_size == 0 || first >= end) return;
  const tensor& table = inputs.at("page_table");
  const std::int64_t row = cache_row(p, inputs, s);
  for (std::int64_t page = first / p.page_size; page * p.page_size < end; ++page) {
    const std::int64_t index[] = {row, page};
    visit(page, static_cast<std::int64_t>(table.value(table.offset(index))));
  }
}

void require_pages(const cache_shape& p, const tensor_set& inputs, std::int64_t s, std::int64_t first,
                   std::int64_t end) {
  for_each_page(p, inputs, s, first, end, [&](std::int64_t page, std::int64_t physical) {
    require(physical >= 0 && physical < p.num_pages, "page_table",
            "sequence {}, page {}: expected a page in 0..{}, got {}", s, page, p.num_pages - 1, physical);
  });
}

void check_cache(const cache_shape& p, const tensor_set& inputs) {
  const bool paged = p.page_size > 0;
  const std::int64_t blocks = paged ? p.num_pages : p.batch_cache, slots = paged ? p.page_size : p.capacity;
  rows(inputs, "k_cache", p.type, {blocks, slots, p.hk, p.d});
  rows(inputs, "v_cache", p.type, {blocks, slots, p.hk, p.dv});
  require_values(inputs, "cache_seqlens", p.cache_seqlens);
  require_optional(inputs, "cache_leftpad", p.cache_leftpad, !p.cache_leftpad.empty());
  if (p.has_batch_idx) {
    const tensor& index = integers(inputs, "cache_batch_idx", {p.b});
    for (std::int64_t s = 0; s < p.b; ++s) {
      const auto row = static_cast<std::int64_t>(index.value(s));
      require(row >= 0 && row < p.batch_cache, "cache_batch_idx",
              "sequence {}: expected a row in 0..{}, got {}", s, p.batch_cache - 1, row);
    }
  } else {
    require_absent(inputs, "cache_batch_idx", "only when the problem has it");
  }
  if (paged) {
    integers(inputs, "page_table", {p.batch_cache, p.max_pages});
    require_absent(inputs, "cu_seqlens_k", "none together with page_table");
  } else {
    require_absent(inputs, "page_table", "only with page_size of at least 1");
  }
}

void require_distinct_slots(const append_problem& p, const tensor_set& inputs) {
  std::set<std::pair<std::int64_t, std::int64_t>> written;
  for (std::int64_t s = 0; s < p.b; ++s) {
    const std::int64_t first = p.cache_seqlens[static_cast<std::size_t>(s)], end = first + new_tokens(p, s);
    if (p.page_size == 0) {
      if (first < end)
        require(written.emplace(cache_row(p, inputs, s), 0).second, "cache_batch_idx",
                "sequence {}: expected a row that no other sequence appends to, got {}", s,
                cache_row(p, inputs, s));
      continue;
    }
    for_each_page(p, inputs, s, first, end, [&](std::int64_t page, std::int64_t physical) {
      const std::int64_t from = std::max(first, page * p.page_size) % p.page_size;
      const std::int64_t count =
          std::min(end, (page + 1) * p.page_size) - std::max(first, page * p.page_size);
      for (std::int64_t slot = from; slot < from + count; ++slot)
        require(written.emplace(physical, slot).second, p.has_batch_idx ? "cache_batch_idx" : "page_table",
                "sequence {}: expected slots that no other new token is written to, got page {} twice", s,
                physical);
    });
  }
}

}  // namespace

void check(const attend_problem& p, const tensor_set& inputs) {
  check(p);
  for (const char* stray : {"rotary_cos", "rotary_sin", "rotary_seqlens"})
    require_absent(inputs, stray, "only together with k_new and v_new");
  for (const char* stray : {"k_new", "v_new", "cu_seqlens_k_new"})
    require_absent(inputs, stray, "none in attend: new keys belong to the append before it");
  const shape_list q = token_shape(p.b, p.sq, p.seqlens_q, p.hq, p.d);
  rows(inputs, "q", p.type, q);
  check_cache(p, inputs);
  require_cumulative(inputs, "cu_seqlens_q", p.seqlens_q, !p.seqlens_q.empty());
  for (std::int64_t s = 0; s < p.b; ++s)
    require_pages(p, inputs, s, left_padding(p, s), left_padding(p, s) + cached_keys(p, s));
  if (p.has_qv)
    rows(inputs, "qv", p.type, token_shape(p.b, p.sq, p.seqlens_q, p.hq, p.dv));
  else
    require_absent(inputs, "qv", "only when the problem has it");
  for (const char* name : {"q_descale", "k_descale", "v_descale"}) {
    if (!inputs.has(name)) continue;
    require(p.type == dtype::e4m3, name, "expected only with e4m3 inputs, got {}", name_of(p.type));
    require(inputs.at(name).type() == dtype::f32, name, "expected dtype f32, got {}",
            name_of(inputs.at(name).type()));
    require_shape(name, inputs.at(name), {p.b, p.hk});
  }
  if (p.has_sink) {
    const tensor& sink = present(inputs, "learnable_sink");
    require(is_floating(sink.type()), "learnable_sink", "expected a floating dtype, got {}",
            name_of(sink.type()));
    require_shape("learnable_sink", sink, {p.hq});
  } else {
    require_absent(inputs, "learnable_sink", "only when the problem has it");
  }
}

void check(const append_problem& p, const tensor_set& inputs) {
  check(p);
  rows(inputs, "k_new", p.type, token_shape(p.b, p.sn, p.seqlens_new, p.hk, p.d));
  rows(inputs, "v_new", p.type, token_shape(p.b, p.sn, p.seqlens_new, p.hk, p.dv));
  check_cache(p, inputs);
  require_cumulative(inputs, "cu_seqlens_k_new", p.seqlens_new, !p.seqlens_new.empty());
  if (p.sq > 0 && p.rotary_dim > 0) {
    rows(inputs, "q", p.type, token_shape(p.b, p.sq, p.seqlens_q, p.hq, p.d));
    require_cumulative(inputs, "cu_seqlens_q", p.seqlens_q, !p.seqlens_q.empty());
  }
  for (std::int64_t s = 0; s < p.b; ++s) {
    const std::int64_t first = p.cache_seqlens[static_cast<std::size_t>(s)];
    require_pages(p, inputs, s, first, first + new_tokens(p, s));
  }
  require_distinct_slots(p, inputs);
  if (p.rotary_dim > 0) {
    for (const char* name : {"rotary_cos", "rotary_sin"}) {
      const tensor& table = rows(inputs, name, p.type, {p.seqlen_rotary, p.rotary_dim / 2});
      require(table.dense(), name, "expected a contiguous tensor");
    }
  } else {
    require_absent(inputs, "rotary_cos", "only with rotary_dim above 0");
    require_absent(inputs, "rotary_sin", "only with rotary_dim above 0");
  }
  require_optional(inputs, "rotary_seqlens", p.rotary_seqlens, !p.rotary_seqlens.empty());
}

void check(const combine_problem& p, const tensor_set& inputs) {
  check(p);
  rows(inputs, "out_partial", dtype::f32, {p.num_splits, p.b, p.sq, p.hq, p.dv});
  const tensor& lse = present(inputs, "lse_partial");
  require(lse.type() == dtype::f32, "lse_partial", "expected dtype f32, got {}", name_of(lse.type()));
  require_shape("lse_partial", lse, {p.num_splits, p.b, p.sq, p.hq});
  require(lse.size() == 0 || p.sq == 1 || lse.strides()[2] == 1, "lse_partial",
          "expected to be contiguous along sq, got stride {}", lse.strides()[2]);
}

}  // namespace plumbline::flash_decode
