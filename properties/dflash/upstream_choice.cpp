// Acceptance, sampling and the loop, in upstream's terms.
//
// Where upstream holds the target's tokens alone, our call has logits of one largest token each.
#include <algorithm>

#include "properties/dflash/upstream.hpp"
#include "reference/core/counted.hpp"
#include "reference/core/index.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/dflash.hpp"
#include "reference/dflash_generate.hpp"

namespace plumbline::dflash {

namespace {

int_list whole(const tensor& t) {
  int_list values;
  for (const double x : t.values()) values.push_back(static_cast<std::int64_t>(x));
  return values;
}

struct accept_call {
  accept_problem problem;
  tensor_set inputs;
};

// Blocks (rounds, block_size) against the target's tokens.
accept_call call_of(const int_list& blocks, const int_list& target, std::int64_t block_size) {
  if (blocks.size() != target.size() || block_size < 1 || blocks.size() % at(block_size) != 0)
    throw bad_argument("case", "expected as many tokens of the target as of blocks");
  accept_call call;
  accept_problem& p = call.problem;
  p.b = static_cast<std::int64_t>(blocks.size()) / block_size;
  p.block_size = block_size;
  p.vocab_size = 1;
  for (const int_list* list : {&blocks, &target})
    for (const std::int64_t token : *list) p.vocab_size = std::max(p.vocab_size, token + 1);
  call.inputs = empty_inputs(p);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const auto row = static_cast<std::int64_t>(i);
    call.inputs.at("block").set_value(row, static_cast<double>(blocks[i]));
    call.inputs.at("logits").set_value(row * p.vocab_size + target[i], 1);
  }
  return call;
}

accept_call sampled(upstream_source& from) {
  const tensor& logits = from.at("logits", 3);
  accept_call call;
  accept_problem& p = call.problem;
  p.type = logits.type();
  p.b = logits.dim(0), p.block_size = logits.dim(1), p.vocab_size = logits.dim(2);
  p.temperature = from.real("temperature");
  call.inputs = empty_inputs(p);
  call.inputs.set("logits", logits);
  if (!p.greedy())
    for (std::int64_t i = 0; i < p.b * p.block_size; ++i) call.inputs.at("uniforms").set_value(i, 0.5);
  return call;
}

accept_call call_of(upstream_source& from) {
  if (from.group() == "dflash_sample") return sampled(from);
  const bool loop = from.group() == "dflash_generate";
  const tensor& blocks = from.at(loop ? "expected_block_ids" : "candidates", 2);
  return call_of(whole(blocks), whole(from.at(loop ? "posterior" : "target_predict", 2)), blocks.dim(1));
}

void look_at(disagreement& d, upstream_source& from, const char* name, const int_list& ours) {
  const int_list theirs = whole(from.at(name));
  if (theirs.size() != ours.size())
    throw bad_argument(
        name, "expected " + counted(ours.size(), "element") + ", got " + std::to_string(theirs.size()));
  for (std::size_t i = 0; i < ours.size(); ++i)
    d.look(static_cast<double>(theirs[i]), static_cast<double>(ours[i]), 0,
           std::string(name) + ", element " + std::to_string(i));
}

void look_at_acceptance(disagreement& d, upstream_source& from, const accept_call& call) {
  const accept_truth truth = accept(call.problem, call.inputs);
  look_at(d, from, "expected_accepted", truth.accepted);
  look_at(d, from, "expected_bonus", truth.next_token);
  // Drafts one place to the left, zero behind them, the target's token where they end to agree.
  int_list lens = whole(from.at("prefix_lens", 1)), tokens;
  const int_list blocks = whole(from.at("candidates", 2));
  const std::int64_t size = call.problem.block_size;
  for (std::int64_t n = 0; n < call.problem.b; ++n) {
    lens.at(at(n)) += truth.accepted[at(n)] + 1;
    for (std::int64_t i = 0; i < size; ++i)
      tokens.push_back(i == truth.accepted[at(n)] ? truth.next_token[at(n)]
                       : i + 1 < size             ? blocks[at(n * size + i + 1)]
                                                  : 0);
  }
  look_at(d, from, "expected_new_seq_lens", lens);
  look_at(d, from, "expected_out_tokens", tokens);
}

void look_at_samples(disagreement& d, upstream_source& from, const accept_call& call) {
  const accept_truth truth = accept(call.problem, call.inputs);
  if (call.problem.greedy()) return look_at(d, from, "expected_tokens", truth.posterior);
  const std::vector<double> theirs = from.at("expected_probabilities", 3).values();
  if (theirs.size() != truth.cumulative.size())
    throw bad_argument("expected_probabilities", "expected one a logit");
  const auto width = at(call.problem.vocab_size);
  const double allowed = 2 * static_cast<double>(width + 1) * 0x1p-53;  // a sum of so many on either side
  double sum = 0;
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    sum = (i % width == 0 ? 0 : sum) + theirs[i];
    d.look(sum, truth.cumulative[i], allowed,
           "position " + std::to_string(i / width) + ", tokens up to " + std::to_string(i % width));
  }
}

