// The law of the core: naive and absorbed form agree within rounding, on every problem.
#include <boost/test/unit_test.hpp>

#include "reference/mla_core.hpp"
#include "tests/mla_reference_plain.hpp"
#include "tests/mla_reference_tracked.hpp"

using namespace plumbline;
using namespace plumbline::mla;
using namespace plumbline::mla::plain;

namespace {

constexpr attention_options one_thread{1, true, 0};

numbers draws(random_stream& r, integer count, double size, dtype type = dtype::bf16) {
  numbers x;
  for (integer i = 0; i < count; ++i) x.push_back(round_to(type, size * r.normal()));
  return x;
}

// Rows of every sequence; behind its length they are NaN.
void give_latents(latent_core& c, random_stream& r, double size) {
  const integer width = c.kv_lora_rank + c.qk_rope_head_dim;
  for (const integer length : c.lengths) {
    auto rows = std::make_shared<numbers>(draws(r, length * width, size));
    c.latents.push_back([rows, width](integer first, integer count, double* out) {
      std::copy_n(rows->data() + first * width, count * width, out);
    });
  }
}

latent_core draw_core(std::uint64_t seed) {
  random_stream r(seed, "core");
  latent_core c;
  c.b = r.integer(0, 3), c.sq = r.integer(0, 4), c.heads = r.integer(1, 4);
  c.kv_lora_rank = r.integer(1, 40), c.qk_nope_head_dim = r.integer(1, 20);
  c.qk_rope_head_dim = 2 * r.integer(1, 6), c.v_head_dim = r.integer(1, 20);
  for (integer s = 0; s < c.b; ++s) c.lengths.push_back(r.chance(0.2) ? 0 : r.integer(0, 150));
  c.causal = r.chance(0.5);
  c.softmax_scale = r.uniform();
  c.q = draws(r, c.b * c.sq * c.heads * (c.qk_nope_head_dim + c.qk_rope_head_dim), r.chance(0.2) ? 8 : 1);
  c.wkv_b = draws(r, c.heads * (c.qk_nope_head_dim + c.v_head_dim) * c.kv_lora_rank, 0.3);
  give_latents(c, r, 1);
  return c;
}

// A core that differs from `c`, both forms held against each other.
double seen(const latent_core& c, void (*change)(latent_core&)) {
  latent_core other = c;
  change(other);
  return disagreement_of(c, attend_naive(c, {}, one_thread), attend_absorb(other, {}, one_thread));
}

latent_core good_core() {
  random_stream r(3, "faults");
  latent_core c;
  c.sq = 2, c.heads = 3, c.kv_lora_rank = 16, c.qk_nope_head_dim = 8, c.qk_rope_head_dim = 8,
  c.v_head_dim = 8;
  c.lengths = {70};
  c.softmax_scale = 0.25;
  c.causal = true;
  c.q = draws(r, 2 * 3 * 16, 1);
  c.wkv_b = draws(r, 3 * 16 * 16, 0.3);
  give_latents(c, r, 1);
  return c;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mla_forms)

BOOST_AUTO_TEST_CASE(naive_and_absorbed_form_agree_within_rounding_on_every_drawn_core) {
  double worst = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const double used = disagreement_of_forms(draw_core(seed), one_thread);
    BOOST_TEST(used <= 1, "seed " << seed << ": " << used);
    worst = std::max(worst, used);
  }
  BOOST_TEST(worst > 0);
  BOOST_TEST_MESSAGE("worst disagreement: " << worst << " of what rounding allows");
}

BOOST_AUTO_TEST_CASE(they_agree_at_the_sizes_of_the_16b_model) {
  random_stream r(1, "16b");
  latent_core c;
  c.heads = 16;
  c.lengths = {130};
  c.softmax_scale = 0.114721;
  c.q = draws(r, 16 * 192, 1);
  c.wkv_b = draws(r, 16 * 256 * 512, 0.04);
  give_latents(c, r, 1);
  const double used = disagreement_of_forms(c, one_thread);

  BOOST_TEST(used <= 1);
  BOOST_TEST(used > 0);
}

