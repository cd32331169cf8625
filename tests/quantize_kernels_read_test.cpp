// Readers, weights and scattered rows on one executor: every variant gives the reference's elements.
#include "kernels/core/variants_of.hpp"
#include "tests/quantize_kernels.hpp"

using namespace plumbline;
using namespace plumbline::quantize;
using namespace plumbline::quantize::by_hand;

namespace {

void any_codes(tensor& t, random_stream& draw) {
  for (std::int64_t i = 0; i < t.dim(0) * t.strides()[0] - (t.strides()[0] - t.dim(1)); ++i)
    if (t.rank() > 2 || i % t.strides()[0] < t.dim(1))
      t.set_code(i, static_cast<std::uint64_t>(draw.integer(0, 255)));
}

// Scales of every kind: powers of two, anything, zero, subnormal, NaN and infinity.
float any_scale(random_stream& draw) {
  switch (draw.integer(0, 9)) {
    case 0:
      return 0;
    case 1:
      return 0x1p-140f;
    case 2:
      return std::numeric_limits<float>::quiet_NaN();
    case 3:
      return std::numeric_limits<float>::infinity();
    case 4:
      return static_cast<float>(std::ldexp(1.0, static_cast<int>(draw.integer(-20, 20))));
    default:
      return static_cast<float>(std::fabs(draw.normal()) * 0.01);
  }
}

tensor_set cache_of(const dequantize_problem& p, random_stream& draw) {
  tensor_set inputs = make_cache(p);
  const bool split = p.layout == cache_layout::split;
  const auto width = static_cast<std::size_t>(p.dv), count = static_cast<std::size_t>(tiles(p));
  for (std::int64_t slot = 0; slot < slots(p); ++slot) {
    std::vector<std::uint8_t> codes(width);
    std::vector<float> scales(count);
    std::vector<std::byte> rope(static_cast<std::size_t>(rope_bytes(p)));
    for (auto& code : codes) code = static_cast<std::uint8_t>(draw.integer(0, 255));
    for (auto& scale : scales) do
        scale = any_scale(draw);
      while (p.scale_type == dtype::e8m0 && !(scale > 0 && std::ilogb(scale) >= -20 && scale <= 1024 &&
                                              scale == std::ldexp(1.0f, std::ilogb(scale))));
    for (auto& byte : rope) byte = static_cast<std::byte>(draw.integer(0, 255));
    write_slot(p, slot, codes.data(), scales.data(), rope.data(),
               inputs.at(split ? "nope_part" : "cache").data(),
               split ? inputs.at("rope_part").data() : nullptr);
  }
  return inputs;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(quantize_kernels_read)

BOOST_AUTO_TEST_CASE(readers_give_the_rounded_product_of_every_code_and_scale) {
  for (const auto& row : variants_of<dequantize_problem>(where))
    for (const char* type : {"bf16", "f16", "f32"})
      for (const char* out : {"bf16", "f16", "f32", "e4m3"})
        for (const char* shape :
             {"tokens=5", "tokens=2,num_pages=1,page_size=3,extra=3,page_gap=16", "tokens=3,gap=3",
              "tokens=0,extra=2,num_pages=1", "tokens=2,dv=100,tile=100,d=100",
              "tokens=2,layout=split,dv=256", "tokens=6,has_indices=1,num_pages=2,page_size=3,extra=1",
              "tokens=2,dv=48,tile=24,d=56,gap=8", "tokens=5,layout=pages,dv=448,tile=64,page_size=4"}) {
          const std::string text =
              "dtype=" + std::string(type) + ",out_type=" + std::string(out) + "," + shape;
          BOOST_TEST_CONTEXT(row.name << " " << text) {
            const dequantize_problem p = parse_dequantize(keyed_text(text));
            random_stream draw(1, "read");
            tensor_set inputs = cache_of(p, draw), expected;
            if (p.has_indices) inputs.set("indices", integers({5, 0, 0, 3, 5, 1}));
            BOOST_TEST_REQUIRE(row.domain(p) == "");
            expected.set("out", dequantize(p, inputs));

            const tensor_set outputs = run_row(row, p, inputs, poisoned(make_outputs(p)));

            require_alike(expected, outputs);
          }
        }
}

BOOST_AUTO_TEST_CASE(weights_have_one_scale_a_block_and_short_blocks_at_the_edges) {
  for (const auto& row : variants_of<weight_dequant_problem>(where))
    for (const char* text : {"m=5,n=7,block=3", "m=130,n=129", "m=4,n=4,block=2,out_type=f32,code=i8",
                             "m=6,n=9,block=4,out_type=f16", "m=0,n=3", "m=3,n=200,code=i8,block=64"})
      BOOST_TEST_CONTEXT(row.name << " " << text) {
        const weight_dequant_problem p = parse_weight_dequant(keyed_text(text));
        random_stream draw(2, "weight");
        tensor_set inputs, expected;
        inputs.set("weight", matrix(p.code, p.m, p.n));
        any_codes(inputs.at("weight"), draw);
        inputs.set("scale", matrix(dtype::f32, (p.m + p.block - 1) / p.block, (p.n + p.block - 1) / p.block));
        for (std::int64_t i = 0; i < inputs.at("scale").size(); ++i)
          inputs.at("scale").set_value(i, static_cast<double>(any_scale(draw)));
        BOOST_TEST_REQUIRE(row.domain(p) == "");
        expected.set("out", weight_dequant(p, inputs));

        const tensor_set outputs = run_row(row, p, inputs, poisoned(make_outputs(p)));

        require_alike(expected, outputs);
      }
}

BOOST_AUTO_TEST_CASE(rows_reach_their_places_and_all_others_keep_their_bytes) {
  for (const auto& row : variants_of<scatter_problem>(where))
    for (const char* text : {"tokens=3,rows=5", "tokens=3,rows=5,nope_width=33,rope_width=7,gap=1",
                             "dtype=bf16,tokens=2,rows=4,nope_width=512,rope_width=64,gap=8",
                             "dtype=f32,tokens=3,rows=3,nope_width=5,rope_width=0",
                             "dtype=bf16,stored=e4m3,tokens=3,rows=4,nope_width=40,rope_width=9",
                             "dtype=f32,stored=e4m3,tokens=3,rows=3,nope_width=16,rope_width=16",
                             "dtype=f16,stored=e4m3,tokens=3,rows=3,nope_width=512,rope_width=64",
                             "tokens=4,rows=3,world=3,rank=1"})
      BOOST_TEST_CONTEXT(row.name << " " << text) {
        const scatter_problem p = parse_scatter(keyed_text(text));
        random_stream draw(3, "scatter");
        tensor_set inputs, expected;
        for (const char* name : {"nope", "rope"}) {
          inputs.set(name, matrix(p.type, p.tokens, name[0] == 'n' ? p.nope_width : p.rope_width, p.gap));
          tensor& t = inputs.at(name);
          if (p.stored == p.type)
            fill_tiles(t, 1, 0, draw);
          else
            fill_tiles(t, 16, t.dim(1), draw, 2);
        }
        inputs.set("buffer", matrix(p.stored, p.rows, p.nope_width + p.rope_width));
        any_codes(inputs.at("buffer"), draw);
        std::vector<std::int64_t> places = {2, 0, 1, 4};
        if (p.world > 1) places = {7, 0, 4, 5};
        places.resize(static_cast<std::size_t>(p.tokens));
        inputs.set("loc", integers(places));
        BOOST_TEST_REQUIRE(row.domain(p) == "");
        expected.set("buffer", scatter(p, inputs));

        const tensor_set outputs = run_row(row, p, inputs, make_outputs(p, inputs));

        require_alike(expected, outputs);
      }
}

BOOST_AUTO_TEST_SUITE_END()
