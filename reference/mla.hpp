// mla: the truth of the attention side, in double.
//
// Each form of attention hands units to the reference's one attention: prefill and decode one a (sequence, KV
// head) pair, the index forms one a query, whose keys are the listed rows in the order of the lists.  Where a
// key is a latent row, its value is its first dv numbers.  The lse is FlashMLA's: +inf where no key is
// visible, and also where the sum of weights is no number (a NaN in a visible key), whose out is NaN.
// schedule is the greedy fill of upstream, combine weighs partials by powers of two.  Each function first
// refuses bad arguments and reads no row and no index that nothing uses.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "reference/attention.hpp"
#include "reference/core/tensor.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::mla {

/// One unit for each sequence and KV head, unit s * hk + k; rows are packed, r = i * (hq / hk) + g.  The
/// units read `inputs` through their loaders, so it must outlive them.
std::vector<attention_unit> units_of(const prefill_problem&, const tensor_set& inputs);
std::vector<attention_unit> units_of(const decode_problem&, const tensor_set& inputs);
/// One unit for each query, unit s * sq + i (prefill_indices: unit i); a row is a head.
std::vector<attention_unit> units_of(const decode_indices_problem&, const tensor_set& inputs);
std::vector<attention_unit> units_of(const prefill_indices_problem&, const tensor_set& inputs);

/// Truth of every unit, in the order of `units_of`.
std::vector<attention_truth> prefill(const prefill_problem&, const tensor_set& inputs,
                                     std::span<const contract> contracts,
                                     const attention_options& options = {});
std::vector<attention_truth> decode(const decode_problem&, const tensor_set& inputs,
                                    std::span<const contract> contracts,
                                    const attention_options& options = {});
std::vector<attention_truth> decode_indices(const decode_indices_problem&, const tensor_set& inputs,
                                            std::span<const contract> contracts,
                                            const attention_options& options = {});

/// The largest logit of a row is a companion of attention, so those are computed whatever `options` say.
struct prefill_indices_truth {
  std::vector<attention_truth> units;
  std::vector<double> max_logits;  // (sq, hq); -inf where nothing is listed
};
prefill_indices_truth prefill_indices(const prefill_indices_problem&, const tensor_set& inputs,
                                      std::span<const contract> contracts,
                                      const attention_options& options = {});

/// Where a row of a unit stands in the call, and in the outputs.
struct row_place {
  std::int64_t sequence, query, head;
  std::int64_t out_row;  // row of `out` in row-major order
  std::int64_t lse;      // element of `lse` (and `max_logits`) in row-major order
};
row_place place_of(const prefill_problem&, std::size_t unit, std::int64_t row);
row_place place_of(const decode_problem&, std::size_t unit, std::int64_t row);
row_place place_of(const decode_indices_problem&, std::size_t unit, std::int64_t row);
row_place place_of(const prefill_indices_problem&, std::size_t unit, std::int64_t row);
/// "sequence 2, query 1, head 5".
std::string name_of(const row_place&);

/// What one part of a schedule takes: blocks [first_block, blocks) of first_request, all of the requests
/// between, blocks [0, end_block) of last_request.  Without work, first_request is b and nothing else has a
/// meaning.
struct schedule_part {
  std::int64_t first_request, last_request;  // both inclusive
  std::int64_t first_block, end_block;       // end exclusive; 0 of an empty request
  std::int64_t first_split;                  // number of its share of first_request
  bool first_is_split, last_is_split;        // with one request both say the same

  friend bool operator==(const schedule_part&, const schedule_part&) = default;
};

/// Truth of a schedule.
struct schedule_truth {
  std::vector<schedule_part> parts;      // num_sm_parts
  std::vector<std::int64_t> num_splits;  // b + 1: splits of all requests before
};
schedule_truth schedule(const schedule_problem&, const tensor_set& inputs);
/// The schedule of given lengths: what `decode` runs on.
schedule_truth schedule(const schedule_problem&);
bool has_work(const schedule_problem&, const schedule_part&);
/// Keys of a request as the schedule counts them.
std::int64_t scheduled_keys(const schedule_problem&, std::int64_t request);

/// Truth of a combine, row-major: out (b, sq, hq, dv), lse (b, hq, sq).  What a budget needs beside it, for
/// partials O and weights w: S1 = sum w |O| and squares = sum (w O)^2, as out; the largest partial lse of a
/// row in natural units, and 1 / (1 + exp(sink - lse)), as lse.
struct combine_truth {
  std::vector<double> out, lse;
  std::vector<double> S1, squares;
  std::vector<double> max_lse, sink_factor;
};
combine_truth combine(const combine_problem&, const tensor_set& inputs);

}  // namespace plumbline::mla
