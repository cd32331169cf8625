// Small calls of mla's attention for tests of its kernels: drawn inputs around poison, one run, one
// judgement.
#pragma once

#include <boost/test/unit_test.hpp>

#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "kernels/core/variants_of.hpp"
#include "properties/judge/attention/judge.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/core/random.hpp"
#include "reference/mla.hpp"
#include "tests/mla_reference_plain.hpp"

#ifndef PLUMBLINE_TEST_EXECUTOR
#define PLUMBLINE_TEST_EXECUTOR "host"
#endif

namespace plumbline::mla::called {

using plain::draw;
using plain::fill;
using plain::integer;
using plain::put;

inline constexpr std::string_view executor_name = PLUMBLINE_TEST_EXECUTOR;
inline constexpr side where = executor_name == "gpu"       ? side::gpu
                              : executor_name == "checked" ? side::checked
                                                           : side::host;
inline constexpr double wild_entry = 2147480000;

inline executor& test_executor() {
  static const std::unique_ptr<executor> on = [] {
    std::string why_not;
    auto made = make_executor(executor_name, why_not);
    BOOST_TEST_REQUIRE(made != nullptr, why_not);
    return made;
  }();
  return *on;
}

template <class Problem>
const variant<Problem>& row_named(std::string_view name) {
  for (const auto& row : variants_of<Problem>(where))
    if (row.name == name) return row;
  BOOST_FAIL("no variant " << name);
  std::abort();
}

/// One call on poisoned outputs.
template <class Problem>
tensor_set run_row(const variant<Problem>& row, const Problem& p, tensor_set& inputs,
                   const run_options& options = {}) {
  BOOST_TEST_REQUIRE(row.domain(p) == "");
  check(p, inputs);
  tensor_set outputs = make_outputs(p);
  for (auto& output : outputs) output.value.poison(0xff);
  const auto fault = test_executor().run(
      [&](const auto& args, auto& launcher) { row.run(p, args, launcher); }, inputs, outputs, options);
  BOOST_TEST_REQUIRE(!fault, row.name << " on " << to_text(p) << ": " << (fault ? fault->message : ""));
  return outputs;
}

/// Normal draws for the rows that start at `offsets`.
inline void draw_rows(tensor& t, const std::vector<integer>& offsets, integer width, random_stream& r,
                      double size = 1) {
  for (const integer offset : offsets)
    for (integer e = 0; e < width; ++e) t.set_value(offset + e, size * r.normal());
}

inline std::vector<integer> shuffled(integer count, random_stream& r) {
  std::vector<integer> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), integer{0});
  for (std::size_t n = order.size(); n > 1; --n)
    std::swap(order[n - 1], order[static_cast<std::size_t>(r.integer(0, static_cast<integer>(n) - 1))]);
  return order;
}

/// Pages in an order that `layout` draws, NaN in every row that no key lies in, wild entries behind a length.
inline tensor_set make_inputs(const decode_problem& p, std::uint64_t seed, std::uint64_t layout = 1) {
  random_stream q(seed, "q"), k(seed, "k"), order(layout, "pages");
  tensor_set inputs = empty_inputs(p);
  draw(inputs.at("q"), q);
  tensor &cache = inputs.at("k_cache"), &table = inputs.at("block_table");
  fill(cache, plain::junk);
  fill(table, wild_entry);
  const std::vector<integer> pages = shuffled(p.num_pages, order);
  std::size_t next = 0;
  for (integer s = 0; s < p.b; ++s)
    for (integer j = 0; j < p.cache_seqlens[static_cast<std::size_t>(s)]; ++j) {
      if (j % p.page_size == 0) put(table, static_cast<double>(pages.at(next++)), s, j / p.page_size);
      for (integer h = 0; h < p.hk; ++h) {
        const integer at[] = {pages[next - 1], j % p.page_size, h, 0};
        draw_rows(cache, {cache.offset(at)}, p.d, k);
      }
    }
  return inputs;
}

/// Rows of K and V behind a sequence's length are NaN.
inline tensor_set make_inputs(const prefill_problem& p, std::uint64_t seed) {
  random_stream q(seed, "q"), k(seed, "k"), v(seed, "v");
  tensor_set inputs = empty_inputs(p);
  draw(inputs.at("q"), q);
  for (const char* name : {"k", "v"}) {
    tensor& rows = inputs.at(name);
    fill(rows, plain::junk);
    for (integer s = 0; s < p.b; ++s)
      for (integer j = 0; j < p.cache_seqlens[static_cast<std::size_t>(s)]; ++j)
        for (integer h = 0; h < p.hk; ++h) {
          const integer at[] = {s, j, h, 0};
          draw_rows(rows, {rows.offset(at)}, rows.dim(3), rows.dim(3) == p.d ? k : v);
        }
  }
  return inputs;
}

inline std::vector<attention_truth> truth_of(const prefill_problem& p, const tensor_set& inputs,
                                             const contract& c) {
  return prefill(p, inputs, std::span(&c, 1));
}
inline std::vector<attention_truth> truth_of(const decode_problem& p, const tensor_set& inputs,
                                             const contract& c) {
  return decode(p, inputs, std::span(&c, 1));
}

inline std::vector<attention_truth> truth_of(const decode_indices_problem& p, const tensor_set& inputs,
                                             const contract& c) {
  return decode_indices(p, inputs, std::span(&c, 1));
}
inline std::vector<attention_truth> truth_of(const prefill_indices_problem& p, const tensor_set& inputs,
                                             const contract& c) {
  return prefill_indices(p, inputs, std::span(&c, 1)).units;
}

/// What the judge says of outputs; empty: pass.
template <class Problem>
std::string disagreement(const Problem& p, const tensor_set& inputs, const tensor_set& outputs,
                         const contract& promised) {
  const std::vector<attention_truth> truth = truth_of(p, inputs, promised);
  const std::vector<double> out = outputs.at("out").values(), lse = outputs.at("lse").values();
  std::vector<attention_output> computed(truth.size());
  for (std::size_t u = 0; u < truth.size(); ++u)
    for (integer row = 0; row < truth[u].rows; ++row) {
      const row_place place = place_of(p, u, row);
      const auto first = out.begin() + place.out_row * p.dv;
      computed[u].out.insert(computed[u].out.end(), first, first + p.dv);
      computed[u].lse.push_back(lse[static_cast<std::size_t>(place.lse)]);
    }
  const verdict v = judge_attention(truth, 0, promised, computed, [&](std::size_t unit, integer row) {
    return name_of(place_of(p, unit, row));
  });
  return v.result == outcome::pass ? "" : std::string(name_of(v.result)) + ": " + v.message;
}

inline void require_same(const tensor_set& a, const tensor_set& b) {
  for (const auto& entry : a)
    BOOST_TEST(same_elements(entry.value, b.at(entry.name)), entry.name << " differs");
}

}  // namespace plumbline::mla::called
