// forward: both forms of the module against its definition in tracked long doubles, and against itself.
#include <boost/test/unit_test.hpp>

#include "reference/core/keyed_text.hpp"
#include "reference/mla_module.hpp"
#include "tests/mla_reference_plain.hpp"
#include "tests/mla_reference_tracked.hpp"

using namespace plumbline;
using namespace plumbline::mla;
using namespace plumbline::mla::plain;
using tracked::number;
using numbers_in = std::vector<number>;

namespace {

constexpr attention_options truth_alone{1, false, 0};

forward_problem draw_problem(random_stream& r) {
  forward_problem p;
  p.form = r.chance(0.5) ? attention_form::naive : attention_form::absorb;
  p.type = r.chance(0.5) ? dtype::bf16 : dtype::f16;
  p.weight_type = r.chance(0.3) ? dtype::e4m3 : p.type;
  p.cache_type = r.chance(0.5) ? dtype::f64 : p.type;
  p.b = r.integer(0, 2), p.sq = r.integer(0, 4), p.start_pos = r.chance(0.5) ? 0 : r.integer(1, 9);
  p.dim = r.integer(1, 40), p.n_heads = r.integer(1, 3), p.q_lora_rank = r.chance(0.5) ? 0 : r.integer(1, 20);
  p.kv_lora_rank = r.integer(1, 24), p.qk_nope_head_dim = r.integer(1, 12);
  p.qk_rope_head_dim = 2 * r.integer(1, 4), p.v_head_dim = r.integer(1, 12);
  p.max_batch_size = p.b + r.integer(0, 1), p.max_seq_len = p.end_pos() + r.integer(0, 3);
  p.rotary_rows = p.end_pos() + r.integer(0, 2);
  p.softmax_scale = r.chance(0.5) ? 0 : r.uniform();
  p.causal = r.chance(0.6);
  return p;
}

// Cache rows at and behind start_pos, and of other batch rows, hold NaN.
tensor_set draw_inputs(const forward_problem& p, random_stream& r) {
  tensor_set inputs = empty_inputs(p);
  for (auto& [name, t] : inputs) {
    if (name.find("cache") == std::string::npos) {
      draw(t, r, name == "x" ? 1 : 0.4);
      continue;
    }
    fill(t, junk);
    const integer width = t.size() == 0 ? 0 : t.size() / t.dim(0) / t.dim(1);
    for (integer s = 0; s < p.b; ++s)
      for (integer j = 0; j < p.start_pos; ++j)
        for (integer e = 0; e < width; ++e) t.set_value((s * p.max_seq_len + j) * width + e, r.normal());
  }
  return inputs;
}

// The module as it is defined, one number at a time.
class definition {
 public:
  definition(const forward_problem& p, const tensor_set& inputs) : p_(p), in_(inputs) {}

