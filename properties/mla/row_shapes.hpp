// Which rows are normed, rotated and written.
#pragma once

#include <string_view>
#include <vector>

#include "properties/generate/problem_class.hpp"
#include "reference/core/contract.hpp"
#include "reference/mla_module_problem.hpp"

namespace plumbline::generate {

mla::rms_norm_problem draw_rms_norm(const contract& promised, std::string_view regime, std::uint64_t seed,
                                    std::uint64_t index);
mla::rotary_problem draw_rotary(const contract& promised, std::string_view regime, std::uint64_t seed,
                                std::uint64_t index);
mla::write_cache_problem draw_write_cache(const contract& promised, std::string_view regime,
                                          std::uint64_t seed, std::uint64_t index);

std::vector<mla::rms_norm_problem> smaller(const mla::rms_norm_problem&);
std::vector<mla::rotary_problem> smaller(const mla::rotary_problem&);
std::vector<mla::write_cache_problem> smaller(const mla::write_cache_problem&);

std::span<const problem_class<mla::rms_norm_problem>> rms_norm_classes();
std::span<const problem_class<mla::rotary_problem>> rotary_classes();
std::span<const problem_class<mla::write_cache_problem>> write_cache_classes();

}  // namespace plumbline::generate
