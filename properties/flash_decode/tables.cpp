// Tables of upstream's host functions and the standalone rotation, held against ours.
#include <algorithm>
#include <array>
#include <cmath>

#include "properties/external_case.hpp"
#include "properties/flash_decode/recorded.hpp"
#include "properties/judge/admissible_judge.hpp"
#include "properties/recorded_tensors.hpp"
#include "reference/core/counted.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/flash_decode.hpp"

namespace plumbline::flash_decode {

namespace {

constexpr std::array<std::string_view, 5> tables = {"num_splits_heuristic", "num_splits_heuristic_pr1236",
                                                    "should_pack_gqa", "tile_size_sm90", "split_block_range"};

using arguments = std::vector<std::int64_t>;

std::string row_text(const arguments& a) {
  std::string text;
  for (std::int64_t x : a) text += (text.empty() ? "(" : ", ") + std::to_string(x);
  return text + ")";
}

std::vector<arguments> rows_of(const recorded_case& c, std::int64_t columns) {
  const tensor* t = c.tensors.find("arguments");
  if (t == nullptr || t->rank() != 2 || t->dim(1) != columns)
    throw bad_argument("arguments", "expected a table of " + std::to_string(columns) + " columns");
  std::vector<arguments> rows(static_cast<std::size_t>(t->dim(0)));
  const auto values = t->values();
  for (std::size_t r = 0; r < rows.size(); ++r)
    for (std::int64_t i = 0; i < columns; ++i)
      rows[r].push_back(static_cast<std::int64_t>(
          values[r * static_cast<std::size_t>(columns) + static_cast<std::size_t>(i)]));
  return rows;
}

// Equal integers, or the first row that differs.  `ours` gives as many numbers as the expected table has
// columns.
template <class Ours>
external_judgement hold(const recorded_case& c, std::int64_t columns, const char* expected_name, Ours ours) {
  const auto rows = rows_of(c, columns);
  const tensor* expected = c.tensors.find(expected_name);
  if (expected == nullptr || expected->rank() < 1 || expected->rank() > 2 ||
      expected->dim(0) != static_cast<std::int64_t>(rows.size()))
    throw bad_argument(expected_name, "expected one row for each row of arguments");
  const std::int64_t width = expected->rank() == 1 ? 1 : expected->dim(1);
  const auto values = expected->values();
  external_judgement result{c.function + "/" + c.name, "expected",
                            rows.empty() ? outcome::mistrusted : outcome::pass, 0, ""};
  std::int64_t wrong = 0;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    arguments theirs;
    for (std::int64_t i = 0; i < width; ++i)
      theirs.push_back(static_cast<std::int64_t>(
          values[r * static_cast<std::size_t>(width) + static_cast<std::size_t>(i)]));
    const arguments mine = ours(rows[r]);
    const auto empty_range = [](const arguments& a) { return a.size() == 2 && a.back() <= a.front(); };
    const bool both_empty = empty_range(theirs) && empty_range(mine);
    if (mine == theirs || both_empty) continue;
    if (wrong++ == 0)
      result.message =
          "arguments " + row_text(rows[r]) + ": expected " + row_text(theirs) + ", ours " + row_text(mine);
  }
  if (wrong > 0) {
    result.result = outcome::fail;
    result.used = INFINITY;
    result.message =
        std::to_string(wrong) + " of " + std::to_string(rows.size()) + " rows differ; " + result.message;
  }
  return result;
}

arguments block_range(const arguments& a) {
  split_tile t;
  t.block_m = a[0];
  t.block_n = a[1];
  const bool causal = a[2] != 0, local = a[3] != 0;
  t.packed = a[4] != 0;
  t.group = a[7];
  t.m_block = a[8];
  t.split = a[9];
  t.num_splits = a[10];
  t.mask.causal = causal;
  t.mask.window_left = local ? a[11] : -1;
  t.mask.window_right = local ? a[12] : -1;
  t.mask.attention_chunk = local ? a[13] : 0;
  const key_range range = split_block_range(t, a[5], a[6]);
  return {range.begin, range.end};
}

}  // namespace

bool is_table(std::string_view group) {
  return std::find(tables.begin(), tables.end(), group) != tables.end();
}

external_judgement judge_recorded_table(const recorded_case& c) {
  if (c.function == "num_splits_heuristic")
    return hold(c, 7, "expected_num_splits", [](const arguments& a) {
      return arguments{num_splits_heuristic(a[0], a[1], a[2], a[3], a[4], a[5] != 0, a[6])};
    });
  if (c.function == "num_splits_heuristic_pr1236")
    return hold(c, 7, "expected_num_splits", [](const arguments& a) {
      return arguments{num_splits_heuristic_pr1236(a[0], a[1], a[2], a[3], a[4], a[5], a[6] != 0)};
    });
  if (c.function == "split_block_range") return hold(c, 14, "expected_n_block_min_max", block_range);
  return {c.function + "/" + c.name, "unsupported", outcome::skipped, 0,
          c.function + ": an upstream tuning choice that this project has no function for"};
}

