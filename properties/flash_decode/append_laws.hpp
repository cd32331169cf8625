// The laws of append beyond agreement with the truth.
#pragma once

#include <span>

#include "properties/laws/reruns.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::laws {

using append_subject = subject<flash_decode::append_problem>;

std::span<const law<flash_decode::append_problem>> append_laws();

std::string concerns_append_batch(const append_subject&);
std::string broken_append_batch(const append_subject&);
std::string concerns_append_pages(const append_subject&);
std::string broken_append_pages(const append_subject&);
std::string broken_append_unused(const append_subject&);
std::string broken_rows_outside(const append_subject&);
std::string broken_append_refusals(const append_subject&);

}  // namespace plumbline::laws
