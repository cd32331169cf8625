#include "tests/claims/drafting_loop.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "reference/core/random.hpp"
#include "reference/dflash.hpp"
#include "tests/claims/subjects.hpp"

namespace plumbline::claims::drafting {

namespace {

using dflash::int_list;

// Codes -127 to 127 of the largest magnitude of a row.
void to_int8(tensor& weight) {
  const std::int64_t width = weight.dim(weight.rank() - 1);
  for (std::int64_t row = 0; row < weight.size() / width; ++row) {
    double most = 0;
    for (std::int64_t i = 0; i < width; ++i) most = std::max(most, std::fabs(weight.value(row * width + i)));
    const double scale = most / 127;
    for (std::int64_t i = 0; scale > 0 && i < width; ++i)
      weight.set_value(row * width + i, std::nearbyint(weight.value(row * width + i) / scale) * scale);
  }
}

class loop {
 public:
  loop(const generation_problem& p, const tensor_set& inputs, unsigned flaws)
      : p_(p),
        flaws_(flaws),
        inputs_(inputs),
        target_(p, inputs_),
        draft_(p, inputs_),
        uniforms_(p, inputs_) {
    for (auto& [name, weight] : inputs_)
      if (weight.rank() == 2 && ((has(draft_in_int8) && name.rfind("draft_", 0) == 0) ||
                                 (has(target_in_int8) && name.rfind("target_", 0) == 0)))
        to_int8(weight);
  }

  generation_record run() {
    const std::int64_t prompt = p_.prompt_len, end = prompt + p_.max_new;
    int_list ids(static_cast<std::size_t>(end + p_.block_size), p_.mask_id);
    for (std::int64_t i = 0; i < prompt; ++i)
      at(ids, i) = static_cast<std::int64_t>(inputs_.at("prompt").value(i));
    const int_list given(ids.begin(), ids.begin() + prompt);
    const std::vector<double> logits = target_.logits(given, 0);
    at(ids, prompt) = chosen(p_, {logits.end() - p_.vocab_size, logits.end()}, uniforms_.take(prompt, 1))[0];
    std::int64_t start = prompt, context = prompt;
    while (start < end) {
      int_list block(ids.begin() + start, ids.begin() + start + p_.block_size);
      record_.rounds.push_back({start, 0, draft_.rows(), {}, {}});
      generation_record::round& round = record_.rounds.back();
      if (p_.block_size > 1) draft(block, start, context, round);
      round.block = block;
      const int_list posterior =
          chosen(p_, target_.logits(block, start), uniforms_.take(start + 1, p_.block_size));
      const dflash::agreement one = dflash::agreement_of(block, posterior);
      round.accepted = one.accepted;
      std::copy_n(block.begin(), one.accepted + 1, ids.begin() + start);
      at(ids, start + one.accepted + 1) = has(unchecked_draft) && one.accepted + 1 < p_.block_size
                                              ? at(block, one.accepted + 1)
                                              : one.next_token;
      start += one.accepted + 1;
      target_.crop(start);
      context = one.accepted + 1;
    }
    ids.resize(static_cast<std::size_t>(std::min(start + 1, end) - (has(text_one_short) ? 1 : 0)));
    if (has(masks_stripped)) std::erase(ids, p_.mask_id);
    record_.ids = std::move(ids);
    return std::move(record_);
  }

 private:
  bool has(flaw one) const { return (flaws_ & one) != 0; }
  static std::int64_t& at(int_list& list, std::int64_t i) { return list[static_cast<std::size_t>(i)]; }

  void draft(int_list& block, std::int64_t start, std::int64_t context, generation_record::round& round) {
    round.noise = embedded(block);
    const std::vector<double> logits =
        draft_.logits(target_, round.noise, target_.features(context), angles(start, context));
    if (!has(crops_every_4_blocks) || start % (4 * p_.block_size) == 0) draft_.crop(start);
    generation_problem greedy = p_;
    if (!has(draft_is_sampled)) greedy.temperature = 0;
    const std::vector<double> numbers = has(draft_is_sampled) && p_.temperature >= dflash::least_temperature
                                            ? draft_numbers(start)
                                            : std::vector<double>();
    const int_list tokens = chosen(greedy, logits, numbers);
    std::copy(tokens.begin(), tokens.end(), block.begin() + 1);
  }

  // In turn with the target's; else numbers of its own for each position.
  std::vector<double> draft_numbers(std::int64_t start) {
    if (p_.numbers_in_turn) return uniforms_.take(0, p_.block_size - 1);
    random_stream own(static_cast<std::uint64_t>(start), "draft");
    std::vector<double> numbers;
    for (std::int64_t i = 1; i < p_.block_size; ++i) numbers.push_back(own.uniform());
    return numbers;
  }

  // Blocks are fresh copies of the same length, and the allocator gives them the same place each time.
  std::vector<double> embedded(const int_list& block) {
    if (!has(memo_by_address) && !has(memo_by_contents) && !has(memo_by_masks))
      return target_.embedded(block);
    int_list key;
    if (has(memo_by_contents)) key = block;
    if (has(memo_by_masks)) key.assign(block.begin() + 1, block.end());
    const auto found = memo_.find(key);
    return found != memo_.end() ? found->second : memo_.emplace(key, target_.embedded(block)).first->second;
  }

  // Of positions [rows of the cache, start + block): one a new key, or one for all where it is alone.
  dflash::rotary_rows angles(std::int64_t start, std::int64_t context) {
    const std::int64_t first = draft_.rows(), places = start + p_.block_size - first;
    const std::int64_t keys = context + p_.block_size;
    if (places <= 0)
      refuse("no positions are left for the block: the cache holds " + std::to_string(first) + " rows");
    if (places != keys && places != 1)
      refuse("rotation: " + std::to_string(places) + " positions for " + std::to_string(keys) + " new keys");
    dflash::rotary_rows rows = angles_of(p_, first, places);
    const std::size_t width = rows.cos.size() / static_cast<std::size_t>(places);
    for (std::int64_t i = places; i < keys; ++i) {
      rows.cos.insert(rows.cos.end(), rows.cos.begin(),
                      rows.cos.begin() + static_cast<std::ptrdiff_t>(width));
      rows.sin.insert(rows.sin.end(), rows.sin.begin(),
                      rows.sin.begin() + static_cast<std::ptrdiff_t>(width));
    }
    return rows;
  }

  const generation_problem& p_;
  const unsigned flaws_;
  tensor_set inputs_;
  target_model target_;
  draft_model draft_;
  uniform_source uniforms_;
  std::map<int_list, std::vector<double>> memo_;
  generation_record record_;
};

}  // namespace

generation_record run(const generation_problem& p, const tensor_set& inputs, unsigned flaws) {
  return loop(p, inputs, flaws).run();
}

}  // namespace plumbline::claims::drafting
