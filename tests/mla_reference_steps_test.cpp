// Norm, rotation, projection and cache write: by hand and against tracked long doubles.
#include <boost/test/unit_test.hpp>

#include "reference/mla_module.hpp"
#include "tests/mla_reference_plain.hpp"
#include "tests/mla_reference_tracked.hpp"

using namespace plumbline;
using namespace plumbline::mla;
using namespace plumbline::mla::plain;

BOOST_AUTO_TEST_SUITE(mla_rms_norm)

BOOST_AUTO_TEST_CASE(a_row_is_divided_by_its_root_mean_square) {
  rms_norm_problem p;
  p.dim = 4, p.eps = 0;
  tensor_set inputs = empty_inputs(p);
  for (integer c = 0; c < 4; ++c)
    put(inputs.at("x"), c < 2 ? 4 : 0, 0, c), put(inputs.at("weight"), 1 << c, c);

  // Mean square 8: 4 / sqrt(8) = sqrt(2).
  const auto out = rms_norm(p, inputs);
  BOOST_TEST(close(out[0], std::sqrt(2.0), 4));
  BOOST_TEST(close(out[1], 2 * std::sqrt(2.0), 4));
  BOOST_TEST(out[2] == 0);
  BOOST_TEST(out[3] == 0);
}

BOOST_AUTO_TEST_CASE(eps_saves_a_row_of_zeros_and_rules_a_tiny_one) {
  rms_norm_problem p;
  p.tokens = 2, p.dim = 2;
  tensor_set inputs = empty_inputs(p);
  fill(inputs.at("weight"), 1);
  put(inputs.at("x"), 0x1p-40, 1, 0);
  const auto out = rms_norm(p, inputs);

  BOOST_TEST((out[0] == 0 && out[1] == 0));
  BOOST_TEST(close(out[2], 0x1p-40 / std::sqrt(0x1p-81 + 1e-6), 4));
}

BOOST_AUTO_TEST_CASE(what_lies_behind_a_row_is_not_normed) {
  rms_norm_problem p;
  p.tokens = 2, p.dim = 2, p.gap = 2, p.eps = 0;
  tensor_set inputs = empty_inputs(p);
  tensor all(dtype::bf16, {2, 4});  // a latent and its rotary part in one row
  for (integer t = 0; t < 2; ++t)
    for (integer c = 0; c < 4; ++c) put(all, c < 2 ? 3 : 1000, t, c);
  tensor view(dtype::bf16, {2, 2}, {4, 1});
  for (integer t = 0; t < 2; ++t)
    for (integer c = 0; c < 2; ++c) put(view, at(all, t, c), t, c);
  inputs.set("x", view);
  fill(inputs.at("weight"), 1);

  BOOST_TEST((rms_norm(p, inputs) == numbers{1, 1, 1, 1}));
}

