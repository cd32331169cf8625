#include "tests/claims/mla_short_path.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "tests/claims/eager.hpp"
#include "tests/claims/subjects.hpp"

namespace plumbline::claims::short_path {

namespace {

using namespace mla;

// What a mask of additions holds where nothing is seen.
constexpr double hidden = -std::numeric_limits<double>::infinity();

class fast_path {
 public:
  fast_path(const forward_problem& p, const kernel_arguments& args, unsigned flaws)
      : p_(p), args_(args), flaws_(flaws) {}

  void run() {
    const array x = read(args_.in("x"));
    array q = queries_of(x);
    write(q, args_.out("q"));
    const std::int64_t nope = p_.qk_nope_head_dim, rope = p_.qk_rope_head_dim, rank = p_.kv_lora_rank;
    const bool swapped = has(rotary_first);
    const array q_nope = swapped ? slice(q, -1, rope, rope + nope) : slice(q, -1, 0, nope);
    const array q_pe = rotated(swapped ? slice(q, -1, 0, rope) : slice(q, -1, nope, nope + rope));
    write(q_pe, args_.out("q_pe"));
    const array kv = linear(x, weight("wkv_a"));
    write(kv, args_.out("kv"));
    const array latent = plumbline::claims::rms_norm(
        swapped ? slice(kv, -1, rope, rope + rank) : slice(kv, -1, 0, rank), weight("kv_norm"), p_.eps);
    write(latent, args_.out("latent"));
    const array plain_key =
        view(swapped ? slice(kv, -1, 0, rope) : slice(kv, -1, rank, rank + rope), {p_.b, p_.sq, 1, rope});
    array k_pe = rotated(plain_key);
    write(view(k_pe, {p_.b, p_.sq, rope}), args_.out("k_pe"));
    if (has(key_of_every_head)) k_pe = view(k_pe, {p_.b, p_.sq, p_.n_heads, rope});
    const array attended = p_.form == attention_form::naive
                               ? by_head(q_nope, q_pe, latent, plain_key, k_pe)
                               : in_latents(q_nope, q_pe, latent, plain_key, k_pe);
    write(attended, args_.out("attended"));
    write(linear(view(attended, {p_.b, p_.sq, -1}), weight("wo")), args_.out("out"));
  }

 private:
  bool has(flaw one) const { return (flaws_ & one) != 0; }

  // In the type of x: codes times their scales, rounded to fp32 and then to that type.
  array weight(const std::string& name) const {
    array w = read(args_.in(name));
    const tensor_view scales = args_.in(name + "_scale");
    const bool plain = has(codes_as_weights) && name == "wkv_b";
    if (scales && !plain) {
      const array s = read(scales);
      for (std::int64_t i = 0; i < w.size(); ++i) {
        const std::int64_t row = i / w.dim(1) / weight_block, column = i % w.dim(1) / weight_block;
        double& value = w.data[static_cast<std::size_t>(i)];
        value = round_to(dtype::f32, value * s.data[static_cast<std::size_t>(row * s.dim(1) + column)]);
      }
    }
    return to(w, p_.type);
  }

  array queries_of(const array& x) const {
    if (p_.q_lora_rank == 0) return by_heads(linear(x, weight("wq")));
    const array down = linear(x, weight("wq_a"));
    write(down, args_.out("q_down"));
    const array latent = plumbline::claims::rms_norm(down, weight("q_norm"), p_.eps);
    write(latent, args_.out("q_latent"));
    return by_heads(linear(latent, weight("wq_b")));
  }
  array by_heads(const array& a) const { return view(a, {p_.b, p_.sq, p_.n_heads, -1}); }

  // Neighbours of (b, sq, heads, rope) turned by the angles of their tokens.
  array rotated(const array& a) const {
    const array cos = read(args_.in("cos")), sin = read(args_.in("sin"));
    array r = a;
    const std::int64_t heads = a.dim(2), rope = a.dim(3);
    for (std::int64_t i = 0; i + 1 < a.size(); i += 2) {
      const std::int64_t token = i / rope / heads % p_.sq, column = i % rope / 2;
      const auto angle = static_cast<std::size_t>((p_.start_pos + token) * (rope / 2) + column);
      const auto at = static_cast<std::size_t>(i);
      const double x = a.data[at], y = a.data[at + 1], c = cos.data[angle], s = sin.data[angle];
      r.data[at] = round_to(r.type, x * c - y * s);
      r.data[at + 1] = round_to(r.type, x * s + y * c);
    }
    return r;
  }

  // Rows of new tokens into a cache, and what the call then finds there.
  array through_cache(const char* name, const array& rows) const {
    const tensor_view mine = part_of(args_.out(name), 0, 0, p_.b);
    write(rows, part_of(mine, 1, p_.start_pos, p_.end_pos()));
    return read(part_of(mine, 1, 0, last_key()));
  }
  std::int64_t last_key() const {
    return has(keys_cut_at_256) ? std::min(p_.end_pos(), most_tokens) : p_.end_pos();
  }