// A target and a draft that say what they are recorded to have said, round by round.
class recorded_target : public verifier {
 public:
  recorded_target(std::int64_t first, int_list posterior, std::int64_t block_size)
      : first_(first), posterior_(std::move(posterior)), size_(at(block_size)) {}
  std::int64_t prefill(const int_list&) override { return first_; }
  int_list verify(const int_list& block, std::int64_t) override {
    if (next_ + size_ > posterior_.size() || block.size() != size_)
      throw bad_argument("posterior", "expected a row for every round that the loop takes");
    int_list row(posterior_.begin() + static_cast<std::ptrdiff_t>(next_),
                 posterior_.begin() + static_cast<std::ptrdiff_t>(next_ + size_));
    next_ += size_;
    return row;
  }
  void crop(std::int64_t) override {}

 private:
  std::int64_t first_;
  int_list posterior_;
  std::size_t size_, next_ = 0;
};
class recorded_draft : public drafter {
 public:
  recorded_draft(int_list tokens, std::int64_t block_size)
      : tokens_(std::move(tokens)), size_(at(block_size - 1)) {}
  int_list draft(const int_list&, std::int64_t first_position, std::int64_t context) override {
    if (next_ + size_ > tokens_.size())
      throw bad_argument("draft_tokens", "expected a row for every round that the loop takes");
    first_positions.push_back(first_position);
    position_counts.push_back(context + static_cast<std::int64_t>(size_) + 1);
    int_list row(tokens_.begin() + static_cast<std::ptrdiff_t>(next_),
                 tokens_.begin() + static_cast<std::ptrdiff_t>(next_ + size_));
    next_ += size_;
    return row;
  }
  void crop(std::int64_t) override {}
  int_list first_positions, position_counts;

 private:
  int_list tokens_;
  std::size_t size_, next_ = 0;
};

generation loop_of(upstream_source& from) {
  generation g;
  g.prompt = whole(from.at("input_ids", 1));
  g.max_new_tokens = from.integer("max_new_tokens");
  g.block_size = from.integer("block_size");
  g.mask_id = from.integer("mask_token_id");
  if (from.has("stop_token_ids")) g.stop_ids = whole(from.at("stop_token_ids"));
  return g;
}

void look_at_loop(disagreement& d, upstream_source& from, const generation& g) {
  recorded_target target(whole(from.at("first_token")).at(0), whole(from.at("posterior", 2)), g.block_size);
  recorded_draft draft(from.has("draft_tokens") ? whole(from.at("draft_tokens", 2)) : int_list{},
                       g.block_size);
  const generated text = generate(g, target, draft);
  int_list start, lengths, blocks, contexts, drafts, targets, positions;
  for (const generation_round& round : text.rounds) {
    start.push_back(round.start), lengths.push_back(round.accepted + 1);
    contexts.push_back(round.context), drafts.push_back(round.draft_cache);
    targets.push_back(round.target_cache);
    for (std::int64_t i = 0; i < g.block_size; ++i) {
      blocks.push_back(round.block[at(i)]);
      positions.push_back(round.start + i);
    }
  }
  look_at(d, from, "expected_output_ids", text.ids);
  look_at(d, from, "expected_start", start);
  look_at(d, from, "expected_acceptance_lengths", lengths);
  look_at(d, from, "expected_block_ids", blocks);
  look_at(d, from, "expected_target_cache_len_before", targets);
  look_at(d, from, "expected_target_positions", positions);
  if (g.block_size == 1) return;
  look_at(d, from, "expected_context_len", contexts);
  look_at(d, from, "expected_draft_cache_len_before", drafts);
  look_at(d, from, "expected_draft_first_position", draft.first_positions);
  look_at(d, from, "expected_draft_position_count", draft.position_counts);
}

}  // namespace

std::vector<recorded_case> upstream_choice_calls(upstream_source& from) {
  accept_call call = call_of(from);
  std::vector<recorded_case> all = {from.call("accept", to_text(call.problem))};
  all[0].tensors = std::move(call.inputs);
  return all;
}

external_judgement judge_upstream_choice(const recorded_case& c, upstream_source& from) {
  disagreement d;
  const accept_call call = call_of(from);
  check(call.problem, call.inputs);
  if (from.group() == "dflash_accept") {
    look_at_acceptance(d, from, call);
  } else if (from.group() == "dflash_sample") {
    look_at_samples(d, from, call);
  } else {
    const generation g = loop_of(from);
    look_at_loop(d, from, g);
    if (holds_models(from)) {
      const external_judgement found[] = {d.conclude(c), judge_upstream_pair(c, from, g)};
      return worst(c, found);
    }
  }
  return d.conclude(c);
}

}  // namespace plumbline::dflash
