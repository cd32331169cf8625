// Attention over index lists: by hand, against plain rows in 113 bits, and against decode.
#include <boost/test/unit_test.hpp>

#include <cstring>

#include "reference/core/keyed_text.hpp"
#include "reference/mla.hpp"
#include "tests/mla_reference_plain.hpp"

using namespace plumbline;
using namespace plumbline::mla;
using namespace plumbline::mla::plain;

namespace {

constexpr attention_options truth_alone{1, false, 0};

// One query of one number over six rows on pages of three: row j is the number j, all scores are 0.
struct small_lists {
  decode_indices_problem p;
  tensor_set inputs;
  explicit small_lists(const numbers& list, const numbers& more = {}) {
    p.d = p.dv = 1;
    p.page_size = 3;
    p.num_pages = 2;
    p.page_gap = 1;
    p.topk = static_cast<integer>(list.size());
    p.extra_topk = static_cast<integer>(more.size());
    if (p.extra_topk > 0) p.extra_page_size = 1, p.extra_num_pages = 2;
    inputs = empty_inputs(p);
    for (integer j = 0; j < 6; ++j) put(inputs.at("k_cache"), static_cast<double>(j), j / 3, j % 3, 0, 0);
    for (std::size_t n = 0; n < list.size(); ++n) put(inputs.at("indices"), list[n], 0, 0, n);
    for (std::size_t n = 0; n < more.size(); ++n) put(inputs.at("extra_indices"), more[n], 0, 0, n);
    if (p.extra_topk > 0)
      put(inputs.at("extra_k_cache"), 32, 0, 0, 0, 0), put(inputs.at("extra_k_cache"), 64, 1, 0, 0, 0);
  }
  attention_truth truth() const { return decode_indices(p, inputs, {}, truth_alone)[0]; }
};

struct drawn {
  decode_indices_problem p;
  tensor_set inputs;
};

void draw_list(tensor& list, integer rows, random_stream& r) {
  for (integer s = 0; s < list.dim(0); ++s)
    for (integer i = 0; i < list.dim(1); ++i) {
      const bool nothing = r.chance(0.1) || rows == 0;
      for (integer j = 0; j < list.dim(2); ++j)
        put(list, nothing || r.chance(0.2) ? -1 : static_cast<double>(r.integer(0, rows - 1)), s, i, j);
    }
}

// Entries behind a list's length point anywhere, at rows of the cache as well.
void poison(tensor& list, const std::vector<integer>& used) {
  for (integer s = 0; s < list.dim(0); ++s)
    for (integer i = 0; i < list.dim(1); ++i)
      for (integer j = used.empty() ? list.dim(2) : used[static_cast<std::size_t>(s)]; j < list.dim(2); ++j)
        put(list, j % 3 == 0 ? 2147483647 : j % 3 - 2, s, i, j);
}

// Bytes of a quantized row, counted from the start of its page: code of number e, its scale, rotary number n.
struct row_bytes {
  integer codes, rope_dims, page_size;
  bool v32;
  integer scales() const { return v32 ? 4 * (codes / 128) : (codes / 64 + 7) / 8 * 8; }
  integer width() const { return codes + 2 * rope_dims + (v32 ? scales() : 0); }
  integer code(integer slot, integer e) const { return slot * width() + e; }
  integer scale(integer slot, integer e) const {
    return v32 ? slot * width() + codes + 4 * (e / 128) : page_size * width() + slot * scales() + e / 64;
  }
  integer rope(integer slot, integer n) const {
    return slot * width() + codes + (v32 ? scales() : 0) + 2 * n;
  }
};
row_bytes bytes_of(const decode_indices_problem& p, integer page_size) {
  return {p.d - p.qk_rope_head_dim, p.qk_rope_head_dim, page_size, p.format == kv_format::v32};
}
std::byte* byte_at(tensor& cache, integer page, integer offset) {
  return cache.data() + page * cache.strides()[0] + offset;
}

void draw_quantized_row(const decode_indices_problem& p, tensor& cache, integer page, integer slot,
                        random_stream& r) {
  const row_bytes at = bytes_of(p, cache.dim(1));
  for (integer e = 0; e < at.codes; ++e) {
    const integer code = r.integer(0, 253);  // no NaN
    *byte_at(cache, page, at.code(slot, e)) = static_cast<std::byte>(code < 127 ? code : code + 1);
    if (at.v32 && e % 128 == 0) {
      const auto scale = static_cast<float>(r.chance(0.5) ? 0.01 * r.uniform() : 0x1p-7);
      std::memcpy(byte_at(cache, page, at.scale(slot, e)), &scale, 4);
    } else if (!at.v32 && e % 64 == 0) {
      *byte_at(cache, page, at.scale(slot, e)) = static_cast<std::byte>(r.integer(117, 122));
    }
  }
  for (integer n = 0; n < at.rope_dims; ++n) {
    const auto code = static_cast<std::uint16_t>(encode(p.type, r.normal()));
    std::memcpy(byte_at(cache, page, at.rope(slot, n)), &code, 2);
  }
}

// Rows that a list names are drawn; the others hold NaN.
void draw_listed_rows(const decode_indices_problem& p, const tensor& list, const std::vector<integer>& used,
                      tensor& cache, random_stream& r) {
  if (p.format == kv_format::plain)
    fill(cache, junk);
  else
    cache.poison(0xff);  // NaN codes, NaN scales, NaN numbers
  for (integer s = 0; s < list.dim(0); ++s)
    for (integer i = 0; i < list.dim(1); ++i)
      for (integer j = 0; j < (used.empty() ? list.dim(2) : used[static_cast<std::size_t>(s)]); ++j) {
        const auto row = static_cast<integer>(at(list, s, i, j));
        if (row < 0) continue;
        if (p.format != kv_format::plain)
          draw_quantized_row(p, cache, row / cache.dim(1), row % cache.dim(1), r);
        else
          for (integer e = 0; e < p.d; ++e)
            put(cache, r.normal(), row / cache.dim(1), row % cache.dim(1), 0, e);
      }
}

drawn draw_lists(std::uint64_t seed) {
  random_stream r(seed, "lists");
  drawn c;
  decode_indices_problem& p = c.p;
  p.b = r.integer(0, 3), p.sq = r.integer(0, 3), p.hq = r.integer(1, 4);
  p.d = r.integer(1, 30);
  p.format = static_cast<kv_format>(r.integer(0, 2));
  if (p.format != kv_format::plain) {
    p.qk_rope_head_dim = r.integer(0, 9);
    p.d = p.qk_rope_head_dim + (p.format == kv_format::v32 ? 128 : 64) * r.integer(1, 3);
  }
  p.dv = r.chance(0.3) ? p.d : r.integer(1, p.d);
  p.page_size = r.integer(1, 9), p.num_pages = r.integer(0, 4);
  p.gap = r.integer(0, 2), p.page_gap = r.chance(0.5)                  ? 0
                                        : p.format == kv_format::plain ? 1
                                                                       : r.integer(1, 700);
  p.topk = r.integer(0, 80);
  const auto lengths = [&](integer most) {
    std::vector<integer> list;
    if (r.chance(0.5))
      for (integer s = 0; s < p.b; ++s) list.push_back(r.integer(0, most));
    return list;
  };
  p.topk_length = lengths(p.topk);
  if (r.chance(0.4)) {
    p.extra_topk = r.integer(1, 20), p.extra_page_size = r.integer(1, 4), p.extra_num_pages = r.integer(0, 3);
    p.extra_topk_length = lengths(p.extra_topk);
  }
  p.has_sink = r.chance(0.5);
  p.softmax_scale = r.chance(0.3) ? 0 : r.uniform();
  c.inputs = empty_inputs(p);
  draw(c.inputs.at("q"), r, 2);
  draw_list(c.inputs.at("indices"), p.num_pages * p.page_size, r);
  draw_listed_rows(p, c.inputs.at("indices"), p.topk_length, c.inputs.at("k_cache"), r);
  poison(c.inputs.at("indices"), p.topk_length);
  if (p.extra_topk > 0) {
    draw_list(c.inputs.at("extra_indices"), p.extra_num_pages * p.extra_page_size, r);
    draw_listed_rows(p, c.inputs.at("extra_indices"), p.extra_topk_length, c.inputs.at("extra_k_cache"), r);
    poison(c.inputs.at("extra_indices"), p.extra_topk_length);
  }
  if (p.has_sink)
    for (integer h = 0; h < p.hq; ++h)
      put(c.inputs.at("attn_sink"), r.chance(0.3) ? -infinity : 2 * r.normal(), h);
  return c;
}

// A number of a quantized row as C of the definition has it: code times scale to fp32, then to 16 bits.
double quantized(const decode_indices_problem& p, const tensor& cache, integer page, integer slot,
                 integer e) {
  const row_bytes at = bytes_of(p, cache.dim(1));
  const std::byte* from = cache.data() + page * cache.strides()[0];
  if (e >= at.codes) {
    std::uint16_t code = 0;
    std::memcpy(&code, from + at.rope(slot, e - at.codes), 2);
    return decode(p.type, code);
  }
  float scale = 0;
  if (at.v32)
    std::memcpy(&scale, from + at.scale(slot, e), 4);
  else
    scale = std::ldexp(1.0f, static_cast<int>(from[at.scale(slot, e)]) - 127);
  const auto code =
      static_cast<float>(decode(dtype::e4m3, static_cast<std::uint32_t>(from[at.code(slot, e)])));
  return round_to(p.type, static_cast<double>(code * scale));
}

void add_key(const decode_indices_problem& p, row& r, const tensor& cache, integer page, integer slot) {
  for (integer e = 0; e < r.d; ++e) {
    r.k.push_back(p.format == kv_format::plain ? at(cache, page, slot, 0, e)
                                               : quantized(p, cache, page, slot, e));
    if (e < r.dv) r.v.push_back(r.k.back());
  }
}

row row_of(const drawn& c, integer s, integer i, integer h) {
  const decode_indices_problem& p = c.p;
  const auto n = static_cast<std::size_t>(s);
  row r{p.d, p.dv, p.softmax_scale > 0 ? p.softmax_scale : std::pow(static_cast<double>(p.d), -0.5), {}, {},
        {},  {}};
  for (integer e = 0; e < p.d; ++e) r.q.push_back(at(c.inputs.at("q"), s, i, h, e));
  // The second list first: the order does not matter.
  for (integer j = 0; j < (p.extra_topk_length.empty() ? p.extra_topk : p.extra_topk_length[n]); ++j) {
    const double entry = at(c.inputs.at("extra_indices"), s, i, j);
    if (entry == -1) continue;
    add_key(p, r, c.inputs.at("extra_k_cache"), static_cast<integer>(entry) / p.extra_page_size,
            static_cast<integer>(entry) % p.extra_page_size);
  }
  for (integer j = 0; j < (p.topk_length.empty() ? p.topk : p.topk_length[n]); ++j) {
    const double entry = at(c.inputs.at("indices"), s, i, j);
    if (entry == -1) continue;
    add_key(p, r, c.inputs.at("k_cache"), static_cast<integer>(entry) / p.page_size,
            static_cast<integer>(entry) % p.page_size);
  }
  if (p.has_sink) r.sink = {at(c.inputs.at("attn_sink"), h)};
  if (!r.sink.empty() && r.sink[0] == -infinity) r.sink.clear();  // no effect
  return r;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mla_indices)

BOOST_AUTO_TEST_CASE(listed_rows_are_averaged_and_minus_one_is_nothing) {
  const attention_truth truth = small_lists({5, -1, 1, -1}).truth();

  BOOST_TEST(truth.out == numbers{3});
  BOOST_TEST(truth.lse == numbers{std::log(2.0)});
}

BOOST_AUTO_TEST_CASE(a_row_listed_twice_counts_twice) {
  const attention_truth truth = small_lists({5, 5, 1, 1, 1, 1}).truth();

  BOOST_TEST(close(truth.out[0], 14. / 6, 4));
  BOOST_TEST(truth.lse == numbers{std::log(6.0)});
}

BOOST_AUTO_TEST_CASE(entries_behind_the_length_are_not_followed) {
  small_lists call({2, 2147483647, -5, 1});
  call.p.topk_length = {1};
  call.inputs.set("topk_length", integers({1}, {1}));

  BOOST_TEST(call.truth().out == numbers{2});
}

BOOST_AUTO_TEST_CASE(the_second_list_names_rows_of_the_second_cache) {
  const attention_truth truth = small_lists({0, 4}, {1, -1, 0}).truth();  // 0, 4, 64, 32

  BOOST_TEST(truth.out == numbers{25});
  BOOST_TEST(truth.lse == numbers{std::log(4.0)});
}

BOOST_AUTO_TEST_CASE(a_list_of_nothing_gives_zero_and_plus_infinity_whatever_the_sink) {
  for (const double logit : {-infinity, 0.0, infinity}) {
    small_lists call({-1, -1});
    call.p.has_sink = true;
    tensor sink(dtype::f32, {1});
    sink.set_value(0, logit);
    call.inputs.set("attn_sink", sink);

    BOOST_TEST(call.truth().out == numbers{0});
    BOOST_TEST(call.truth().lse == numbers{infinity});
  }
}

BOOST_AUTO_TEST_CASE(a_sink_takes_its_share_of_the_output_and_none_of_the_lse) {
  const auto with = [](double logit) {
    small_lists call({1, 5});
    call.p.has_sink = true;
    tensor sink(dtype::f32, {1});
    sink.set_value(0, logit);
    call.inputs.set("attn_sink", sink);
    return call.truth();
  };

  BOOST_TEST(close(with(0).out[0], 3 * (2. / 3), 4));
  BOOST_TEST(with(0).lse == numbers{std::log(2.0)});
  BOOST_TEST(with(-infinity).out == numbers{3});
  BOOST_TEST(with(infinity).out == numbers{0});
  BOOST_TEST(with(infinity).lse == numbers{std::log(2.0)});
}

BOOST_AUTO_TEST_CASE(random_lists_agree_with_plain_rows_in_113_bits) {
  int empty = 0, rows = 0, quantized = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    const drawn c = draw_lists(seed);
    quantized += c.p.format != kv_format::plain;
    const auto truths = decode_indices(c.p, c.inputs, {}, truth_alone);
    BOOST_TEST_REQUIRE(truths.size() == static_cast<std::size_t>(c.p.b * c.p.sq));
    for (std::size_t u = 0; u < truths.size(); ++u)
      for (integer n = 0; n < truths[u].rows; ++n) {
        const row_place place = place_of(c.p, u, n);
        const row plain = row_of(c, place.sequence, place.query, place.head);
        const double error =
            error_of(plain, truths[u].out.data() + n * c.p.dv, truths[u].lse[static_cast<std::size_t>(n)]);
        BOOST_TEST(error <= 1, to_text(c.p) << ", " << name_of(place) << ": " << error);
        BOOST_TEST(place.out_row == (place.sequence * c.p.sq + place.query) * c.p.hq + place.head);
        BOOST_TEST(place.lse == (place.sequence * c.p.hq + place.head) * c.p.sq + place.query);
        empty += plain.k.empty(), ++rows;
      }
  }
  BOOST_TEST(rows > 500);
  BOOST_TEST(empty > 50);
  BOOST_TEST(quantized > 50);
}

