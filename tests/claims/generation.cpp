#include "tests/claims/generation.hpp"

#include <algorithm>
#include <cmath>

#include "reference/core/described.hpp"
#include "reference/dflash.hpp"
#include "reference/dflash_generate.hpp"

namespace plumbline::claims {

using dflash::int_list;

namespace {

constexpr std::int64_t hidden_size = 8, heads = 2, head_dim = 4;
constexpr double inv_freq[] = {1, 0.01};

template <class Way>
void describe(Way& way, generation_problem& p) {
  const generation_problem usual;
  way.number("prompt_len", p.prompt_len, usual.prompt_len, 1);
  way.number("max_new", p.max_new, usual.max_new, 1);
  way.number("block_size", p.block_size, usual.block_size, 1);
  way.number("vocab_size", p.vocab_size, usual.vocab_size, 2);
  way.number("mask_id", p.mask_id, usual.mask_id);
  way.number("layers", p.layers, usual.layers, 1);
  way.real("temperature", p.temperature, usual.temperature);
  way.flag("numbers_in_turn", p.numbers_in_turn, false);
}

void require(bool holds, const char* argument, const char* expected) {
  if (!holds) throw bad_argument(argument, expected);
}

void add_model(const std::string& prefix, const dflash::decoder_shape& shape, tensor_set& all) {
  const std::int64_t e = shape.hidden_size, q = shape.hq * shape.d, kv = shape.hk * shape.d;
  const auto add = [&](const std::string& name, std::vector<std::int64_t> of) {
    all.set(prefix + name + "_weight", tensor(dtype::f32, std::move(of)));
  };
  for (std::int64_t layer = 0; layer < shape.layers; ++layer) {
    const std::string name = "layers_" + std::to_string(layer) + "_";
    add(name + "self_attn_q_proj", {q, e});
    for (const char* of : {"k", "v"}) add(name + "self_attn_" + of + "_proj", {kv, e});
    add(name + "self_attn_o_proj", {e, q});
    for (const char* of : {"q", "k"}) add(name + "self_attn_" + of + "_norm", {shape.d});
    for (const char* of : {"gate", "up"}) add(name + "mlp_" + of + "_proj", {2 * e, e});
    add(name + "mlp_down_proj", {e, 2 * e});
    for (const char* of : {"input", "post_attention"}) add(name + of + "_layernorm", {e});
  }
  add("norm", {e});
}

std::vector<double> softmax_sums(const double* logits, std::int64_t width, double temperature) {
  const double largest = *std::max_element(logits, logits + width);
  std::vector<double> sums;
  double total = 0;
  for (std::int64_t t = 0; t < width; ++t)
    sums.push_back(total += std::exp((logits[t] - largest) / temperature));
  for (double& sum : sums) sum /= total;
  return sums;
}

class reference_target final : public dflash::verifier {
 public:
  reference_target(const generation_problem& p, const tensor_set& inputs)
      : p_(p), model_(p, inputs), uniforms_(p, inputs) {}
  std::int64_t prefill(const int_list& prompt) override {
    const std::vector<double> logits = model_.logits(prompt, 0);
    const std::vector<double> last(logits.end() - p_.vocab_size, logits.end());
    return chosen(p_, last, uniforms_.take(p_.prompt_len, 1)).front();
  }
  int_list verify(const int_list& block, std::int64_t start) override {
    return chosen(p_, model_.logits(block, start),
                  uniforms_.take(start + 1, static_cast<std::int64_t>(block.size())));
  }
  void crop(std::int64_t n) override { model_.crop(n); }
  const target_model& model() const { return model_; }

 private:
  const generation_problem& p_;
  target_model model_;
  uniform_source uniforms_;
};

class reference_draft final : public dflash::drafter {
 public:
  reference_draft(const generation_problem& p, const tensor_set& inputs, const target_model& target)
      : p_(p), model_(p, inputs), target_(target) {}
  int_list draft(const int_list& block, std::int64_t first, std::int64_t context) override {
    noise_.push_back(target_.embedded(block));
    const std::vector<double> logits =
        model_.logits(target_, noise_.back(), target_.features(context),
                      angles_of(p_, first, context + static_cast<std::int64_t>(block.size())));
    int_list ids;
    for (std::size_t at = 0; at < logits.size(); at += static_cast<std::size_t>(p_.vocab_size))
      ids.push_back(
          dflash::first_largest(std::span(logits).subspan(at, static_cast<std::size_t>(p_.vocab_size))));
    return ids;
  }
  void crop(std::int64_t n) override { model_.crop(n); }
  const std::vector<std::vector<double>>& noise() const { return noise_; }

