// dflash: the truth of its functions, in double.
//
// A step rounds nothing: project runs its steps one after the other without any rounding between, and each
// step can be asked for on rows that somebody else computed, which is how a kernel's chain is judged.
// attention hands the reference's one attention a unit a (sequence, KV head), and a query where a mask hides
// keys of its own: such a unit holds the keys that are seen and no others.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "reference/attention.hpp"
#include "reference/core/tensor.hpp"
#include "reference/dflash_steps_problem.hpp"
#include "reference/product.hpp"

namespace plumbline::dflash {

/// Rows times a weight, a bias added, and the companions of the sums, of which the bias is a term.
struct linear_truth : product_companions {
  std::vector<double> out;
};
/// `rows` are as wide as the weight; a bias of that name is added when there is one.
linear_truth linear(const tensor_set& inputs, const char* weight, const char* bias,
                    std::span<const double> rows);
/// Turns halves of a row in place: pairs (row[e], row[e + size / 2]) by cos[e], sin[e].
void rotate_halves(std::span<double> row, std::span<const double> cos, std::span<const double> sin);

/// What project makes, each of its steps alone and all of them.
enum class projected : std::uint8_t { q, k, v };
/// Rows (b, block_size) of q or (b, context_len + block_size) of k and v, heads side by side.
linear_truth project_step(const project_problem&, const tensor_set& inputs, projected which);
/// The norm of rows (.., d) of q or k.
std::vector<double> norm_step(const project_problem&, const tensor_set& inputs, projected which,
                              std::span<const double> rows);
/// The rotation of rows of q or k in the order of the outputs; `size` is |x| + |y| of an element's pair.
struct rotated_truth {
  std::vector<double> out, size;
};
rotated_truth rotate_step(const project_problem&, const tensor_set& inputs, projected which,
                          std::span<const double> rows);
struct project_truth {
  std::vector<double> q, k, v;  // as the outputs, nothing rounded
};
project_truth project(const project_problem&, const tensor_set& inputs);

/// Queries and new rows as numbers: q (b, block_size, hq, d); k, v (new rows, hk, d).
struct new_rows {
  std::vector<double> q, k, v;
};
new_rows new_rows_of(const attention_problem&, const tensor_set& inputs);
/// One unit a (sequence, KV head), with a mask a (sequence, KV head, query); rows are packed, r = i * (hq /
/// hk) + g.  Rows of the caches in use come from `inputs`, which must outlive the units, as must `rows`.
std::vector<attention_unit> units_of(const attention_problem&, const tensor_set& inputs,
                                     const new_rows& rows);
struct row_place {
  std::int64_t sequence, query, head;
  std::int64_t out_row;  // ((sequence, query), head)
  std::int64_t lse;      // (sequence, head, query)
};
row_place place_of(const attention_problem&, std::size_t unit, std::int64_t row);
/// "sequence 2, query 1, head 5".
std::string name_of(const row_place&);
std::vector<attention_truth> attend(const attention_problem&, const tensor_set& inputs,
                                    std::span<const contract> contracts,
                                    const attention_options& options = {});
/// (b, block_size, hq, d) from the truth of all units.
std::vector<double> attended_of(const attention_problem&, std::span<const attention_truth>);
/// k_cache and v_cache after the append, byte for byte.
tensor_set appended(const attention_problem&, const tensor_set& inputs);

/// One draft layer's attention from hidden states to its output, nothing rounded: `rows` are what project
/// made of them.
struct layer_truth {
  std::vector<double> attended, out;
};
layer_truth layer(const attention_problem&, const tensor_set& inputs, const new_rows& rows);

struct accept_truth {
  int_list posterior;              // (b, block_size)
  int_list accepted, next_token;   // (b)
  std::vector<double> cumulative;  // sampling: (b, block_size, vocab_size), p(0) + .. + p(t); else empty
};
accept_truth accept(const accept_problem&, const tensor_set& inputs);
/// How many drafts of a block agree with a posterior, and the token behind them.
struct agreement {
  std::int64_t accepted, next_token;
};
agreement agreement_of(std::span<const std::int64_t> block, std::span<const std::int64_t> posterior);
/// The first of the largest logits.
std::int64_t first_largest(std::span<const double> logits);

/// cache_seqlens, k_cache and v_cache, byte for byte.
tensor_set crop(const crop_problem&, const tensor_set& inputs);

/// q, k and v of all calls as numbers.
new_rows new_rows_of(const steps_problem&, const tensor_set& inputs);
/// One unit a KV head of a part that attends, call after call; rows are packed as those of attention.  `rows`
/// must outlive the units.
std::vector<attention_unit> units_of(const steps_problem&, const new_rows& rows);
struct steps_truth {
  std::vector<attention_truth> units;  // of the calls that attend, as `units_of` has them
  tensor_set exact;                    // k_cache, v_cache, cache_seqlens: byte for byte
};
steps_truth steps(const steps_problem&, const tensor_set& inputs, std::span<const contract> contracts,
                  const attention_options& options = {});

}  // namespace plumbline::dflash