BOOST_AUTO_TEST_CASE(rows_of_flash_mla_have_656_and_584_bytes) {
  const auto row = [](const char* line) {
    return empty_inputs(parse_decode_indices(keyed_text(line))).at("k_cache").dim(3);
  };

  BOOST_TEST(row("kv_format=v32") == 656);
  BOOST_TEST(row("kv_format=model1,d=512") == 584);
}

BOOST_AUTO_TEST_CASE(a_quantized_row_is_rounded_twice_and_its_rotary_part_not_at_all) {
  decode_indices_problem p;
  p.format = kv_format::v32;
  p.d = 130, p.dv = 130, p.qk_rope_head_dim = 2, p.page_size = 1, p.topk = 1;
  tensor_set inputs = empty_inputs(p);
  tensor& cache = inputs.at("k_cache");
  const row_bytes where = bytes_of(p, 1);
  // 1.125 times this scale lies a hair above the middle between 1 and the next bf16, and fp32 rounds it to
  // that.
  const auto scale = static_cast<float>(std::ceil(std::ldexp((1 + 0x1p-8) / 1.125, 24)) * 0x1p-24);
  std::memcpy(byte_at(cache, 0, where.scale(0, 0)), &scale, 4);
  *byte_at(cache, 0, where.code(0, 127)) = static_cast<std::byte>(encode(dtype::e4m3, 1.125));
  const auto rotary = static_cast<std::uint16_t>(encode(dtype::bf16, -3.0));
  std::memcpy(byte_at(cache, 0, where.rope(0, 1)), &rotary, 2);
  const attention_truth truth = decode_indices(p, inputs, {}, truth_alone)[0];

  BOOST_TEST(truth.out[0] == 0);
  BOOST_TEST(truth.out[127] == 1);
  BOOST_TEST(truth.out[129] == -3);
}

