// The laws of store beyond agreement with the truth.
#pragma once

#include <span>

#include "properties/laws/reruns.hpp"
#include "reference/quantize_problem.hpp"

namespace plumbline::laws {

using store_subject = subject<quantize::store_problem>;

std::span<const law<quantize::store_problem>> store_laws();

std::string concerns_tokens(const store_subject&);
std::string concerns_tokens_at_all(const store_subject&);
std::string broken_token_order(const store_subject&);
std::string concerns_pages(const store_subject&);
std::string broken_pages(const store_subject&);
std::string broken_unused(const store_subject&);
std::string broken_slots_outside(const store_subject&);
std::string broken_step(const store_subject&);
std::string concerns_scaling(const store_subject&);
std::string broken_scaling(const store_subject&);
std::string broken_store_refusals(const store_subject&);

}  // namespace plumbline::laws