 private:
  const generation_problem& p_;
  draft_model model_;
  const target_model& target_;
  std::vector<std::vector<double>> noise_;
};

}  // namespace

std::string to_text(const generation_problem& p) {
  writing way;
  generation_problem copy = p;
  describe(way, copy);
  return way.str();
}

generation_problem parse_generation(const keyed_text& text) {
  reading way(text);
  generation_problem p;
  describe(way, p);
  return checked_problem(text, p);
}

void check(const generation_problem& p) {
  require(p.prompt_len >= 1 && p.prompt_len <= 64, "prompt_len", "expected 1 to 64");
  require(p.max_new >= 1 && p.max_new <= 64, "max_new", "expected 1 to 64");
  require(p.block_size >= 1 && p.block_size <= 16, "block_size", "expected 1 to 16");
  require(p.vocab_size >= 2 && p.vocab_size <= 64, "vocab_size", "expected 2 to 64");
  require(p.mask_id >= 0 && p.mask_id < p.vocab_size, "mask_id", "expected a token");
  require(p.layers >= 1 && p.layers <= 4, "layers", "expected 1 to 4");
  require(p.temperature >= 0 && p.temperature <= 100, "temperature", "expected 0 to 100");
}

void check(const generation_problem& p, const tensor_set& inputs) {
  check(p);
  for (const auto& [name, wanted] : empty_inputs(p)) {
    const tensor* given = inputs.find(name);
    require(given != nullptr && given->type() == wanted.type() &&
                std::equal(given->shape().begin(), given->shape().end(), wanted.shape().begin(),
                           wanted.shape().end()),
            name.c_str(), "expected a tensor of the problem's shape");
  }
}

tensor_set empty_inputs(const generation_problem& p) {
  tensor_set all;
  all.set("prompt", tensor(dtype::i32, {p.prompt_len}));
  // In turn: one for the prompt, then a round's, of the draft too where somebody draws its tokens.
  all.set("uniforms", tensor(dtype::f32, {p.prompt_len + 2 + 2 * p.block_size * (p.max_new + 1)}));
  add_model("target_", shape_of(p), all);
  add_model("draft_", shape_of(p), all);
  all.set("target_embed_weight", tensor(dtype::f32, {p.vocab_size, hidden_size}));
  all.set("target_lm_head_weight", tensor(dtype::f32, {p.vocab_size, hidden_size}));
  all.set("draft_fc_weight", tensor(dtype::f32, {hidden_size, hidden_size}));
  all.set("draft_hidden_norm_weight", tensor(dtype::f32, {hidden_size}));
  return all;
}

tensor_set make_outputs(const generation_problem& p) {
  tensor_set all;
  all.set("ids", tensor(dtype::i32, {p.prompt_len + p.max_new}));
  all.set("rounds", tensor(dtype::i32, {p.max_new, 3}));
  all.set("blocks", tensor(dtype::i32, {p.max_new, p.block_size}));
  all.set("noise", tensor(dtype::f32, {p.max_new, p.block_size, hidden_size}));
  return all;
}

dflash::decoder_shape shape_of(const generation_problem& p) {
  return {p.layers, hidden_size, heads, 1, head_dim, 1e-6};
}

target_model::target_model(const generation_problem& p, const tensor_set& inputs)
    : p_(p), inputs_(inputs), model_(inputs, "target_", shape_of(p)) {}

std::vector<double> target_model::logits(const int_list& ids, std::int64_t start) {
  states_.clear();
  const auto count = static_cast<std::int64_t>(ids.size());
  return head(model_.forward(embedded(ids), {}, angles_of(p_, start, count), true, cache_, &states_));
}

void target_model::crop(std::int64_t n) { dflash::crop(cache_, shape_of(p_), n); }

std::vector<double> target_model::features(std::int64_t rows) const {
  return {states_.back().begin(), states_.back().begin() + rows * hidden_size};
}

std::vector<double> target_model::embedded(const int_list& ids) const {
  std::vector<double> rows;
  for (const std::int64_t id : ids)
    for (std::int64_t c = 0; c < hidden_size; ++c)
      rows.push_back(inputs_.at("target_embed_weight").value(id * hidden_size + c));
  return rows;
}

std::vector<double> target_model::head(const std::vector<double>& rows) const {
  return model_.times(rows, "lm_head");
}

draft_model::draft_model(const generation_problem& p, const tensor_set& inputs)
    : p_(p), model_(inputs, "draft_", shape_of(p)) {}

std::vector<double> draft_model::logits(const target_model& target, std::vector<double> noise,
                                        const std::vector<double>& features,
                                        const dflash::rotary_rows& angles) {
  std::vector<double> rows =
      model_.forward(std::move(noise), model_.context_of(features), angles, false, cache_);
  rows.erase(rows.begin(), rows.begin() + hidden_size);
  return target.head(rows);
}

void draft_model::crop(std::int64_t n) { dflash::crop(cache_, shape_of(p_), n); }

dflash::rotary_rows angles_of(const generation_problem&, std::int64_t first, std::int64_t count) {
  return dflash::rotary_of(inv_freq, first, count);
}

int_list chosen(const generation_problem& p, const std::vector<double>& logits,
                const std::vector<double>& uniforms) {
  int_list ids;
  const auto width = static_cast<std::size_t>(p.vocab_size);
  for (std::size_t row = 0; row * width < logits.size(); ++row) {
    const double* of_row = logits.data() + row * width;
    if (p.temperature < dflash::least_temperature) {
      ids.push_back(dflash::first_largest({of_row, width}));
      continue;
    }
    const std::vector<double> sums = softmax_sums(of_row, p.vocab_size, p.temperature);
    const auto first = std::find_if(sums.begin(), sums.end(), [&](double c) { return c > uniforms[row]; });
    ids.push_back(std::min<std::int64_t>(first - sums.begin(), p.vocab_size - 1));
  }
  return ids;
}

uniform_source::uniform_source(const generation_problem& p, const tensor_set& inputs)
    : p_(p), all_(inputs.at("uniforms").values()) {}

std::vector<double> uniform_source::take(std::int64_t first, std::int64_t count) {
  std::vector<double> some;
  for (std::int64_t i = 0; i < count; ++i)
    some.push_back(all_.at(p_.numbers_in_turn ? next_++ : static_cast<std::size_t>(first + i)));
  return some;
}

void put(const generation_problem& p, const generation_record& r, tensor_set& outputs) {
  const auto fill = [&](const char* name, double x) {
    tensor& t = outputs.at(name);
    for (std::int64_t i = 0; i < t.size(); ++i) t.set_value(i, x);
  };
  for (const char* name : {"ids", "rounds", "blocks"}) fill(name, -1);
  fill("noise", 0);
  for (std::size_t i = 0; i < r.ids.size(); ++i)
    outputs.at("ids").set_value(static_cast<std::int64_t>(i), static_cast<double>(r.ids[i]));
  for (std::size_t n = 0; n < r.rounds.size(); ++n) {
    const auto round = static_cast<std::int64_t>(n);
    const generation_record::round& one = r.rounds[n];
    const std::int64_t facts[] = {one.start, one.accepted, one.draft_rows};
    for (std::int64_t i = 0; i < 3; ++i)
      outputs.at("rounds").set_value(3 * round + i, static_cast<double>(facts[i]));
    for (std::size_t i = 0; i < one.block.size(); ++i)
      outputs.at("blocks").set_value(round * p.block_size + static_cast<std::int64_t>(i),
                                     static_cast<double>(one.block[i]));
    for (std::size_t i = 0; i < one.noise.size(); ++i)
      outputs.at("noise").set_value(round * p.block_size * hidden_size + static_cast<std::int64_t>(i),
                                    one.noise[i]);
  }
}

generation_record true_generation(const generation_problem& p, const tensor_set& inputs) {
  reference_target target(p, inputs);
  reference_draft draft(p, inputs, target.model());
  dflash::generation g;
  for (const double id : inputs.at("prompt").values()) g.prompt.push_back(static_cast<std::int64_t>(id));
  g.max_new_tokens = p.max_new, g.block_size = p.block_size, g.mask_id = p.mask_id;
  const dflash::generated all = dflash::generate(g, target, draft);
  generation_record r;
  r.ids = all.ids;
  for (std::size_t n = 0; n < all.rounds.size(); ++n) {
    const dflash::generation_round& one = all.rounds[n];
    r.rounds.push_back({one.start, one.accepted, one.draft_cache, one.block,
                        n < draft.noise().size() ? draft.noise()[n] : std::vector<double>()});
  }
  return r;
}

}  // namespace plumbline::claims
