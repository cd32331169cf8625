// Which attentions of mla are called.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "properties/generate/problem_class.hpp"
#include "reference/core/contract.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::generate {

mla::prefill_problem draw_prefill(const contract& promised, std::string_view regime, std::uint64_t seed,
                                  std::uint64_t index);
mla::decode_problem draw_decode(const contract& promised, std::string_view regime, std::uint64_t seed,
                                std::uint64_t index);
mla::decode_indices_problem draw_decode_indices(const contract& promised, std::string_view regime,
                                                std::uint64_t seed, std::uint64_t index);
mla::prefill_indices_problem draw_prefill_indices(const contract& promised, std::string_view regime,
                                                  std::uint64_t seed, std::uint64_t index);

std::vector<mla::prefill_problem> smaller(const mla::prefill_problem&);
std::vector<mla::decode_problem> smaller(const mla::decode_problem&);
std::vector<mla::decode_indices_problem> smaller(const mla::decode_indices_problem&);
std::vector<mla::prefill_indices_problem> smaller(const mla::prefill_indices_problem&);

// attention_classes.cpp
std::span<const problem_class<mla::prefill_problem>> prefill_classes();
std::span<const problem_class<mla::decode_problem>> decode_classes();
std::span<const problem_class<mla::decode_indices_problem>> decode_indices_classes();
std::span<const problem_class<mla::prefill_indices_problem>> prefill_indices_classes();

}  // namespace plumbline::generate
