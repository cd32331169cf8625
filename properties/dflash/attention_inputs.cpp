#include "properties/dflash/attention_inputs.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "properties/generate/draws.hpp"
#include "properties/generate/presentation.hpp"
#include "properties/generate/regimes.hpp"
#include "reference/core/index.hpp"
#include "reference/core/random.hpp"

namespace plumbline::generate {

using dflash::attention_problem;
using dflash::int_list;

namespace {

constexpr std::int64_t narrowest = 4;  // regimes place what they know in several channels

// NaN shows a leak loudly, a finite value looks like what an earlier call left.
std::byte fill_of(std::uint64_t seed) { return seed & 1 ? std::byte{0x3b} : std::byte{0xff}; }

tensor_set poisoned_inputs(const attention_problem& p, std::byte fill) {
  tensor_set inputs = empty_inputs(p);
  for (auto& [name, t] : inputs)
    if (t.type() == p.type) t.fill_block(static_cast<std::uint8_t>(fill));
  return inputs;
}

void set_row(tensor& t, std::span<const std::int64_t> index, const double* values) {
  const std::int64_t first = t.offset(index);
  for (std::int64_t c = 0; c < t.dim(t.rank() - 1); ++c)
    t.set_code(first + c, encode(t.type(), values[c], overflow::saturate));
}

// Key j of a sequence lies in its row of the cache, or among the new rows.
void set_key(const attention_problem& p, const char* cache, const char* fresh, std::int64_t s,
             std::int64_t start, std::int64_t head, std::int64_t j, const double* values,
             tensor_set& inputs) {
  const std::int64_t used = p.cache_seqlens[at(s)];
  const std::int64_t kept[] = {cache_row(p, s), j, head, 0}, added[] = {start + j - used, head, 0};
  if (j < used)
    set_row(inputs.at(cache), kept, values);
  else
    set_row(inputs.at(fresh), added, values);
}

void draw_mask(const attention_problem& p, std::uint64_t seed, tensor_set& inputs) {
  tensor* mask = inputs.find("mask");
  if (mask == nullptr) return;
  random_stream draw(seed, "mask");
  const std::int64_t keys = mask->dim(3);
  for (std::int64_t i = 0; i < mask->size(); ++i) {
    const bool hidden = draw.integer(1, 100) <= p.hidden_percent && i % keys + 1 < keys;
    mask->set_value(i, hidden ? 0 : 1);
  }
}

void draw_output_weights(const attention_problem& p, std::uint64_t seed, tensor_set& inputs) {
  random_stream draw(seed, "wo"), of_bias(seed, "bo");
  const double size = 1 / std::sqrt(static_cast<double>(p.hq * p.d));
  tensor& weight = inputs.at("wo");
  for (std::int64_t i = 0; i < weight.size(); ++i) weight.set_value(i, size * draw.normal());
  tensor* bias = inputs.find("bo");
  for (std::int64_t i = 0; bias != nullptr && i < bias->size(); ++i)
    bias->set_value(i, 0.25 * of_bias.normal());
}

}  // namespace

std::string_view draw_dflash_attention_regime(std::uint64_t seed, std::uint64_t index) {
  constexpr auto last = static_cast<std::int64_t>(regime_names.size()) - 1;
  return regime_names[at(draws(seed, index, "regime of dflash's attention").between(0, last))];
}

tensor_set draw_inputs(const attention_problem& p, std::string_view regime, std::uint64_t seed) {
  tensor_set inputs = poisoned_inputs(p, fill_of(seed));
  const int_list starts = new_row_starts(p);
  const std::int64_t group = p.hq / p.hk;
  for (std::int64_t s = 0; s < p.b; ++s)
    for (std::int64_t h = 0; h < p.hk; ++h) {
      unit_shape u;
      u.sequence = s, u.kv_head = h;
      u.sq = p.block_size, u.group = group, u.sk = keys_of(p, s), u.d = u.dv = std::max(p.d, narrowest);
      u.scale = effective_scale(p), u.type = p.type;
      u.begin.assign(at(u.sq), 0);
      u.end.assign(at(u.sq), u.sk);
      const unit_values values = draw_unit(*regime_from(regime), u, seed);
      for (std::int64_t row = 0; row < u.sq * group; ++row) {
        const std::int64_t index[] = {s, row / group, h * group + row % group, 0};
        set_row(inputs.at("q"), index, values.q.data() + row * u.d);
      }
      for (std::int64_t j = 0; j < u.sk; ++j) {
        set_key(p, "k_cache", "k", s, starts[at(s)], h, j, values.k.data() + j * u.d, inputs);
        set_key(p, "v_cache", "v", s, starts[at(s)], h, j, values.v.data() + j * u.dv, inputs);
      }
    }
  draw_mask(p, seed, inputs);
  draw_output_weights(p, seed, inputs);
  return inputs;
}

tensor_set refilled(const attention_problem& p, const tensor_set& from, std::byte fill) {
  tensor_set inputs = poisoned_inputs(p, fill);
  for (const char* name : {"q", "k", "v", "wo", "bo", "mask"})
    if (const tensor* old = from.find(name)) inputs.set(name, relaid(*old, std::move(inputs.at(name)), fill));
  for (const char* name : {"k_cache", "v_cache"})
    for (std::int64_t s = 0; s < p.b; ++s)
      for (std::int64_t j = 0; j < p.cache_seqlens[at(s)]; ++j)
        for (std::int64_t h = 0; h < p.hk; ++h) {
          const std::int64_t index[] = {cache_row(p, s), j, h, 0};
          const tensor& old = from.at(name);
          tensor& to = inputs.at(name);
          for (std::int64_t c = 0; c < p.d; ++c)
            to.set_code(to.offset(index) + c, old.code(old.offset(index) + c));
        }
  return inputs;
}

}  // namespace plumbline::generate
