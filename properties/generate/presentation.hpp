// The same inputs, presented in another way: rows in another order, other strides, other bytes where nobody
// may look.
#pragma once

#include <cstdint>
#include <vector>

#include "reference/core/random.hpp"
#include "reference/core/tensor.hpp"

namespace plumbline::generate {

/// The elements of `from` in the strides of `like`, which has its shape, and `fill` in padding and guard
/// zones. For inputs that are not updated in place: an executor compares them with themselves afterwards.
tensor relaid(const tensor& from, tensor like, std::byte fill);
/// Rows order[0], order[1], ... of a tensor; strides and gap bytes are the original's.
tensor reordered(const tensor&, const std::vector<std::int64_t>& order);
/// Bytes that look like what an earlier call left: any value, from a stream.
void fill_stale(tensor&, random_stream);
/// 0 .. count - 1 in an order that differs from it when count > 1.
std::vector<std::int64_t> another_order(std::int64_t count, random_stream&);
/// i32 tensor of rank 1.
tensor places(const std::vector<std::int64_t>&);

}  // namespace plumbline::generate
