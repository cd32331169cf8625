#include "properties/flash_decode/attend_inputs.hpp"

#include <algorithm>
#include <string>

#include "reference/core/random.hpp"

namespace plumbline::generate {

using flash_decode::attend_problem;

namespace {

struct descales {
  double q = 1, k = 1, v = 1;
};

descales draw_descales(std::uint64_t seed, regime how, std::int64_t n, std::int64_t h) {
  random_stream s(seed, "descale " + std::to_string(n) + ' ' + std::to_string(h));
  const auto any = [&] {
    const double significand = 1 + s.uniform();
    return round_to(dtype::f32, significand * (s.chance(0.5) ? 0.5 : 0.75));
  };
  if (how == regime::powers_of_two || how == regime::needle || how == regime::twins)
    return {1, 1, s.chance(0.5) ? 0.5 : 2};
  const double q = any(), k = any(), v = any();
  return {q, k, v};
}

unit_shape unit_of(const attend_problem& p, std::int64_t n, std::int64_t h, const descales& ds) {
  unit_shape u;
  u.sequence = n;
  u.kv_head = h;
  u.sq = flash_decode::query_tokens(p, n);
  u.group = p.hq / p.hk;
  u.sk = flash_decode::cached_keys(p, n);
  u.d = p.d;
  u.dv = p.dv;
  u.scale = flash_decode::effective_scale(p) * ds.q * ds.k;
  u.type = p.type;
  u.page_size = p.page_size;
  for (std::int64_t i = 0; i < u.sq; ++i) {
    const auto range = flash_decode::visible_keys(p, i, u.sq, u.sk);
    u.begin.push_back(range.begin);
    u.end.push_back(range.end);
  }
  return u;
}

// Writes one KV head's values into the rows of its sequence.
void store_unit(const attend_problem& p, const unit_shape& u, const unit_values& values,
                attend_sequence& to) {
  const std::int64_t bytes = static_cast<std::int64_t>(size_of(p.type));
  for (std::int64_t row = 0; row < u.sq * u.group; ++row) {
    const std::int64_t head = u.kv_head * u.group + row % u.group, token = row / u.group;
    encode_row(p.type, values.q.data() + row * p.d, p.d, to.q.data() + (token * p.hq + head) * p.d * bytes);
  }
  for (std::int64_t j = 0; j < u.sk; ++j) {
    encode_row(p.type, values.k.data() + j * p.d, p.d,
               to.keys.k.data() + (j * p.hk + u.kv_head) * p.d * bytes);
    encode_row(p.type, values.v.data() + j * p.dv, p.dv,
               to.keys.v.data() + (j * p.hk + u.kv_head) * p.dv * bytes);
  }
}

token_layout layout_of(const attend_problem& p, std::int64_t width) {
  return {p.type, p.b, p.sq, p.seqlens_q, p.hq, width, p.gap};
}

std::vector<row_codes> column(const attend_content& all, row_codes attend_sequence::*rows) {
  std::vector<row_codes> sequences;
  for (const attend_sequence& s : all.sequences) sequences.push_back(s.*rows);
  return sequences;
}

tensor join_descales(const attend_problem& p, const attend_content& all,
                     std::vector<float> attend_sequence::*which) {
  tensor t(dtype::f32, {p.b, p.hk});
  for (std::int64_t n = 0; n < p.b; ++n)
    std::copy_n((all.sequences[at(n)].*which).begin(), p.hk, t.as<float>() + n * p.hk);
  return t;
}

constexpr std::pair<const char*, std::vector<float> attend_sequence::*> descale_names[] = {
    {"q_descale", &attend_sequence::q_descale},
    {"k_descale", &attend_sequence::k_descale},
    {"v_descale", &attend_sequence::v_descale}};

}  // namespace

attend_content draw_content(const attend_problem& p, regime how, std::uint64_t seed) {
  attend_content all;
  const bool has_descales = p.type == dtype::e4m3 && random_stream(seed, "descales").chance(0.85);
  const std::int64_t bytes = static_cast<std::int64_t>(size_of(p.type));
  for (std::int64_t n = 0; n < p.b; ++n) {
    const std::int64_t sq = flash_decode::query_tokens(p, n), sk = flash_decode::cached_keys(p, n);
    attend_sequence s;
    s.q.resize(at(sq * p.hq * p.d * bytes));
    s.keys.k.resize(at(sk * p.hk * p.d * bytes));
    s.keys.v.resize(at(sk * p.hk * p.dv * bytes));
    for (std::int64_t h = 0; h < p.hk; ++h) {
      const descales ds = has_descales ? draw_descales(seed, how, n, h) : descales{};
      const unit_shape u = unit_of(p, n, h, ds);
      store_unit(p, u, draw_unit(how, u, seed), s);
      if (!has_descales) continue;
      s.q_descale.push_back(static_cast<float>(ds.q));
      s.k_descale.push_back(static_cast<float>(ds.k));
      s.v_descale.push_back(static_cast<float>(ds.v));
    }
    if (p.has_qv) {
      random_stream stream(seed, "qv " + std::to_string(n));
      std::vector<double> values(at(sq * p.hq * p.dv));
      for (double& e : values) e = stream.normal();
      s.qv.resize(values.size() * at(bytes));
      encode_row(p.type, values.data(), sq * p.hq * p.dv, s.qv.data());
    }
    all.sequences.push_back(std::move(s));
  }
  if (p.has_sink) {
    random_stream stream(seed, "sink");
    all.sink = tensor(p.type == dtype::e4m3 ? dtype::f32 : p.type, {p.hq});
    for (std::int64_t h = 0; h < p.hq; ++h) all.sink.set_value(h, stream.normal() * 3);
  }
  return all;
}

tensor_set arrange(const attend_problem& p, const attend_content& all, const arrangement& how) {
  tensor_set inputs;
  inputs.set("q", join_rows(layout_of(p, p.d), column(all, &attend_sequence::q)));
  std::vector<key_rows> keys;
  for (const attend_sequence& s : all.sequences) keys.push_back(s.keys);
  arrange_cache(p, keys, {}, how, inputs);
  if (!p.seqlens_q.empty()) inputs.set("cu_seqlens_q", flash_decode::cumulative_lengths(p.seqlens_q));
  if (p.has_qv) inputs.set("qv", join_rows(layout_of(p, p.dv), column(all, &attend_sequence::qv)));
  for (const auto& [name, which] : descale_names)
    if (!all.sequences.empty() && !(all.sequences[0].*which).empty())
      inputs.set(name, join_descales(p, all, which));
  if (p.has_sink) inputs.set("learnable_sink", all.sink);
  return inputs;
}

attend_content gather(const attend_problem& p, const tensor_set& inputs) {
  attend_content all;
  all.sequences.resize(at(p.b));
  auto q = split_rows(layout_of(p, p.d), inputs.at("q"));
  auto qv = p.has_qv ? split_rows(layout_of(p, p.dv), inputs.at("qv")) : std::vector<row_codes>(at(p.b));
  auto keys = gather_keys(p, inputs);
  for (std::int64_t n = 0; n < p.b; ++n) {
    all.sequences[at(n)].q = std::move(q[at(n)]);
    all.sequences[at(n)].qv = std::move(qv[at(n)]);
    all.sequences[at(n)].keys = std::move(keys[at(n)]);
    for (const auto& [name, which] : descale_names)
      if (const tensor* t = inputs.find(name))
        for (std::int64_t h = 0; h < p.hk; ++h)
          (all.sequences[at(n)].*which)
              .push_back(static_cast<float>(t->value(n * t->strides()[0] + h * t->strides()[1])));
  }
  if (const tensor* sink = inputs.find("learnable_sink")) all.sink = *sink;
  return all;
}

arrangement arrangement_of(std::uint64_t seed) {
  return {seed, seed & 1 ? poison::stale : poison::nan, true};
}

tensor_set draw_inputs(const attend_problem& p, regime how, std::uint64_t seed) {
  return arrange(p, draw_content(p, how, seed), arrangement_of(seed));
}

}  // namespace plumbline::generate