external_judgement judge_recorded_rotary(const recorded_case& c) {
  recorded_options options(c);
  for (const char* name : {"batch_size", "head_dim", "num_heads", "rotary_dim", "seqlen"})
    options.integer(name, 0);
  options.word("dtype", "");
  const bool interleaved = options.flag("rotary_interleaved", true);
  constexpr std::string_view known[] = {"x",          "rotary_cos",       "rotary_sin",  "seqlen_offsets",
                                        "cu_seqlens", "expected_float64", "expected_out"};
  options.require_known(known);
  const tensor &x = c.tensors.at("x"), &cos = c.tensors.at("rotary_cos"), &sin = c.tensors.at("rotary_sin");
  const bool packed = c.tensors.has("cu_seqlens");
  if (x.rank() != (packed ? 3 : 4)) throw bad_argument("x", "expected (b, tokens, heads, d) or packed rows");
  if (cos.rank() != 2) throw bad_argument("rotary_cos", "expected (positions, pairs)");
  for (const char* name : {"expected_float64", "expected_out"})
    require_shape(name, c.tensors.find(name), x.shape());
  const std::int64_t heads = x.dim(packed ? 1 : 2), d = x.dim(packed ? 2 : 3), pairs = cos.dim(1);
  const auto offsets =
      c.tensors.has("seqlen_offsets") ? c.tensors.at("seqlen_offsets").values() : std::vector<double>{};
  const auto starts = packed ? c.tensors.at("cu_seqlens").values() : std::vector<double>{};
  std::vector<double> exact = x.values(), magnitude(exact.size());
  const auto cos_values = cos.values(), sin_values = sin.values();
  const std::int64_t tokens = heads * d > 0 ? x.size() / (heads * d) : 0;
  if (sin.size() != cos.size() || 2 * pairs > d)
    throw bad_argument("rotary_cos", "expected two tables of at most half the head dim");
  if (packed && (starts.empty() || starts.back() != static_cast<double>(tokens)))
    throw bad_argument("cu_seqlens", "expected to end with " + counted(tokens, "token") + ", as x has");
  for (std::int64_t t = 0; t < tokens; ++t) {
    std::int64_t sequence = packed ? 0 : t / x.dim(1), first = packed ? 0 : sequence * x.dim(1);
    if (packed) {
      while (static_cast<double>(t) >= starts[static_cast<std::size_t>(sequence + 1)]) ++sequence;
      first = static_cast<std::int64_t>(starts[static_cast<std::size_t>(sequence)]);
    }
    const std::int64_t position =
        t - first +
        (offsets.empty() ? 0 : static_cast<std::int64_t>(offsets[static_cast<std::size_t>(sequence)]));
    if (position < 0 || position >= cos.dim(0) ||
        (!offsets.empty() && static_cast<std::size_t>(sequence) >= offsets.size()))
      throw bad_argument("seqlen_offsets", "expected positions inside the tables");
    const std::span c_row(cos_values.data() + position * pairs, static_cast<std::size_t>(pairs));
    const std::span s_row(sin_values.data() + position * pairs, static_cast<std::size_t>(pairs));
    for (std::int64_t h = 0; h < heads; ++h) {
      const std::span row(exact.data() + (t * heads + h) * d, static_cast<std::size_t>(d));
      double* m = magnitude.data() + (t * heads + h) * d;
      for (std::int64_t e = 0; e < pairs; ++e) {
        const std::int64_t a = interleaved ? 2 * e : e, b = interleaved ? 2 * e + 1 : e + pairs;
        m[a] = m[b] =
            std::fabs(row[static_cast<std::size_t>(a)]) + std::fabs(row[static_cast<std::size_t>(b)]);
      }
      rotate_row(row, c_row, s_row, interleaved);
    }
  }
  external_judgement result{c.function + "/" + c.name, "expected", outcome::mistrusted, 0,
                            "nothing to compare"};
  if (const tensor* theirs = c.tensors.find("expected_float64")) {
    const auto values = theirs->values();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double allowed = 4 * 0x1p-53 * magnitude[i] + 0x1p-1000;
      const double used = values[i] == exact[i] ? 0 : std::fabs(values[i] - exact[i]) / allowed;
      if (!(used <= result.used)) {
        result.used = used;
        result.message = "element " + std::to_string(i) + ": expected " + std::to_string(values[i]) +
                         ", ours " + std::to_string(exact[i]);
      }
    }
    result.result = result.used <= 1 ? outcome::pass : outcome::fail;
  }
  if (const tensor* theirs = c.tensors.find("expected_out")) {
    const auto values = theirs->values();
    const verdict v = judge_rotated("expected_out", x.type(), exact, magnitude, values,
                                    [](std::int64_t i) { return "element " + std::to_string(i); });
    if (v.result == outcome::fail) result = {result.group, result.kind, outcome::fail, INFINITY, v.message};
    if (result.result == outcome::mistrusted) result.result = v.result;
  }
  if (result.result == outcome::pass) result.message.clear();
  return result;
}

}  // namespace plumbline::flash_decode
