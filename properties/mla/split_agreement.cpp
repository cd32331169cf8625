#include "properties/mla/split_agreement.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>

#include "properties/judge/bytes_judge.hpp"
#include "properties/judge/constants.hpp"
#include "properties/judge/joined.hpp"
#include "reference/mla.hpp"

namespace plumbline::mla {

namespace {

constexpr const char* columns[] = {
    "first request", "last request",           "first block",           "end block",
    "first split",   "first request is split", "last request is split", "padding"};

tensor table_of_parts(const schedule_problem& p, const schedule_truth& truth) {
  tensor table(dtype::i32, {p.num_sm_parts, 8});
  for (std::size_t n = 0; n < truth.parts.size(); ++n) {
    const schedule_part& part = truth.parts[n];
    const std::int64_t row[] = {part.first_request, part.last_request,   part.first_block,  part.end_block,
                                part.first_split,   part.first_is_split, part.last_is_split};
    for (std::size_t c = 0; c < std::size(row); ++c)
      table.as<std::int32_t>()[8 * n + c] = static_cast<std::int32_t>(row[c]);
  }
  return table;
}

tensor running_splits(const schedule_truth& truth) {
  tensor t(dtype::i32, {static_cast<std::int64_t>(truth.num_splits.size())});
  for (std::size_t i = 0; i < truth.num_splits.size(); ++i)
    t.as<std::int32_t>()[i] = static_cast<std::int32_t>(truth.num_splits[i]);
  return t;
}

/// Elements of a request's rows in its partials: contiguous, as partials are stacked.
std::vector<double> slice(const std::vector<double>& all, std::int64_t first, std::int64_t count,
                          double factor) {
  std::vector<double> some(all.begin() + first, all.begin() + first + count);
  for (double& x : some) x *= factor;
  return some;
}

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

/// A sink multiplies a row by `share`, which errs with the argument of its exponential, and is 0 where it
/// would be subnormal.
void apply_sink(plumbline::combine_truth& t, std::size_t row, double share, double sink) {
  constexpr double smallest = std::numeric_limits<float>::min();
  const std::size_t first = row * static_cast<std::size_t>(t.dv),
                    last = first + static_cast<std::size_t>(t.dv);
  for (std::size_t i = first; i < last; ++i) t.distant[i] += smallest / std::max(share, smallest) * t.S1[i];
  for (auto* linear : {&t.S1, &t.distant})
    for (std::size_t i = first; i < last; ++i) (*linear)[i] *= share;
  for (auto* square : {&t.squares, &t.sums2})
    for (std::size_t i = first; i < last; ++i) (*square)[i] *= share * share;
  if (!(share > 0 && share < 1)) return;
  const double lse_error = judging::lse_ulp_error * (2 + std::fabs(t.lse[row]) + std::fabs(t.largest[row])) +
                           judging::combine_lse_term * static_cast<double>(t.used[row]);
  t.spread[row] += (1 - share) * (lse_error + judging::lse_ulp_error * (1 + std::fabs(sink)));
}

}  // namespace

verdict judge_outputs(const schedule_problem& p, const tensor_set& inputs, const tensor_set& outputs) {
  const schedule_truth truth = schedule(p, inputs);
  const auto open = [&](std::span<const std::int64_t> at) {
    return at[1] == 7 || (at[1] > 0 && !has_work(p, truth.parts[static_cast<std::size_t>(at[0])]));
  };
  const auto part = [](std::span<const std::int64_t> at) {
    return "part " + std::to_string(at[0]) + ", " + columns[at[1]];
  };
  const auto request = [](std::span<const std::int64_t> at) { return "request " + std::to_string(at[0]); };
  return joined(judge_bytes("tile_scheduler_metadata", table_of_parts(p, truth),
                            outputs.at("tile_scheduler_metadata"), open, part),
                judge_bytes("num_splits", running_splits(truth), outputs.at("num_splits"), {}, request));
}

plumbline::combine_truth merged_truth(const combine_problem& p, const tensor_set& inputs) {
  const mla::combine_truth reference = combine(p, inputs);
  const std::vector<double> out = inputs.at("out_partial").values(), lse = inputs.at("lse_partial").values();
  const tensor* sinks = inputs.find("attn_sink");
  const std::int64_t rows = p.sq * p.hq;
  plumbline::combine_truth all;
  all.dv = p.dv;
  std::int64_t first = 0;
  for (std::int64_t r = 0; r < p.b; ++r) {
    const std::int64_t splits = p.splits[static_cast<std::size_t>(r)];
    const auto one =
        merge_partials(splits, rows, p.dv, slice(out, first * rows * p.dv, splits * rows * p.dv, 1),
                       slice(lse, first * rows, splits * rows, std::numbers::ln2));
    for (auto list : {&plumbline::combine_truth::S1, &plumbline::combine_truth::squares,
                      &plumbline::combine_truth::sums2, &plumbline::combine_truth::distant,
                      &plumbline::combine_truth::weights2, &plumbline::combine_truth::spread,
                      &plumbline::combine_truth::lse, &plumbline::combine_truth::largest})
      append(all.*list, one.*list);
    append(all.used, one.used);
    first += splits;
  }
  all.rows = p.b * rows;
  all.out = reference.out;
  for (std::int64_t row = 0; row < all.rows; ++row) {
    const std::int64_t h = row % p.hq, i = row / p.hq % p.sq, r = row / rows;
    const auto at = static_cast<std::size_t>((r * p.hq + h) * p.sq + i), to = static_cast<std::size_t>(row);
    if (sinks != nullptr && all.used[to] > 0)
      apply_sink(all, to, reference.sink_factor[at], sinks->value(h * sinks->strides()[0]));
    all.lse[to] = reference.lse[at];
  }
  return all;
}

verdict judge_outputs(const combine_problem& p, const tensor_set& inputs, const tensor_set& outputs) {
  contract merged;
  merged.out_type = p.out_type;
  const tensor& lse = outputs.at("lse");
  std::vector<double> by_row;
  for (std::int64_t r = 0; r < p.b; ++r)
    for (std::int64_t i = 0; i < p.sq; ++i)
      for (std::int64_t h = 0; h < p.hq; ++h) {
        const std::int64_t at[] = {r, h, i};
        by_row.push_back(lse.value(lse.offset(at)));
      }
  return judge_combine(merged_truth(p, inputs), merged, outputs.at("out").values(), by_row,
                       [p](std::int64_t row) {
                         return "request " + std::to_string(row / p.hq / p.sq) + ", query " +
                                std::to_string(row / p.hq % p.sq) + ", head " + std::to_string(row % p.hq);
                       });
}

}  // namespace plumbline::mla