BOOST_AUTO_TEST_CASE(random_rows_agree_with_long_double) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    random_stream r(seed, "norm");
    rms_norm_problem p;
    p.type = r.chance(0.5) ? dtype::bf16 : dtype::f16;
    p.weight_type = r.chance(0.5) ? dtype::f32 : p.type;
    p.tokens = r.integer(0, 4), p.dim = r.integer(1, 700), p.gap = r.integer(0, 3);
    tensor_set inputs = empty_inputs(p);
    draw(inputs.at("x"), r, r.chance(0.3) ? 1e-3 : 1);
    draw(inputs.at("weight"), r);
    const auto out = rms_norm(p, inputs);
    for (integer t = 0; t < p.tokens; ++t) {
      std::vector<tracked::number> x;
      for (integer c = 0; c < p.dim; ++c) x.emplace_back(at(inputs.at("x"), t, c));
      const auto y = tracked::rms_norm(x, inputs.at("weight").values(), p.eps);
      for (integer c = 0; c < p.dim; ++c)
        BOOST_TEST(
            tracked::used(out[static_cast<std::size_t>(t * p.dim + c)], y[static_cast<std::size_t>(c)]) <= 1);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(mla_rotary)

BOOST_AUTO_TEST_CASE(neighbours_turn_by_the_angle_of_their_token) {
  rotary_problem p;
  p.sq = 2, p.heads = 2, p.d = 4, p.start_pos = 1, p.rotary_rows = 4;
  tensor_set inputs = empty_inputs(p);
  fill(inputs.at("cos"), junk);
  fill(inputs.at("sin"), junk);
  // Row 1: no turn, a quarter; row 2: a half, a quarter back.
  const double angles[2][4] = {{1, 0, 0, 1}, {-1, 0, 0, -1}};
  for (integer i = 0; i < 2; ++i)
    for (integer n = 0; n < 2; ++n) {
      put(inputs.at("cos"), angles[i][2 * n], i + 1, n);
      put(inputs.at("sin"), angles[i][2 * n + 1], i + 1, n);
    }
  for (integer i = 0; i < 2; ++i)
    for (integer h = 0; h < 2; ++h)
      for (integer e = 0; e < 4; ++e) put(inputs.at("x"), static_cast<double>(10 * h + e + 1), 0, i, h, e);
  const rotary_truth truth = rotary(p, inputs);

  BOOST_TEST((truth.out == numbers{1, 2, -4, 3, 11, 12, -14, 13, -1, -2, 4, -3, -11, -12, 14, -13}));
  BOOST_TEST((truth.size == numbers{3, 3, 7, 7, 23, 23, 27, 27, 3, 3, 7, 7, 23, 23, 27, 27}));
}

BOOST_AUTO_TEST_CASE(random_rotations_agree_with_long_double) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    random_stream r(seed, "rotary");
    rotary_problem p;
    p.b = r.integer(0, 2), p.sq = r.integer(0, 4), p.heads = r.integer(1, 3), p.d = 2 * r.integer(1, 32);
    p.start_pos = r.integer(0, 5), p.rotary_rows = p.start_pos + p.sq + r.integer(0, 2),
    p.gap = r.integer(0, 2);
    tensor_set inputs = empty_inputs(p);
    for (const char* name : {"x", "cos", "sin"}) draw(inputs.at(name), r);
    const rotary_truth truth = rotary(p, inputs);
    std::size_t n = 0;
    for (integer b = 0; b < p.b; ++b)
      for (integer i = 0; i < p.sq; ++i)
        for (integer h = 0; h < p.heads; ++h)
          for (integer e = 0; e < p.d; ++e, ++n) {
            using tracked::number;
            const number x = at(inputs.at("x"), b, i, h, e), other = at(inputs.at("x"), b, i, h, e ^ 1);
            const number c = at(inputs.at("cos"), p.start_pos + i, e / 2),
                         s = at(inputs.at("sin"), p.start_pos + i, e / 2);
            const number y = e % 2 == 0 ? x * c - other * s : x * c + other * s;
            BOOST_TEST(tracked::used(truth.out[n], y) <= 1);
          }
    BOOST_TEST(truth.out.size() == n);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(mla_project)

BOOST_AUTO_TEST_CASE(a_linear_layer_is_x_times_the_transpose) {
  project_problem p;
  p.kind = projection::linear;
  p.tokens = 1, p.in_features = 3, p.out_features = 2;
  tensor_set inputs = empty_inputs(p);
  const double x[] = {1, -2, 3}, w[] = {1, 1, 1, 0, 4, -5};
  for (integer k = 0; k < 3; ++k) {
    put(inputs.at("x"), x[k], 0, k);
    for (integer n = 0; n < 2; ++n) put(inputs.at("weight"), w[3 * n + k], n, k);
  }
  const project_truth truth = project(p, inputs);

  BOOST_TEST((truth.out == numbers{2, -23}));
  BOOST_TEST((truth.S1 == numbers{6, 23}));
  BOOST_TEST((truth.SB == numbers{2, 23}));
}

BOOST_AUTO_TEST_CASE(a_head_absorbs_its_first_rows_into_the_query_and_brings_its_last_rows_up) {
  // Two heads of one K row and two V rows over a latent of two: rows K0, V0, V0', K1, V1, V1'.
  const double wkv_b[6][2] = {{1, 10}, {2, 20}, {3, 30}, {4, 40}, {5, 50}, {6, 60}};
  project_problem p;
  p.heads = 2, p.qk_nope_head_dim = 1, p.v_head_dim = 2, p.kv_lora_rank = 2;
  tensor_set inputs = empty_inputs(p);
  for (integer r = 0; r < 6; ++r)
    for (integer c = 0; c < 2; ++c) put(inputs.at("weight"), wkv_b[r][c], r, c);
  put(inputs.at("x"), 3, 0, 0, 0), put(inputs.at("x"), -1, 0, 1, 0);
  BOOST_TEST((project(p, inputs).out == numbers{3, 30, -4, -40}));

  p.kind = projection::absorb_output;
  const tensor weight = inputs.at("weight");
  inputs = empty_inputs(p);
  inputs.set("weight", weight);
  const double z[2][2] = {{1, 0}, {2, 1}};
  for (integer h = 0; h < 2; ++h)
    for (integer c = 0; c < 2; ++c) put(inputs.at("x"), z[h][c], 0, h, c);
  BOOST_TEST((project(p, inputs).out == numbers{2, 3, 60, 72}));
}

BOOST_AUTO_TEST_CASE(e4m3_weights_take_the_scale_of_their_block_and_are_rounded_twice) {
  project_problem p;
  p.kind = projection::linear;
  p.weight_type = dtype::e4m3;
  p.in_features = 200, p.out_features = 130;
  tensor_set inputs = empty_inputs(p);
  BOOST_TEST((inputs.at("weight_scale").dim(0) == 2 && inputs.at("weight_scale").dim(1) == 2));
  const double scales[2][2] = {{1, 2}, {4, 8}};
  for (integer i = 0; i < 2; ++i)
    for (integer j = 0; j < 2; ++j) put(inputs.at("weight_scale"), scales[i][j], i, j);
  fill(inputs.at("weight"), 1);
  put(inputs.at("x"), 1, 0, 127), put(inputs.at("x"), 16, 0, 128);
  const project_truth truth = project(p, inputs);
  BOOST_TEST(truth.out[127] == 33);
  BOOST_TEST(truth.out[128] == 132);
  BOOST_TEST((truth.blocks[2 * 127] == 1 && truth.blocks[2 * 127 + 1] == 32));

  // 1.125 s lies a hair above the middle of two bf16 numbers, and fp32 rounds it to that middle: down to
  // even. s = (1 + 2^-8) / 1.125 to 24 bits, taken upwards.
  const double middle = 1 + 0x1p-8;
  double s = std::ceil(std::ldexp(middle / 1.125, 24)) * 0x1p-24;
  BOOST_TEST_REQUIRE(1.125 * s > middle);
  BOOST_TEST_REQUIRE(static_cast<float>(1.125 * s) == static_cast<float>(middle));
  put(inputs.at("weight_scale"), s, 0, 0);
  put(inputs.at("weight"), 1.125, 0, 127);
  put(inputs.at("x"), 0, 0, 128);
  BOOST_TEST(project(p, inputs).out[0] == 1);
}

BOOST_AUTO_TEST_CASE(random_projections_agree_with_long_double) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    random_stream r(seed, "project");
    project_problem p;
    p.kind = static_cast<projection>(r.integer(0, 2));
    p.weight_type = r.chance(0.5) ? dtype::e4m3 : p.type;
    p.tokens = r.integer(0, 3), p.gap = r.integer(0, 2);
    if (p.kind == projection::linear) {
      p.in_features = r.integer(1, 300), p.out_features = r.integer(1, 70);
    } else {
      p.heads = r.integer(1, 3), p.qk_nope_head_dim = r.integer(1, 140), p.v_head_dim = r.integer(1, 40);
      p.kv_lora_rank = r.integer(1, 150);
    }
    tensor_set inputs = empty_inputs(p);
    draw(inputs.at("x"), r);
    draw(inputs.at("weight"), r);
    if (inputs.has("weight_scale")) draw(inputs.at("weight_scale"), r);
    const project_truth truth = project(p, inputs);
    const auto weight = [&](integer row, integer column) {
      const double code = at(inputs.at("weight"), row, column);
      if (p.weight_type == p.type) return code;
      const float scaled = static_cast<float>(code) *
                           static_cast<float>(at(inputs.at("weight_scale"), row / 128, column / 128));
      return round_to(p.type, static_cast<double>(scaled));
    };
    const projection_shape shape = shape_of(p);
    std::size_t e = 0;
    for (integer t = 0; t < p.tokens; ++t)
      for (integer h = 0; h < p.heads; ++h)
        for (integer n = 0; n < shape.outer; ++n, ++e) {
          const auto x = [&](integer k) {
            return p.kind == projection::linear ? at(inputs.at("x"), t, k) : at(inputs.at("x"), t, h, k);
          };
          const integer head = h * (p.qk_nope_head_dim + p.v_head_dim);
          const auto w = [&](integer k) {
            if (p.kind == projection::linear) return weight(n, k);
            return p.kind == projection::absorb_query ? weight(head + k, n)
                                                      : weight(head + p.qk_nope_head_dim + n, k);
          };
          BOOST_TEST(tracked::used(truth.out[e], tracked::dot(shape.inner, x, w)) <= 1, to_text(p));
          const auto magnitude = [](auto f) { return [f](integer k) { return std::fabs(f(k)); }; };
          BOOST_TEST(tracked::used(truth.S1[e], tracked::dot(shape.inner, magnitude(x), magnitude(w))) <= 1);
          tracked::number pages;
          for (integer b = 0; b * 128 < shape.inner; ++b) {
            const auto from = [b](auto f) { return [f, b](integer k) { return f(b * 128 + k); }; };
            auto page = tracked::dot(std::min<integer>(128, shape.inner - b * 128), from(x), from(w));
            const integer blocks = (shape.inner + 127) / 128;
            BOOST_TEST(tracked::used(
                           truth.blocks[e * static_cast<std::size_t>(blocks) + static_cast<std::size_t>(b)],
                           page) <= 1);
            page.value = std::fabs(page.value);
            pages = pages + page;
          }
          BOOST_TEST(tracked::used(truth.SB[e], pages) <= 1);
        }
    BOOST_TEST(truth.out.size() == e);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(mla_write_cache)

BOOST_AUTO_TEST_CASE(latent_and_rotated_part_go_to_their_row_and_nothing_else_changes) {
  write_cache_problem p;
  p.tokens = 3, p.kv_lora_rank = 2, p.qk_rope_head_dim = 1, p.page_size = 2, p.num_pages = 2;
  p.gap = 1, p.page_gap = 1;
  tensor_set inputs = empty_inputs(p);
  fill(inputs.at("k_cache"), -9);
  for (integer t = 0; t < 3; ++t) {
    put(inputs.at("kv_c"), static_cast<double>(10 * t + 1), t, 0),
        put(inputs.at("kv_c"), static_cast<double>(10 * t + 2), t, 1);
    put(inputs.at("k_pe"), static_cast<double>(10 * t + 3), t, 0);
  }
  inputs.at("kv_c").set_code(0, 0xffa5);  // a NaN with a payload is copied as it is
  inputs.set("slot_mapping", integers({3}, {3, -1, 0}));
  const write_cache_truth truth = write_cache(p, inputs);

  BOOST_TEST((truth.slot == std::vector<integer>{3, -1, 0}));
  const integer last[] = {1, 1, 0, 0};
  BOOST_TEST(truth.k_cache.code(truth.k_cache.offset(last)) == 0xffa5u);
  const double expected[2][2][3] = {{{21, 22, 23}, {-9, -9, -9}}, {{-9, -9, -9}, {junk, 2, 3}}};
  for (integer page = 0; page < 2; ++page)
    for (integer slot = 0; slot < 2; ++slot)
      for (integer c = 0; c < 3; ++c) {
        const double x = at(truth.k_cache, page, slot, 0, c), right = expected[page][slot][c];
        BOOST_TEST((x == right || (std::isnan(x) && std::isnan(right))));
      }
  BOOST_TEST(!truth.k_cache.first_stray_byte("k_cache").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
