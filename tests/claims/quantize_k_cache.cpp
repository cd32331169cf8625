// sglang's slow K-cache writer, and the rewrite of it that codeflash proposed (#341).
//
// Both work a tile of columns at a time over all rows: the largest magnitude over 448, in the type of the
// input, is the scale; every element over the scale is cast to e4m3.  The rewrite takes the maximum without
// its position, keeps a tile in a variable of its own and divides by a broadcast scale instead of one that
// was reshaped in place.  Nothing of that is arithmetic, so it is held to the same bytes.
#include <cmath>
#include <cstring>
#include <vector>

#include "kernels/quantize/store.hpp"
#include "properties/laws/reruns.hpp"
#include "properties/quantize/cache_shapes.hpp"
#include "properties/quantize/store_laws.hpp"
#include "properties/quantize/tables.hpp"
#include "tests/claims/subjects.hpp"

namespace plumbline::claims {

namespace {

using namespace quantize;
using plumbline::quantize::store_problem;

enum class form : std::uint8_t { original, rewrite, rewrite_with_fault };

struct rows_of_k {
  dtype type;
  const unsigned char* data;
  std::int64_t stride;

  float at(std::int64_t row, std::int64_t column) const {
    const unsigned char* from = data + (row * stride + column) * static_cast<std::int64_t>(size_of(type));
    std::uint32_t code = 0;
    std::memcpy(&code, from, size_of(type));
    return static_cast<float>(decode(type, code));
  }
};

/// The largest magnitude and where it is; NaN is larger than anything.
struct found_largest {
  float value;
  std::int64_t index;
};
found_largest largest_with_index(const std::vector<float>& magnitudes) {
  found_largest best = {magnitudes[0], 0};
  for (std::size_t i = 1; i < magnitudes.size(); ++i)
    if (!std::isnan(best.value) && !(magnitudes[i] <= best.value))
      best = {magnitudes[i], static_cast<std::int64_t>(i)};
  return best;
}

float largest(const std::vector<float>& tile) {
  float most = 0;
  for (const float x : tile)
    if (!std::isnan(most) && !(std::fabs(x) <= most)) most = std::fabs(x);
  return most;
}

// What follows the maximum is written alike by both.
void put_scale(const store_problem& p, unsigned char* row, std::int64_t tile, float scale) {
  std::memcpy(row + p.dv + tile * static_cast<std::int64_t>(sizeof scale), &scale, sizeof scale);
}
float scale_from(const store_problem& p, float most) {
  return static_cast<float>(round_to(p.type, static_cast<double>(most / 448.0f)));
}
unsigned char code_of(float x, float scale) {
  return static_cast<unsigned char>(encode(dtype::e4m3, static_cast<double>(x / scale), overflow::saturate));
}

void write_original(const store_problem& p, const rows_of_k& k, unsigned char* const* to) {
  for (std::int64_t tile = 0; tile < tiles(p); ++tile) {
    std::vector<float> scales(static_cast<std::size_t>(p.tokens));
    for (std::int64_t row = 0; row < p.tokens; ++row) {
      std::vector<float> magnitudes;
      for (std::int64_t c = tile * p.tile; c < (tile + 1) * p.tile; ++c)
        magnitudes.push_back(std::fabs(k.at(row, c)));
      scales[static_cast<std::size_t>(row)] = scale_from(p, largest_with_index(magnitudes).value);
      put_scale(p, to[row], tile, scales[static_cast<std::size_t>(row)]);
    }
    for (std::int64_t row = 0; row < p.tokens; ++row)
      for (std::int64_t c = tile * p.tile; c < (tile + 1) * p.tile; ++c)
        to[row][c] = code_of(k.at(row, c), scales[static_cast<std::size_t>(row)]);
  }
}

void write_rewrite(const store_problem& p, const rows_of_k& k, unsigned char* const* to, bool with_fault) {
  for (std::int64_t tile = 0; tile < tiles(p); ++tile) {
    const std::int64_t begin = tile * p.tile, end = begin + p.tile;
    for (std::int64_t row = 0; row < p.tokens; ++row) {
      std::vector<float> input;
      for (std::int64_t c = begin; c < end; ++c) input.push_back(k.at(row, c));
      const float scale = with_fault ? largest(input) / 448.0f : scale_from(p, largest(input));
      put_scale(p, to[row], tile, scale);
      for (std::int64_t c = begin; c < end; ++c)
        to[row][c] = code_of(input[static_cast<std::size_t>(c - begin)], scale);
    }
  }
}

template <form Form>
void run(const store_problem& p, const kernel_arguments& args, launcher&) {
  const tensor_view k = args.in("k");
  const rows_of_k rows = {p.type, static_cast<const unsigned char*>(k.data), k.stride[0]};
  auto* const cache = static_cast<unsigned char*>(args.out("cache").data);
  std::vector<unsigned char*> to;
  for (std::int64_t row = 0; row < p.tokens; ++row) to.push_back(cache + place_of(p, row).codes);
  if (Form == form::original)
    write_original(p, rows, to.data());
  else
    write_rewrite(p, rows, to.data(), Form == form::rewrite_with_fault);
  for (std::int64_t row = 0; row < p.tokens; ++row)
    std::memcpy(cache + place_of(p, row).rope,
                rows.data + (row * rows.stride + p.dv) * static_cast<std::int64_t>(size_of(p.type)),
                static_cast<std::size_t>(rope_bytes(p)));
}

std::string domain(const store_problem& p) {
  if (p.rule.name != "sglang_slow") return "writes as sglang's slow writer";
  if (p.layout != cache_layout::rows || p.scale_type != dtype::f32) return "writes rows with fp32 scales";
  return p.separate || p.has_slots ? "takes k as a whole, every row in its place" : "";
}

store_problem draw(const contract& promised, std::string_view regime, std::uint64_t seed,
                   std::uint64_t index) {
  store_problem p = generate::draw_store(promised.in, regime, seed, index);
  p.rule = *policy_named("sglang_slow");
  p.layout = cache_layout::rows, p.scale_type = dtype::f32;
  p.separate = p.has_slots = false;
  p.page_gap = 0;
  p.tokens = std::min<std::int64_t>(p.tokens, 40);
  try {
    check(p);
  } catch (const std::exception&) {  // dims that suit another layout alone
    store_problem usual;
    usual.type = p.type, usual.rule = p.rule, usual.tokens = p.tokens, usual.gap = p.gap % 16;
    return usual;
  }
  return p;
}

const variant<store_problem> rows[] = {
    {"original", store_contracts, claim::same_bits_run_to_run, domain, run<form::original>},
    {"rewrite", store_contracts, claim::same_bits_run_to_run, domain, run<form::rewrite>},
    {"rewrite_with_fault", store_contracts, claim::same_bits_run_to_run, domain,
     run<form::rewrite_with_fault>}};

std::span<const variant<store_problem>> subjects(side where) {
  if (where != side::host) return {};
  return rows;
}

std::string broken_original(const laws::subject<store_problem>& s) {
  const laws::attempt original = laws::run_poisoned(
      s.where,
      [&](const kernel_arguments& arguments, launcher& on) { rows[0].run(s.problem, arguments, on); },
      s.inputs, make_outputs(s.problem, s.inputs), s.options);
  if (original.why_not) return laws::describe(*original.why_not, "the original");
  return laws::difference(s.outputs, original.outputs, "the original");
}

std::span<const laws::law<store_problem>> with_original() {
  static const std::vector<laws::law<store_problem>> all = [] {
    const auto usual = laws::store_laws();
    std::vector<laws::law<store_problem>> some(usual.begin(), usual.end());
    some.push_back({"same_bytes_as_the_original", claim::none, laws::concerns_all, broken_original});
    return some;
  }();
  return all;
}

}  // namespace

const operation& quantize_store() {
  static const table_operation<store_problem> one([] {
    auto tables = with_subjects(quantize::store_tables(), "quantize_store", subjects);
    tables.draw = draw;
    tables.parts.laws = with_original;
    return tables;
  }());
  return one;
}

}  // namespace plumbline::claims