  array by_head(const array& q_nope, const array& q_pe, const array& latent, const array& plain_key,
                const array& k_pe) const {
    const std::int64_t nope = p_.qk_nope_head_dim, rope = p_.qk_rope_head_dim, dv = p_.v_head_dim;
    const std::int64_t heads = p_.n_heads, d = nope + rope;
    const array up = linear(latent, weight("wkv_b"));
    write(by_heads(up), args_.out("kv_up"));
    const array k_nope =
        has(parts_not_by_head) ? by_heads(slice(up, -1, 0, heads * nope)) : slice(by_heads(up), -1, 0, nope);
    const array v = has(parts_not_by_head) ? by_heads(slice(up, -1, heads * nope, heads * (nope + dv)))
                                           : slice(by_heads(up), -1, nope, nope + dv);
    const array& cached = has(wrong_cache_rows) ? plain_key : k_pe;
    const array keys = through_cache("k_cache", cat(k_nope, expand(cached, {p_.b, p_.sq, heads, rope}), -1));
    const array values = through_cache("v_cache", v);
    const array q = has(rotary_alone) ? q_pe : cat(q_nope, q_pe, -1);
    const array k = has(rotary_alone) ? slice(keys, -1, nope, d) : keys;
    const array scores =
        matmul(to(transpose(q, 1, 2), dtype::f32), to(transpose(transpose(k, 1, 2), 2, 3), dtype::f32));
    return attended(scores, transpose(values, 1, 2));
  }

  array in_latents(const array& q_nope, const array& q_pe, const array& latent, const array& plain_key,
                   const array& k_pe) const {
    const std::int64_t nope = p_.qk_nope_head_dim, rope = p_.qk_rope_head_dim, dv = p_.v_head_dim;
    const std::int64_t heads = p_.n_heads, rank = p_.kv_lora_rank;
    const array w = weight("wkv_b"), of_heads = view(w, {heads, nope + dv, rank});
    const array up_key = has(parts_not_by_head) ? view(slice(w, 0, 0, heads * nope), {heads, nope, rank})
                                                : slice(of_heads, 1, 0, nope);
    const array up_value = has(parts_not_by_head)
                               ? view(slice(w, 0, heads * nope, heads * (nope + dv)), {heads, dv, rank})
                               : slice(of_heads, 1, nope, nope + dv);
    const array absorbed = by_heads(matmul(view(q_nope, {p_.b, p_.sq, heads, 1, nope}), up_key));
    write(absorbed, args_.out("q_absorbed"));
    array latents = through_cache("kv_cache", has(wrong_cache_rows) ? linear(latent, w) : latent);
    array rotary =
        through_cache("pe_cache", view(has(wrong_cache_rows) ? plain_key : k_pe, {p_.b, p_.sq, rope}));
    if (has(cache_ignored)) latents = latent, rotary = view(k_pe, {p_.b, p_.sq, rope});
    array scores = products(q_pe, rotary);
    if (!has(rotary_alone)) scores = add(scores, products(absorbed, latents));
    const array z = attended(scores, view(latents, {p_.b, 1, -1, rank}));
    write(z, args_.out("z"));
    return by_heads(matmul(view(z, {p_.b, p_.sq, heads, 1, rank}), transpose(up_value, 1, 2)));
  }

  // Scores (b, heads, sq, keys) in fp32 of queries by head and keys without.
  array products(const array& q, const array& keys) const {
    const array k = view(keys, {p_.b, 1, keys.dim(1), keys.dim(2)});
    return matmul(to(transpose(q, 1, 2), dtype::f32), to(transpose(k, 2, 3), dtype::f32));
  }

  double scale() const {
    if (has(scale_without_rotary)) {
      forward_problem without = p_;
      without.softmax_scale = 0, without.qk_rope_head_dim = 0;
      return 0.5 * effective_scale(without);
    }
    return effective_scale(p_);
  }

  // (b, sq, heads, width) of products (b, heads, sq, keys) and values (b, heads or 1, keys, width).
  array attended(const array& products, const array& values) const {
    array scores = times(products, scale());
    if (p_.causal && !has(mask_dropped) && (p_.sq > 1 || has(mask_one_short)))
      hide(scores, mask(has(mask_of_new_tokens) ? p_.sq : scores.dim(-1)));
    array lse = log_sum_exp(scores);
    for (double& x : lse.data)
      if (std::isnan(x)) x = -hidden;  // as the module says of weights that are no numbers
    write(lse, args_.out("lse"));
    const array weights = softmax(scores);
    return transpose(weighted(has(weights_not_cast) ? weights : to(weights, p_.type), values, scores), 1, 2);
  }

  // Refuses what an addition would; but a hidden score is hidden whatever it is, NaN too.
  void hide(array& scores, const array& mask) const {
    const array sums = add(scores, mask);
    const std::int64_t area = mask.size();
    for (std::int64_t i = 0; i < sums.size(); ++i)
      if (mask.data[static_cast<std::size_t>(i % area)] == hidden)
        scores.data[static_cast<std::size_t>(i)] = hidden;
  }

  array mask(std::int64_t columns) const {
    array m = zeros(dtype::f32, {p_.sq, columns});
    const std::int64_t before = has(mask_of_new_tokens) ? 0 : p_.start_pos;
    for (std::int64_t row = 0; row < p_.sq; ++row)
      for (std::int64_t column = row + before + (has(mask_one_short) ? 0 : 1); column < columns; ++column)
        m.data[static_cast<std::size_t>(row * columns + column)] = hidden;
    return m;
  }

  const forward_problem& p_;
  const kernel_arguments& args_;
  unsigned flaws_;
};

}  // namespace

void run(const forward_problem& p, const kernel_arguments& args, unsigned flaws) {
  fast_path(p, args, flaws).run();
}

}  // namespace plumbline::claims::short_path
