#include "properties/flash_decode/append_agreement.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "properties/flash_decode/append_inputs.hpp"
#include "properties/judge/admissible_judge.hpp"
#include "properties/judge/bytes_judge.hpp"

namespace plumbline::laws {

using flash_decode::append_problem;
using flash_decode::append_truth;

namespace {

// Magnitudes of dense rows (rows, d), of which the first rotary_dim elements are turned in pairs.
std::vector<double> magnitudes(const append_problem& p, const std::vector<double>& rows) {
  std::vector<double> m(rows.size());
  const std::int64_t pairs = p.rotary_dim / 2;
  for (std::size_t first = 0; first < rows.size(); first += at(p.d))
    for (std::int64_t e = 0; e < pairs; ++e) {
      const std::size_t x = first + at(p.rotary_interleaved ? 2 * e : e);
      const std::size_t y = first + at(p.rotary_interleaved ? 2 * e + 1 : e + pairs);
      m[x] = m[y] = std::fabs(rows[x]) + std::fabs(rows[y]);
    }
  return m;
}

// What is rotated of dense rows (rows, d), and how to name it.
struct rotated_part {
  std::vector<double> exact, magnitude, computed;
  std::vector<std::string> names;

  verdict judge(std::string_view output, dtype type) const {
    return judge_rotated(output, type, exact, magnitude, computed,
                         [&](std::int64_t i) { return names[at(i)]; });
  }
};

std::string place_name(std::int64_t sequence, const char* token_kind, std::int64_t token, std::int64_t head,
                       std::int64_t dim) {
  return "sequence " + std::to_string(sequence) + ", " + token_kind + " " + std::to_string(token) +
         ", head " + std::to_string(head) + ", dim " + std::to_string(dim);
}

}  // namespace

rotation_magnitude rotation_magnitudes(const append_problem& p, const tensor_set& inputs) {
  rotation_magnitude m;
  m.k = magnitudes(p, inputs.at("k_new").values());
  if (const tensor* q = inputs.find("q"); q && p.rotary_dim > 0 && p.sq > 0) m.q = magnitudes(p, q->values());
  return m;
}

verdict judge_key_cache(const append_problem& p, const append_truth& truth, const rotation_magnitude& m,
                        const tensor& computed) {
  if (p.rotary_dim == 0 || truth.written.empty()) return judge_bytes("k_cache", truth.k_cache, computed);
  const std::int64_t slots = computed.dim(1);
  std::vector<bool> rotated(at(computed.dim(0) * slots));
  rotated_part part;
  for (std::size_t t = 0; t < truth.written.size(); ++t) {
    const auto& slot = truth.written[t];
    rotated[at(slot.row * slots + slot.position)] = true;
    for (std::int64_t h = 0; h < p.hk; ++h)
      for (std::int64_t c = 0; c < p.rotary_dim; ++c) {
        const std::size_t e = (t * at(p.hk) + at(h)) * at(p.d) + at(c);
        part.exact.push_back(truth.k_exact[e]);
        part.magnitude.push_back(m.k[e]);
        const std::int64_t index[] = {slot.row, slot.position, h, c};
        part.computed.push_back(computed.value(computed.offset(index)));
        part.names.push_back(place_name(slot.sequence, "new token", slot.token, h, c));
      }
  }
  verdict bytes = judge_bytes("k_cache", truth.k_cache, computed, [&](std::span<const std::int64_t> index) {
    return index[3] < p.rotary_dim && rotated[at(index[0] * slots + index[1])];
  });
  return joined(std::move(bytes), part.judge("k_cache", p.type));
}

verdict judge_rotated_q(const append_problem& p, const append_truth& truth, const rotation_magnitude& m,
                        const tensor& computed) {
  const auto values = computed.values();
  rotated_part part;
  std::int64_t token = 0;
  for (std::int64_t n = 0; n < p.b; ++n)
    for (std::int64_t i = 0; i < flash_decode::query_tokens(p, n); ++i, ++token)
      for (std::int64_t h = 0; h < p.hq; ++h)
        for (std::int64_t c = 0; c < p.rotary_dim; ++c) {
          const std::size_t e = at((token * p.hq + h) * p.d + c);
          part.exact.push_back(truth.q_exact[e]);
          part.magnitude.push_back(m.q[e]);
          part.computed.push_back(values[e]);
          part.names.push_back(place_name(n, "query", i, h, c));
        }
  verdict bytes =
      judge_bytes("q_rotated", truth.q_rotated, computed,
                  [&](std::span<const std::int64_t> index) { return index.back() < p.rotary_dim; });
  if (part.exact.empty()) return bytes;
  return joined(part.judge("q_rotated", p.type), std::move(bytes));
}

verdict judge_append(const append_problem& p, const tensor_set& inputs, const tensor_set& outputs) {
  const append_truth truth = flash_decode::append(p, inputs);
  const rotation_magnitude m = rotation_magnitudes(p, inputs);
  verdict v = judge_bytes("v_cache", truth.v_cache, outputs.at("v_cache"));
  v = joined(std::move(v), judge_key_cache(p, truth, m, outputs.at("k_cache")));
  const tensor* q = outputs.find("q_rotated");
  if (q != nullptr && q->size() > 0) v = joined(std::move(v), judge_rotated_q(p, truth, m, *q));
  return v;
}

}  // namespace plumbline::laws