BOOST_AUTO_TEST_CASE(the_full_list_is_a_dense_decode_bit_for_bit) {
  decode_problem dense;
  dense.hq = 3, dense.d = 20, dense.dv = 16, dense.page_size = 4, dense.max_pages = 20, dense.num_pages = 20;
  dense.cache_seqlens = {77};
  random_stream r(5, "full list");
  tensor_set inputs = empty_inputs(dense);
  draw(inputs.at("q"), r);
  draw(inputs.at("k_cache"), r);
  for (integer page = 0; page < 20; ++page)
    put(inputs.at("block_table"), static_cast<double>((page * 7) % 20), 0, page);
  decode_indices_problem listed;
  listed.hq = 3, listed.d = 20, listed.dv = 16, listed.page_size = 4, listed.num_pages = 20, listed.topk = 77;
  tensor logical(dtype::i32, {1, 1, 77});
  for (integer j = 0; j < 77; ++j) logical.set_value(j, static_cast<double>(j));
  tensor_set lists = empty_inputs(listed);
  lists.set("q", inputs.at("q"));
  lists.set("k_cache", inputs.at("k_cache"));
  lists.set("indices", physical_indices(logical, inputs.at("block_table"), 4));
  const auto a = decode(dense, inputs, {}, truth_alone), b = decode_indices(listed, lists, {}, truth_alone);

  BOOST_TEST(a[0].out == b[0].out);
  BOOST_TEST(a[0].lse == b[0].lse);
}

BOOST_AUTO_TEST_SUITE_END()
