// The laws of mla's attentions beyond agreement with the truth.
#pragma once

#include <span>

#include "properties/laws/reruns.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::laws {

std::span<const law<mla::prefill_problem>> prefill_laws();
std::span<const law<mla::decode_problem>> decode_laws();
std::span<const law<mla::decode_indices_problem>> decode_indices_laws();
std::span<const law<mla::prefill_indices_problem>> prefill_indices_laws();

// attention_refusals.cpp: bad arguments are refused by name.
std::string broken_prefill_refusals(const subject<mla::prefill_problem>&);
std::string broken_decode_refusals(const subject<mla::decode_problem>&);
std::string broken_decode_indices_refusals(const subject<mla::decode_indices_problem>&);
std::string broken_prefill_indices_refusals(const subject<mla::prefill_indices_problem>&);

}  // namespace plumbline::laws
