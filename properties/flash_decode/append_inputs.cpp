#include "properties/flash_decode/append_inputs.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "properties/flash_decode/attend_inputs.hpp"
#include "reference/core/random.hpp"

namespace plumbline::generate {

using flash_decode::append_problem;

namespace {

token_layout new_layout(const append_problem& p, std::int64_t width) {
  return {p.type, p.b, p.sn, p.seqlens_new, p.hk, width, p.gap};
}
token_layout query_layout(const append_problem& p) {
  return {p.type, p.b, p.sq, p.seqlens_q, p.hq, p.d, p.gap};
}

// Rows of `width`; the first `rotated` elements of each are numbers, a few so large that their rotation
// overflows.
row_codes draw_rows(random_stream s, dtype type, std::int64_t rows, std::int64_t width, std::int64_t rotated,
                    bool bits) {
  const std::size_t bytes = size_of(type);
  const int reach = type == dtype::e4m3 ? 4 : 12;
  const std::uint32_t largest = format_of(type).max_code;
  row_codes codes(at(rows * width) * bytes);
  for (std::int64_t i = 0; i < rows * width; ++i) {
    std::uint32_t code;
    if (bits && i % width >= rotated) {
      code = s.bits32() & ((1u << (8 * bytes)) - 1u);
    } else {
      double x = s.normal();
      if (bits)
        x = s.chance(0.05) ? (s.chance(0.5) ? 0.0 : -0.0)
                           : std::ldexp(x, static_cast<int>(s.integer(-reach, reach)));
      if (bits && s.chance(0.02)) x = std::ldexp(x, -24);
      if (bits && s.chance(0.02)) x = std::copysign((1 + s.uniform()) / 2 * decode(type, largest), x);
      code = encode(type, x, overflow::saturate);
    }
    std::memcpy(codes.data() + at(i) * bytes, &code, bytes);
  }
  return codes;
}

// Table rows that some token uses, for new keys and for q.
std::vector<bool> used_positions(const append_problem& p) {
  std::vector<bool> used(at(p.seqlen_rotary));
  const bool moving = flash_decode::q_positions_move(p);
  for (std::int64_t n = 0; n < p.b; ++n) {
    const std::int64_t first = p.rotary_seqlens.empty() ? p.cache_seqlens[at(n)] : p.rotary_seqlens[at(n)];
    for (std::int64_t t = 0; t < flash_decode::new_tokens(p, n); ++t) used[at(first + t)] = true;
    for (std::int64_t i = 0; i < flash_decode::query_tokens(p, n); ++i)
      used[at(first + (moving ? i : 0))] = true;
  }
  return used;
}

void draw_tables(const append_problem& p, std::uint64_t seed, append_content& all) {
  const std::int64_t pairs = p.rotary_dim / 2;
  all.cos = tensor(p.type, {p.seqlen_rotary, pairs});
  all.sin = tensor(p.type, {p.seqlen_rotary, pairs});
  for (std::int64_t row = 0; row < p.seqlen_rotary; ++row) {
    random_stream s(seed, "angle " + std::to_string(row));
    for (std::int64_t e = 0; e < pairs; ++e) {
      const double t = s.chance(0.1) ? static_cast<double>(s.integer(-1, 1)) : 4 * (2 * s.uniform() - 1);
      const double c = (1 - t * t) / (1 + t * t), sine = 2 * t / (1 + t * t);
      all.cos.set_value(row * pairs + e, c);
      all.sin.set_value(row * pairs + e, sine);
    }
  }
}

void poison_tables(const append_problem& p, poison kind, std::uint64_t seed, tensor_set& inputs) {
  const std::int64_t pairs = p.rotary_dim / 2;
  const auto used = used_positions(p);
  for (const char* name : {"rotary_cos", "rotary_sin"})
    for (std::int64_t row = 0; row < p.seqlen_rotary; ++row)
      if (!used[at(row)]) poison_elements(inputs.at(name), row * pairs, pairs, kind, seed);
}

std::vector<row_codes> column(const append_content& all, row_codes append_sequence::*rows) {
  std::vector<row_codes> sequences;
  for (const append_sequence& s : all.sequences) sequences.push_back(s.*rows);
  return sequences;
}

}  // namespace

std::vector<std::int64_t> room_of(const append_problem& p) {
  std::vector<std::int64_t> room;
  for (std::int64_t n = 0; n < p.b; ++n) room.push_back(flash_decode::new_tokens(p, n));
  return room;
}

append_content draw_content(const append_problem& p, std::string_view regime, std::uint64_t seed) {
  append_content all;
  const bool bits = regime == "bits";
  for (std::int64_t n = 0; n < p.b; ++n) {
    const auto draw = [&](const char* what, std::int64_t rows, std::int64_t width, std::int64_t rotated) {
      return draw_rows(random_stream(seed, what + std::to_string(n)), p.type, rows, width, rotated, bits);
    };
    const std::int64_t cached = flash_decode::cached_keys(p, n), fresh = flash_decode::new_tokens(p, n);
    append_sequence s;
    s.cached.k = draw("k ", cached * p.hk, p.d, 0);
    s.cached.v = draw("v ", cached * p.hk, p.dv, 0);
    s.fresh.k = draw("k_new ", fresh * p.hk, p.d, p.rotary_dim);
    s.fresh.v = draw("v_new ", fresh * p.hk, p.dv, 0);
    s.q = draw("q ", flash_decode::query_tokens(p, n) * p.hq, p.d, p.rotary_dim);
    all.sequences.push_back(std::move(s));
  }
  if (p.rotary_dim > 0) draw_tables(p, seed, all);
  return all;
}

tensor_set arrange(const append_problem& p, const append_content& all, const arrangement& how) {
  tensor_set inputs;
  std::vector<key_rows> cached;
  std::vector<row_codes> k_new, v_new;
  for (const append_sequence& s : all.sequences) {
    cached.push_back(s.cached);
    k_new.push_back(s.fresh.k);
    v_new.push_back(s.fresh.v);
  }
  inputs.set("k_new", join_rows(new_layout(p, p.d), k_new));
  inputs.set("v_new", join_rows(new_layout(p, p.dv), v_new));
  arrange_cache(p, cached, room_of(p), how, inputs);
  if (!p.seqlens_new.empty()) inputs.set("cu_seqlens_k_new", flash_decode::cumulative_lengths(p.seqlens_new));
  if (p.sq > 0 && p.rotary_dim > 0) {
    inputs.set("q", join_rows(query_layout(p), column(all, &append_sequence::q)));
    if (!p.seqlens_q.empty()) inputs.set("cu_seqlens_q", flash_decode::cumulative_lengths(p.seqlens_q));
  }
  if (p.rotary_dim > 0) {
    inputs.set("rotary_cos", all.cos);
    inputs.set("rotary_sin", all.sin);
    if (!p.rotary_seqlens.empty()) inputs.set("rotary_seqlens", integers(p.rotary_seqlens));
    poison_tables(p, how.unused, how.seed, inputs);
  }
  return inputs;
}

append_content gather(const append_problem& p, const tensor_set& inputs) {
  append_content all;
  auto cached = gather_keys(p, inputs);
  auto k_new = split_rows(new_layout(p, p.d), inputs.at("k_new"));
  auto v_new = split_rows(new_layout(p, p.dv), inputs.at("v_new"));
  std::vector<row_codes> q(at(p.b));
  if (const tensor* t = inputs.find("q"); t && p.sq > 0 && p.rotary_dim > 0)
    q = split_rows(query_layout(p), *t);
  for (std::int64_t n = 0; n < p.b; ++n)
    all.sequences.push_back(
        {std::move(cached[at(n)]), {std::move(k_new[at(n)]), std::move(v_new[at(n)])}, std::move(q[at(n)])});
  if (p.rotary_dim > 0) {
    all.cos = inputs.at("rotary_cos");
    all.sin = inputs.at("rotary_sin");
  }
  return all;
}

tensor_set draw_inputs(const append_problem& p, std::string_view regime, std::uint64_t seed) {
  arrangement how = arrangement_of(seed);
  how.may_repeat_rows = false;
  return arrange(p, draw_content(p, regime, seed), how);
}

}  // namespace plumbline::generate