  numbers_in output(integer s, integer i) const {
    numbers_in heads;
    for (integer h = 0; h < p_.n_heads; ++h) {
      const numbers_in o = head(s, i, h);
      heads.insert(heads.end(), o.begin(), o.end() - 1);
    }
    return linear("wo", heads);
  }
  /// out of one head, then its lse.
  numbers_in head(integer s, integer i, integer h) const {
    const numbers_in q = query(s, i, h);
    const integer nope = p_.qk_nope_head_dim;
    numbers_in scores;
    std::vector<numbers_in> values;
    for (integer j = 0; j < p_.end_pos(); ++j) {
      if (p_.causal && j > p_.start_pos + i) continue;
      const auto [k, v] = key_and_value(s, j, h);
      scores.push_back(number(effective_scale(p_)) *
                       tracked::dot(
                           nope + p_.qk_rope_head_dim,
                           [&](integer d) { return q[static_cast<std::size_t>(d)]; },
                           [&, &key = k](integer d) { return key[static_cast<std::size_t>(d)]; }));
      scores.back().error *= 2;  // the absorbed form sums the same products in another order
      values.push_back(v);
      for (number& x : values.back()) x.error *= 2;
    }
    return tracked::attend(scores, p_.v_head_dim, [&](integer j, integer d) {
      return values[static_cast<std::size_t>(j)][static_cast<std::size_t>(d)];
    });
  }
  numbers_in query(integer s, integer i, integer h) const {
    numbers_in x = input(s, i);
    if (p_.q_lora_rank > 0)
      x = linear("wq_b", tracked::rms_norm(linear("wq_a", x), in_.at("q_norm").values(), p_.eps));
    else
      x = linear("wq", x);
    const integer width = p_.qk_nope_head_dim + p_.qk_rope_head_dim;
    const numbers_in own(x.begin() + h * width, x.begin() + (h + 1) * width);
    return rotated(own, p_.start_pos + i);
  }
  numbers_in latent(integer s, integer i) const {
    numbers_in kv = linear("wkv_a", input(s, i));
    kv.resize(static_cast<std::size_t>(p_.kv_lora_rank));
    return tracked::rms_norm(kv, in_.at("kv_norm").values(), p_.eps);
  }
  numbers_in k_pe(integer s, integer i) const {
    const numbers_in kv = rotated(linear("wkv_a", input(s, i)), p_.start_pos + i);
    return {kv.begin() + p_.kv_lora_rank, kv.end()};
  }

 private:
  number weight(const std::string& name, integer row, integer column) const {
    const double code = at(in_.at(name), row, column);
    if (p_.weight_type == p_.type) return code;
    const float scaled =
        static_cast<float>(code) * static_cast<float>(at(in_.at(name + "_scale"), row / 128, column / 128));
    return round_to(p_.type, static_cast<double>(scaled));
  }
  numbers_in linear(const std::string& name, const numbers_in& x) const {
    numbers_in y;
    for (integer row = 0; row < in_.at(name).dim(0); ++row)
      y.push_back(tracked::dot(
          static_cast<integer>(x.size()), [&](integer k) { return x[static_cast<std::size_t>(k)]; },
          [&](integer k) { return weight(name, row, k); }));
    return y;
  }
  numbers_in input(integer s, integer i) const {
    numbers_in x;
    for (integer k = 0; k < p_.dim; ++k) x.emplace_back(at(in_.at("x"), s, i, k));
    return x;
  }
  // The last qk_rope_head_dim numbers turned by the angles of a position.
  numbers_in rotated(numbers_in x, integer position) const {
    const std::size_t first = x.size() - static_cast<std::size_t>(p_.qk_rope_head_dim);
    for (integer n = 0; n < p_.qk_rope_head_dim / 2; ++n) {
      const number c = at(in_.at("cos"), position, n), sine = at(in_.at("sin"), position, n);
      number &a = x[first + static_cast<std::size_t>(2 * n)],
             &b = x[first + static_cast<std::size_t>(2 * n + 1)];
      const number turned = a * c - b * sine;
      b = a * sine + b * c;
      a = turned;
    }
    return x;
  }
  std::pair<numbers_in, numbers_in> key_and_value(integer s, integer j, integer h) const {
    const integer nope = p_.qk_nope_head_dim, rope = p_.qk_rope_head_dim;
    numbers_in k, v, c, pe;
    if (j < p_.start_pos && p_.form == attention_form::naive) {
      for (integer d = 0; d < nope + rope; ++d) k.emplace_back(at(in_.at("k_cache"), s, j, h, d));
      for (integer d = 0; d < p_.v_head_dim; ++d) v.emplace_back(at(in_.at("v_cache"), s, j, h, d));
      return {k, v};
    }
    if (j < p_.start_pos) {
      for (integer n = 0; n < p_.kv_lora_rank; ++n) c.emplace_back(at(in_.at("kv_cache"), s, j, n));
      for (integer n = 0; n < rope; ++n) pe.emplace_back(at(in_.at("pe_cache"), s, j, n));
    } else {
      c = latent(s, j - p_.start_pos);
      pe = k_pe(s, j - p_.start_pos);
    }
    const auto up = [&](integer row) {
      return tracked::dot(
          p_.kv_lora_rank, [&](integer n) { return c[static_cast<std::size_t>(n)]; },
          [&](integer n) { return weight("wkv_b", h * (nope + p_.v_head_dim) + row, n); });
    };
    for (integer d = 0; d < nope; ++d) k.push_back(up(d));
    k.insert(k.end(), pe.begin(), pe.end());
    for (integer d = 0; d < p_.v_head_dim; ++d) v.push_back(up(nope + d));
    return {k, v};
  }

