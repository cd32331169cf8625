// The laws of dflash beyond agreement with the truth.
#pragma once

#include <span>
#include <string>

#include "properties/laws/reruns.hpp"
#include "reference/dflash_problem.hpp"

namespace plumbline::laws {

using dflash_project_subject = subject<dflash::project_problem>;
using dflash_attention_subject = subject<dflash::attention_problem>;
using dflash_accept_subject = subject<dflash::accept_problem>;
using dflash_crop_subject = subject<dflash::crop_problem>;

std::span<const law<dflash::project_problem>> dflash_project_laws();
std::span<const law<dflash::attention_problem>> dflash_attention_laws();
std::span<const law<dflash::accept_problem>> dflash_accept_laws();
std::span<const law<dflash::crop_problem>> dflash_crop_laws();

/// Empty, or where a loop with the variant commits another text than the target alone.
std::string broken_dflash_loop(const dflash_accept_subject&);

std::string broken_dflash_refusals(const dflash_project_subject&);
std::string broken_dflash_refusals(const dflash_attention_subject&);
std::string broken_dflash_refusals(const dflash_accept_subject&);
std::string broken_dflash_refusals(const dflash_crop_subject&);

}  // namespace plumbline::laws
