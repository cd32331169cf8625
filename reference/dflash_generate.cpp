#include "reference/dflash_generate.hpp"

#include <algorithm>

#include "reference/core/keyed_text.hpp"
#include "reference/dflash.hpp"

namespace plumbline::dflash {

generated generate(const generation& g, verifier& target, drafter& draft) {
  const auto contains = [](const int_list& all, std::int64_t id) {
    return std::find(all.begin(), all.end(), id) != all.end();
  };
  if (g.block_size < 1) throw bad_argument("block_size", "expected at least 1");
  if (g.prompt.empty()) throw bad_argument("prompt", "expected at least one token");
  if (contains(g.stop_ids, g.mask_id))
    throw bad_argument("stop_ids", "expected no mask_id, which no text can end with");
  const auto prompt = static_cast<std::int64_t>(g.prompt.size()), end = prompt + g.max_new_tokens;
  generated all;
  all.ids = g.prompt;
  all.ids.push_back(target.prefill(g.prompt));
  std::int64_t start = prompt, context = prompt, draft_cache = 0, target_cache = prompt;
  bool stopped = false;
  while (start < end && !stopped) {
    generation_round round{start, context, draft_cache, target_cache, {all.ids.back()}, 0};
    round.block.resize(static_cast<std::size_t>(g.block_size), g.mask_id);
    if (g.block_size > 1) {
      const int_list drafts = draft.draft(round.block, draft_cache, context);
      std::copy_n(drafts.begin(), g.block_size - 1, round.block.begin() + 1);
      draft.crop(start);
      draft_cache = start;
    }
    const int_list posterior = target.verify(round.block, start);
    const agreement one = agreement_of(round.block, posterior);
    round.accepted = one.accepted;
    all.ids.insert(all.ids.end(), round.block.begin() + 1, round.block.begin() + 1 + one.accepted);
    all.ids.push_back(one.next_token);
    context = one.accepted + 1;
    start += context;
    target.crop(start);
    target_cache = start;
    stopped = std::any_of(all.ids.begin() + prompt, all.ids.end(),
                          [&](std::int64_t id) { return contains(g.stop_ids, id); });
    all.rounds.push_back(std::move(round));
  }
  all.ids.resize(static_cast<std::size_t>(std::min(start + 1, end)));
  const auto stop = std::find_if(all.ids.begin() + prompt, all.ids.end(),
                                 [&](std::int64_t id) { return contains(g.stop_ids, id); });
  if (stop != all.ids.end()) all.ids.erase(stop + 1, all.ids.end());
  return all;
}

}  // namespace plumbline::dflash
