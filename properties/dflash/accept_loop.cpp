// Block drafting is lossless: at temperature 0 the loop commits what the target alone would, for any draft.
//
// A small target answers by rule, the token behind two others, and a draft guesses it right as often as it is
// drawn to.  The kernel is asked round by round, and what it accepts and adds is committed as it says: a
// count that is one too high, a token from the position before or a comparison out of step derails the text.
#include <algorithm>

#include "properties/dflash/laws.hpp"
#include "reference/core/index.hpp"

namespace plumbline::laws {

using dflash::accept_problem;
using dflash::int_list;

namespace {

constexpr std::int64_t most_block = 16, most_vocabulary = 61, wanted_tokens = 24;

class scripted_target {
 public:
  scripted_target(std::uint64_t seed, std::int64_t vocabulary) : vocabulary_(vocabulary) {
    random_stream draw(seed, "target");
    for (std::int64_t& weight : weights_) weight = draw.integer(1, vocabulary);
  }
  /// The token behind the last of a text.
  std::int64_t behind(std::int64_t before, std::int64_t last) const {
    return (weights_[0] * before + weights_[1] * last + weights_[2]) % vocabulary_;
  }

 private:
  std::int64_t vocabulary_;
  std::int64_t weights_[3] = {};
};

int_list alone(const scripted_target& target, int_list text, std::int64_t count) {
  for (std::int64_t n = 0; n < count; ++n) text.push_back(target.behind(text[text.size() - 2], text.back()));
  return text;
}

}  // namespace

std::string broken_dflash_loop(const dflash_accept_subject& s) {
  random_stream choice(s.seed, "loop");
  accept_problem p;
  p.type = s.problem.type;
  p.block_size = std::min(s.problem.block_size, most_block);
  p.vocab_size = std::min(s.problem.vocab_size, most_vocabulary);
  const scripted_target target(s.seed, p.vocab_size);
  const double skill = choice.uniform();
  int_list text = {0, choice.integer(0, p.vocab_size - 1)};
  const int_list truth = alone(target, text, wanted_tokens + p.block_size);
  while (static_cast<std::int64_t>(text.size()) < wanted_tokens) {
    tensor_set inputs = empty_inputs(p);
    int_list block = {text.back()};
    std::int64_t before = text[text.size() - 2];
    for (std::int64_t i = 0; i < p.block_size; ++i) {
      const std::int64_t last = block.back(), answer = target.behind(before, last);
      const std::int64_t guess = choice.integer(0, p.vocab_size - 1);
      for (std::int64_t t = 0; t < p.vocab_size; ++t)
        inputs.at("logits").set_value(i * p.vocab_size + t, t == answer ? 8 : choice.normal());
      inputs.at("block").set_value(i, static_cast<double>(last));
      block.push_back(choice.chance(skill) ? answer : guess);
      before = last;
    }
    const attempt round = s.run(p, inputs);
    if (round.why_not) return describe(*round.why_not, "a round of the loop");
    const double accepted = round.outputs.at("accepted").value(0),
                 next = round.outputs.at("next_token").value(0);
    if (!(accepted >= 0 && accepted < static_cast<double>(p.block_size)))
      return "a round of the loop accepts " + shown(accepted) + " of " + std::to_string(p.block_size - 1) +
             " drafts";
    for (std::int64_t i = 1; i <= static_cast<std::int64_t>(accepted); ++i) text.push_back(block[at(i)]);
    text.push_back(static_cast<std::int64_t>(next));
    for (std::size_t i = 0; i < text.size(); ++i)
      if (text[i] != truth[i])
        return "token " + std::to_string(i) + " of a loop at temperature 0 is " + std::to_string(text[i]) +
               ", the target alone says " + std::to_string(truth[i]);
  }
  return "";
}

}  // namespace plumbline::laws