BOOST_AUTO_TEST_CASE(known_mistakes_of_the_absorbed_form_are_far_outside) {
  const latent_core c = good_core();
  BOOST_TEST_REQUIRE(seen(c, [](latent_core&) {}) <= 1);
  constexpr struct {
    const char* what;
    void (*change)(latent_core&);
  } mistakes[] = {
      {"W_UV is taken from the first rows of a head",
       [](latent_core& x) {
         for (std::size_t h = 0; h < 3; ++h)
           std::copy_n(x.wkv_b.begin() + static_cast<std::ptrdiff_t>(h * 256), 128,
                       x.wkv_b.begin() + static_cast<std::ptrdiff_t>(h * 256 + 128));
       }},
      {"positional part first",
       [](latent_core& x) {
         for (std::size_t row = 0; row < 6; ++row)
           std::rotate(x.q.begin() + static_cast<std::ptrdiff_t>(16 * row),
                       x.q.begin() + static_cast<std::ptrdiff_t>(16 * row + 8),
                       x.q.begin() + static_cast<std::ptrdiff_t>(16 * row + 16));
       }},
      {"the scale of the latent key", [](latent_core& x) { x.softmax_scale = 1 / std::sqrt(24.0); }},
      {"causal limit left out", [](latent_core& x) { x.causal = false; }},
      {"the last key lost", [](latent_core& x) { x.lengths[0] -= 1; }},
      {"the next head's weights",
       [](latent_core& x) { std::rotate(x.wkv_b.begin(), x.wkv_b.begin() + 256, x.wkv_b.end()); }},
      {"a weight off by 2^-36", [](latent_core& x) {
         for (double& w : x.wkv_b) w *= 1 + 0x1p-36;
       }}};
  for (const auto& mistake : mistakes)
    BOOST_TEST(seen(c, mistake.change) > 1, mistake.what << ": " << seen(c, mistake.change));
}

BOOST_AUTO_TEST_CASE(a_nan_on_one_side_alone_is_no_agreement) {
  const latent_core c = good_core();
  const core_truth right = attend_absorb(c, {}, one_thread);
  core_truth broken = attend_naive(c, {}, one_thread);
  broken.out[7] = junk;

  BOOST_TEST(disagreement_of(c, broken, right) == infinity);
}

BOOST_AUTO_TEST_CASE(each_form_agrees_with_long_double) {
  for (std::uint64_t seed = 300; seed < 340; ++seed) {
    const latent_core c = draw_core(seed);
    const core_truth naive = attend_naive(c, {}, {1, false, 0}), absorb = attend_absorb(c, {}, {1, false, 0});
    const integer rank = c.kv_lora_rank, width = rank + c.qk_rope_head_dim, nope = c.qk_nope_head_dim;
    for (integer s = 0; s < c.b; ++s) {
      const integer length = c.lengths[static_cast<std::size_t>(s)];
      numbers rows(static_cast<std::size_t>(length * width));
      c.latents[static_cast<std::size_t>(s)](0, length, rows.data());
      const auto latent = [&](integer j, integer n) { return rows[static_cast<std::size_t>(j * width + n)]; };
      for (integer i = 0; i < c.sq; ++i)
        for (integer h = 0; h < c.heads; ++h) {
          const integer token = (s * c.sq + i) * c.heads + h;
          const auto w = [&](integer row, integer n) {
            return c.wkv_b[static_cast<std::size_t>((h * (nope + c.v_head_dim) + row) * rank + n)];
          };
          const auto q = [&](integer d) {
            return tracked::number(c.q[static_cast<std::size_t>(token * (nope + c.qk_rope_head_dim) + d)]);
          };
          std::vector<tracked::number> scores;
          for (integer j = 0; j < length; ++j) {
            if (c.causal && j > length - c.sq + i) break;
            std::vector<tracked::number> key;
            for (integer d = 0; d < nope; ++d)
              key.push_back(tracked::dot(
                  rank, [&](integer n) { return w(d, n); }, [&](integer n) { return latent(j, n); }));
            for (integer d = 0; d < c.qk_rope_head_dim; ++d) key.emplace_back(latent(j, rank + d));
            scores.push_back(tracked::number(c.softmax_scale) *
                             tracked::dot(nope + c.qk_rope_head_dim, q,
                                          [&](integer d) { return key[static_cast<std::size_t>(d)]; }));
            // The absorbed form sums the same products in another order: (q W) c, as many steps again.
            scores.back().error *= 2;
          }
          const auto expected = tracked::attend(scores, c.v_head_dim, [&](integer j, integer d) {
            auto v = tracked::dot(
                rank, [&](integer n) { return w(nope + d, n); }, [&](integer n) { return latent(j, n); });
            v.error *= 2;
            return v;
          });
          for (const core_truth* truth : {&naive, &absorb}) {
            for (integer d = 0; d < c.v_head_dim; ++d)
              BOOST_TEST(tracked::used(truth->out[static_cast<std::size_t>(token * c.v_head_dim + d)],
                                       expected[static_cast<std::size_t>(d)]) <= 1,
                         "seed " << seed);
            BOOST_TEST(tracked::used(truth->lse[static_cast<std::size_t>((s * c.heads + h) * c.sq + i)],
                                     expected.back()) <= 1);
          }
        }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
