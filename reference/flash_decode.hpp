// flash_decode: the truth of its three functions, in double.
//
// attend hands one unit a (sequence, KV head) pair to the reference's one attention; what is special to a KV
// cache is only where a key lies, and that is all this file knows.  append rotates in double, rounds once to
// the cache's type and writes; combine weighs partials by their log-sum-exp.  Each function first refuses bad
// arguments, and reads no slot and no page-table entry that no key uses.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "reference/attention.hpp"
#include "reference/core/tensor.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::flash_decode {

/// One unit for each sequence and KV head, unit s * hk + k; rows are packed, r = i * (hq / hk) + g.
/// The units read `inputs` through their loaders, so it must outlive them.
std::vector<attention_unit> attend_units(const attend_problem&, const tensor_set& inputs);

/// Truth of every unit, in the order of `attend_units`.
std::vector<attention_truth> attend(const attend_problem&, const tensor_set& inputs,
                                    std::span<const contract> contracts,
                                    const attention_options& options = {});

/// Where a row of a unit stands in the call, and in the outputs.
struct row_place {
  std::int64_t sequence, query, head;
  std::int64_t out_row;  // row of `out` in row-major order: ((sequence, query) or packed token) * hq + head
  std::int64_t lse;      // element of `lse` in row-major order: (sequence, head, query) or (head, token)
};
row_place place_of(const attend_problem&, std::size_t unit, std::int64_t row);
/// "sequence 2, query 1, head 5".
std::string name_of(const row_place&);

/// Truth of an append.
struct append_truth {
  tensor k_cache, v_cache;      // the caches as they must be afterwards, byte for byte
  tensor q_rotated;             // as q; rank 0 without rotary
  std::vector<double> k_exact;  // (new tokens, hk, d): rotated, not yet rounded
  std::vector<double> q_exact;  // (query tokens, hq, d): rotated, not yet rounded; empty without rotary
  struct slot {
    std::int64_t sequence, token;     // new token t of a sequence
    std::int64_t row, position;       // cache row and slot; paged: physical page and offset in it
    std::int64_t k_offset, v_offset;  // element offset of its first head in k_cache and v_cache
  };
  std::vector<slot> written;  // one a new token, in packed order
};
append_truth append(const append_problem&, const tensor_set& inputs);

/// The attend that follows an append in one call: the caches and the rotated q as the append left them
/// (somebody's outputs or `append_truth`'s), lengths grown by the new tokens, other inputs as given.
/// `attend` brings the options of the attention; its cache shape is filled in from `append`.
struct attend_call {
  attend_problem problem;
  tensor_set inputs;
};
attend_call attend_after(const append_problem& append, const attend_problem& attend, const tensor_set& inputs,
                         const tensor& k_cache, const tensor& v_cache, const tensor* q_rotated);

/// Rotates the first 2 * pairs dims of one row in double: pair e is (2e, 2e + 1) when interleaved, else
/// (e, e + pairs); x' = x c - y s, y' = x s + y c.
void rotate_row(std::span<double> row, std::span<const double> cos, std::span<const double> sin,
                bool interleaved);

/// Truth of a combine, row-major: out (b, sq, hq, dv), lse (b, sq, hq).
struct combine_truth {
  std::vector<double> out, lse;
};
combine_truth combine(const combine_problem&, const tensor_set& inputs);

}  // namespace plumbline::flash_decode
