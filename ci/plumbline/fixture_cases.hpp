// A recorded case held to all that can be asked of it: what a worker does for `plumbline fixtures check`.
//
// A fixture rots in silence: its inputs are no longer what its line draws, its outputs are those of a kernel
// that is gone, the set is empty.  So each of these is a question of its own, and what cannot be asked is
// said by name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ci/plumbline/instrument.hpp"
#include "fixtures/store.hpp"
#include "properties/operation.hpp"

namespace plumbline::program {

/// What is said of outputs whose kernel has changed since: it computes the same now, or others, which fails
/// nothing.
inline constexpr std::string_view of_other_sources = "are of other sources, and of the same bits",
                                  of_other_bits = "are of other sources, and of other bits";

/// Asks of a case "FILE#/group/case":
///  - its digest, and that operators own it;
///  - that its line of text draws these inputs bit for bit, where it has one;
///  - that what it holds (outputs, expected_*) is judged to be right;
///  - that every variant that takes it passes on `where`;
///  - that the variant it was recorded from computes the same bits, where the kernel's sources are the same.
/// kind "checked"; or "unsupported" when no operator knows the group.  The message of a failure has every
/// problem; that of a pass what was not asked, and why.
external_judgement check_recorded(const instrument&, const std::string& path, executor& where);
/// Every case of a file.
std::vector<fixtures::stored_case> read_all(const std::string& file);

}  // namespace plumbline::program
