// The laws of rms_norm, rotary and write_cache beyond agreement with the truth.
#pragma once

#include <span>

#include "properties/laws/reruns.hpp"
#include "reference/mla_module_problem.hpp"

namespace plumbline::laws {

using rms_norm_subject = subject<mla::rms_norm_problem>;
using rotary_subject = subject<mla::rotary_problem>;
using write_cache_subject = subject<mla::write_cache_problem>;

std::span<const law<mla::rms_norm_problem>> rms_norm_laws();
std::span<const law<mla::rotary_problem>> rotary_laws();
std::span<const law<mla::write_cache_problem>> write_cache_laws();

std::string broken_norm_refusals(const rms_norm_subject&);
std::string broken_rotary_refusals(const rotary_subject&);
std::string broken_write_refusals(const write_cache_subject&);

}  // namespace plumbline::laws
