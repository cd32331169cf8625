// Where the rows of mla's caches lie, for whoever fills or moves them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "reference/core/tensor.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::generate {

/// Every tensor of the problem: lengths are the problem's, entries of tables and lists wild, all other bytes
/// `fill`, gaps among them.
tensor_set wild_inputs(const mla::prefill_problem&, std::byte fill);
tensor_set wild_inputs(const mla::decode_problem&, std::byte fill);
tensor_set wild_inputs(const mla::decode_indices_problem&, std::byte fill);
tensor_set wild_inputs(const mla::prefill_indices_problem&, std::byte fill);

/// Copies row `from` of one cache of these problems to row `to` of another: (sequence, row, head) of k or v;
/// (page, row, head); or a number of a row, of the first or the second cache.
void copy_row(const tensor& cache, std::int64_t outer, std::int64_t row, std::int64_t head, tensor& to,
              std::int64_t to_outer, std::int64_t to_row);
void copy_row(const mla::decode_indices_problem&, bool extra, const tensor& cache, std::int64_t slot,
              tensor& to, std::int64_t to_slot);

/// Calls `each` for the element of `entries` of every entry that counts, query after query.
void for_each_entry(const mla::decode_indices_problem&, bool extra, const tensor& entries,
                    const std::function<void(std::int64_t query, std::int64_t j, std::int64_t offset)>& each);
void for_each_entry(const mla::prefill_indices_problem&, const tensor& entries,
                    const std::function<void(std::int64_t query, std::int64_t j, std::int64_t offset)>& each);

}  // namespace plumbline::generate
