// The laws of attend beyond agreement with the truth: names, who they concern, and what breaks them.
#pragma once

#include <span>

#include "properties/laws/reruns.hpp"
#include "reference/flash_decode_problem.hpp"

namespace plumbline::laws {

using attend_subject = subject<flash_decode::attend_problem>;

/// Every law, in the order in which it is listed.
std::span<const law<flash_decode::attend_problem>> attend_laws();

/// The problem with another split count that the variant takes.
flash_decode::attend_problem with_other_splits(const attend_subject&, random_stream&);

// attend_bits.cpp: the same bits in another place, at another time.
std::string concerns_batch(const attend_subject&);
std::string broken_batch_position(const attend_subject&);
std::string concerns_pages(const attend_subject&);
std::string broken_page_layout(const attend_subject&);
std::string broken_split_bits(const attend_subject&);
std::string broken_unused_memory(const attend_subject&);

// attend_relations.cpp: related inputs, related outputs.
std::string broken_split_agreement(const attend_subject&);
std::string concerns_key_order(const attend_subject&);
std::string broken_key_order(const attend_subject&);
std::string concerns_value_scale(const attend_subject&);
std::string broken_value_scale(const attend_subject&);
std::string concerns_halves(const attend_subject&);
std::string broken_halves(const attend_subject&);

// attend_nan.cpp: a NaN in a key or a value reaches the rows that see it, and no other.
std::string concerns_nan(const attend_subject&);
std::string broken_nan(const attend_subject&);

// attend_refusals.cpp: bad arguments are refused by name.
std::string broken_attend_refusals(const attend_subject&);

}  // namespace plumbline::laws