  const forward_problem& p_;
  const tensor_set& in_;
};

// Worst of a row of doubles in units of the bounds.
double worst_of(const numbers& all, integer row, const numbers_in& expected) {
  double worst = 0;
  for (std::size_t n = 0; n < expected.size(); ++n)
    worst =
        std::max(worst, tracked::used(all[static_cast<std::size_t>(row) * expected.size() + n], expected[n]));
  return worst;
}

// The small module of the recorded kind.
forward_problem small_problem(attention_form form) {
  forward_problem p;
  p.form = form;
  p.cache_type = dtype::f64;
  p.b = 2, p.dim = 24, p.n_heads = 3, p.q_lora_rank = 10, p.kv_lora_rank = 16;
  p.qk_nope_head_dim = 8, p.qk_rope_head_dim = 4, p.v_head_dim = 6;
  p.max_batch_size = 2, p.max_seq_len = 9, p.rotary_rows = 9;
  p.causal = true;
  return p;
}

void store(tensor& cache, const numbers& rows, integer b, integer start, integer count) {
  const integer width = cache.size() / cache.dim(0) / cache.dim(1);
  for (integer s = 0; s < b; ++s)
    for (integer j = 0; j < count; ++j)
      for (integer e = 0; e < width; ++e)
        cache.set_value((s * cache.dim(1) + start + j) * width + e,
                        rows[static_cast<std::size_t>((s * count + j) * width + e)]);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mla_forward)

BOOST_AUTO_TEST_CASE(random_modules_agree_with_their_definition) {
  int naive = 0, chunks = 0, scaled = 0;
  for (std::uint64_t seed = 0; seed < 80; ++seed) {
    random_stream r(seed, "forward");
    const forward_problem p = draw_problem(r);
    const tensor_set inputs = draw_inputs(p, r);
    const definition module(p, inputs);
    const forward_truth truth = forward(p, inputs, {}, truth_alone);
    BOOST_TEST_REQUIRE(truth.out.size() == static_cast<std::size_t>(p.b * p.sq * p.dim));
    for (integer s = 0; s < p.b; ++s)
      for (integer i = 0; i < p.sq; ++i) {
        const integer token = s * p.sq + i;
        BOOST_TEST(worst_of(truth.out, token, module.output(s, i)) <= 1, to_text(p));
        BOOST_TEST(worst_of(truth.latent, token, module.latent(s, i)) <= 1, to_text(p));
        BOOST_TEST(worst_of(truth.k_pe, token, module.k_pe(s, i)) <= 1, to_text(p));
        for (integer h = 0; h < p.n_heads; ++h) {
          numbers_in o = module.head(s, i, h);
          const number lse = o.back();
          o.pop_back();
          BOOST_TEST(worst_of(truth.attended, token * p.n_heads + h, o) <= 1, to_text(p));
          BOOST_TEST(worst_of(truth.q, token * p.n_heads + h, module.query(s, i, h)) <= 1, to_text(p));
          const bool by_head = p.form == attention_form::naive;
          const double found =
              by_head
                  ? truth.units[static_cast<std::size_t>(s * p.n_heads + h)].lse[static_cast<std::size_t>(i)]
                  : truth.units[static_cast<std::size_t>(s)].lse[static_cast<std::size_t>(i * p.n_heads + h)];
          BOOST_TEST(tracked::used(found, lse) <= 1, to_text(p));
        }
        naive += p.form == attention_form::naive, chunks += p.start_pos > 0 && p.sq > 1,
            scaled += p.weight_type == dtype::e4m3;
      }
  }
  BOOST_TEST(naive > 20);
  BOOST_TEST(chunks > 20);
  BOOST_TEST(scaled > 20);
}

BOOST_AUTO_TEST_CASE(both_forms_give_the_same_module_step_after_step) {
  // A prompt of five tokens, a chunk of three, one more: each form over its own caches, held against the
  // definition over all nine at once.
  random_stream r(4, "steps");
  forward_problem whole = small_problem(attention_form::absorb);
  whole.sq = 9;
  const tensor_set all = draw_inputs(whole, r);
  const definition module(whole, all);
  for (const attention_form form : {attention_form::naive, attention_form::absorb}) {
    forward_problem p = small_problem(form);
    tensor_set caches = empty_inputs(p);
    for (const integer count : {5, 3, 1}) {
      p.sq = count;
      tensor_set inputs = caches;
      for (const auto& [name, t] : all)
        if (name.find("cache") == std::string::npos) inputs.set(name, t);
      tensor x(p.type, {p.b, count, p.dim});
      for (integer s = 0; s < p.b; ++s)
        for (integer i = 0; i < count; ++i)
          for (integer k = 0; k < p.dim; ++k) put(x, at(all.at("x"), s, p.start_pos + i, k), s, i, k);
      inputs.set("x", x);
      const forward_truth truth = forward(p, inputs, {}, truth_alone);
      for (integer s = 0; s < p.b; ++s)
        for (integer i = 0; i < count; ++i)
          BOOST_TEST(worst_of(truth.out, s * count + i, module.output(s, p.start_pos + i)) <= 1,
                     "position " << p.start_pos + i);
      if (form == attention_form::naive) {
        store(caches.at("k_cache"), truth.k_new, p.b, p.start_pos, count);
        store(caches.at("v_cache"), truth.v_new, p.b, p.start_pos, count);
      } else {
        store(caches.at("kv_cache"), truth.latent, p.b, p.start_pos, count);
        store(caches.at("pe_cache"), truth.k_pe, p.b, p.start_pos, count);
      }
      p.start_pos += count;
    }
  }
}

BOOST_AUTO_TEST_CASE(the_forms_of_every_drawn_module_agree_within_rounding) {
  for (std::uint64_t seed = 100; seed < 140; ++seed) {
    random_stream r(seed, "forward");
    forward_problem p = draw_problem(r);
    p.form = attention_form::absorb;
    const tensor_set inputs = draw_inputs(p, r);
    const double used = disagreement_of_forms(core_of(p, inputs), {1, true, 0});

    BOOST_TEST(used <= 1, to_text(p) << ": " << used);
  }
}

BOOST_AUTO_TEST_CASE(companions_of_a_forward_belong_to_its_attention) {
  random_stream r(9, "companions");
  const contract promised = plain_attention;
  for (const attention_form form : {attention_form::naive, attention_form::absorb}) {
    forward_problem p = small_problem(form);
    p.sq = 3;
    const forward_truth truth = forward(p, draw_inputs(p, r), {&promised, 1}, {1, true, 0});

    BOOST_TEST(truth.units.size() == (form == attention_form::naive ? 6u : 2u));
    for (const attention_truth& unit : truth.units) BOOST_TEST(unit.contracts.size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(the_core_of_a_naive_forward_is_refused) {
  const forward_problem p = small_problem(attention_form::naive);

  BOOST_CHECK_EXCEPTION(core_of(p, empty_inputs(p)), bad_argument,
                        [](const bad_argument& e) { return e.argument() == "form"; });
}

BOOST_AUTO_TEST_SUITE_END()
