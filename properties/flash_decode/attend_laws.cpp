#include "properties/flash_decode/attend_laws.hpp"

namespace plumbline::laws {

namespace {

using flash_decode::attend_problem;

constexpr law<attend_problem> all[] = {
    {"same_bits_run_to_run", claim::same_bits_run_to_run, concerns_all<attend_problem>,
     broken_run_to_run<attend_problem>},
    {"same_bits_any_batch_position", claim::same_bits_any_batch_position, concerns_batch,
     broken_batch_position},
    {"same_bits_any_page_layout", claim::same_bits_any_page_layout, concerns_pages, broken_page_layout},
    {"same_bits_any_split_count", claim::same_bits_any_split_count, concerns_all<attend_problem>,
     broken_split_bits},
    {"same_bits_any_schedule", claim::same_bits_any_schedule, concerns_schedule<attend_problem>,
     broken_schedule<attend_problem>, failing_schedule<attend_problem>},
    {"agrees_for_any_split_count", claim::none, concerns_all<attend_problem>, broken_split_agreement},
    {"unused_memory_changes_nothing", claim::none, concerns_all<attend_problem>, broken_unused_memory},
    {"permuted_keys_agree", claim::none, concerns_key_order, broken_key_order},
    {"scaled_values_scale_the_output", claim::none, concerns_value_scale, broken_value_scale},
    {"nan_reaches_its_rows", claim::none, concerns_nan, broken_nan},
    {"merged_halves_agree", claim::none, concerns_halves, broken_halves},
    {"bad_arguments_refused", claim::none, concerns_all<attend_problem>, broken_attend_refusals},
};

}  // namespace

std::span<const law<attend_problem>> attend_laws() { return all; }

}  // namespace plumbline::laws
