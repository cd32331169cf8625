#include "properties/meaning.hpp"

namespace plumbline {

namespace {

constexpr meaning shared[] = {
    {"completes", "The kernel ends, without a crash, a hang or a fault that the executor reports."},
    {"touches_nothing_else", "Inputs, and the guard zones around every tensor, keep their bytes."},
    {"agrees_with_truth", "Every output lies within its budget around the double-precision result."},
    {"stages_keep_their_budgets",
     "Scores, row maximum, row sum, partials and merge, each judged by what the kernel had before it."},
    {"same_bits_run_to_run", "Run again, the outputs have the same bits."},
    {"same_bits_any_batch_position", "A sequence gives the same bits alone and anywhere in a batch."},
    {"same_bits_any_page_layout", "The same bits for any order of pages and any page size."},
    {"same_bits_any_split_count", "The same bits into however many splits the keys are divided."},
    {"same_bits_any_schedule", "The same bits in whatever order blocks and threads run."},
    {"same_bits_host_and_gpu", "The host executor and a GPU give the same bits."},
    {"unused_memory_changes_nothing", "What lies in memory that the problem does not use changes no bit."},
    {"bad_arguments_refused", "A malformed problem or tensor is refused by an error that names it."}};

std::string_view sentence_in(std::span<const meaning> all, std::string_view name) {
  for (const meaning& one : all)
    if (one.name == name) return one.sentence;
  return {};
}

}  // namespace

std::string_view meaning_of(std::string_view name, std::span<const meaning> own) {
  const std::string_view found = sentence_in(own, name);
  return found.empty() ? sentence_in(shared, name) : found;
}

}  // namespace plumbline
