// A target and its draft with all their weights: the loop on both models, logits and text.
//
// Upstream's rotary tables are fp32, from an angle that was rounded to fp32.  Ours are made so too, but cos
// and sin of another library may be a step away: what that does to the logits is measured by moving the
// tables.
#include <algorithm>
#include <cmath>

#include "properties/dflash/upstream.hpp"
#include "reference/core/formats.hpp"
#include "reference/core/index.hpp"
#include "reference/dflash.hpp"
#include "reference/dflash_generate.hpp"
#include "reference/dflash_model.hpp"

namespace plumbline::dflash {

namespace {

using rows_of_numbers = std::vector<double>;

/// What both models share: weights, shape and tables.
struct pair_of_models {
  const tensor_set& weights;
  decoder_shape target, draft;
  rows_of_numbers inv_freq;
  int_list layer_ids;
  bool moved = false;  // the tables are

  rotary_rows rotary(std::int64_t first, std::int64_t count) const {
    rotary_rows rows;
    for (std::int64_t position = first; position < first + count; ++position)
      for (const double frequency : inv_freq) {
        const double angle = round_to(dtype::f32, static_cast<double>(position) * frequency);
        rows.cos.push_back(round_to(dtype::f32, std::cos(angle)));
        rows.sin.push_back(round_to(dtype::f32, std::sin(angle)));
      }
    if (moved) rows.cos = moved_a_little(rows.cos, "cos"), rows.sin = moved_a_little(rows.sin, "sin");
    return rows;
  }
  rows_of_numbers embedded(const int_list& ids) const {
    const tensor& table = weights.at("target_model_embed_tokens_weight");
    rows_of_numbers rows;
    for (const std::int64_t id : ids)
      for (std::int64_t c = 0; c < target.hidden_size; ++c)
        rows.push_back(table.value(id * target.hidden_size + c));
    return rows;
  }
  rows_of_numbers logits_of(const rows_of_numbers& hidden) const {
    return decoder(weights, "target_", target).times(hidden, "lm_head");
  }
  int_list choices(const rows_of_numbers& logits) const {
    const auto vocabulary = at(weights.at("target_lm_head_weight").dim(0));
    int_list ids;
    for (std::size_t row = 0; row < logits.size(); row += vocabulary)
      ids.push_back(first_largest(std::span(logits).subspan(row, vocabulary)));
    return ids;
  }
};

void add(rows_of_numbers& to, const rows_of_numbers& more) { to.insert(to.end(), more.begin(), more.end()); }

class whole_target : public verifier {
 public:
  explicit whole_target(const pair_of_models& all)
      : all_(all), model_(all.weights, "target_model_", all.target) {}
  std::int64_t prefill(const int_list& prompt) override {
    const rows_of_numbers hidden = run(prompt, 0);
    first_logits = all_.logits_of({hidden.end() - all_.target.hidden_size, hidden.end()});
    return all_.choices(first_logits).back();
  }
  int_list verify(const int_list& block, std::int64_t start) override {
    const rows_of_numbers all = all_.logits_of(run(block, start));
    add(logits, all);
    return all_.choices(all);
  }
  void crop(std::int64_t n) override { dflash::crop(cache_, all_.target, n); }
  /// Of the first `rows` positions of the last forward.
  rows_of_numbers features(std::int64_t rows) const {
    std::vector<rows_of_numbers> parts;
    for (const std::int64_t id : all_.layer_ids) {
      const rows_of_numbers& layer = states_.at(at(id + 1));
      parts.emplace_back(layer.begin(), layer.begin() + rows * all_.target.hidden_size);
    }
    return side_by_side(parts, rows);
  }
  rows_of_numbers first_logits, logits;

 private:
  rows_of_numbers run(const int_list& ids, std::int64_t start) {
    states_.clear();
    return model_.forward(all_.embedded(ids), {}, all_.rotary(start, static_cast<std::int64_t>(ids.size())),
                          true, cache_, &states_);
  }
  const pair_of_models& all_;
  decoder model_;
  decoder_cache cache_;
  std::vector<rows_of_numbers> states_;
};

class whole_draft : public drafter {
 public:
  whole_draft(const pair_of_models& all, const whole_target& target)
      : all_(all), target_(target), model_(all.weights, "draft_", all.draft) {}
  int_list draft(const int_list& block, std::int64_t first, std::int64_t context) override {
    const std::int64_t count = context + static_cast<std::int64_t>(block.size());
    rows_of_numbers hidden =
        model_.forward(all_.embedded(block), model_.context_of(target_.features(context)),
                       all_.rotary(first, count), false, cache_);
    hidden.erase(hidden.begin(), hidden.begin() + all_.draft.hidden_size);
    const rows_of_numbers all = all_.logits_of(hidden);
    add(logits, all);
    return all_.choices(all);
  }
  void crop(std::int64_t n) override { dflash::crop(cache_, all_.draft, n); }
  rows_of_numbers logits;

 private:
  const pair_of_models& all_;
  const whole_target& target_;
  decoder model_;
  decoder_cache cache_;
};

struct pair_results {
  int_list ids;
  rows_of_numbers first, target, draft;
};
pair_results results_of(const pair_of_models& all, const generation& g) {
  whole_target target(all);
  whole_draft draft(all, target);
  const generated text = generate(g, target, draft);
  return {text.ids, target.first_logits, target.logits, draft.logits};
}

int_list ids_of(const std::string& word) {
  int_list ids;
  for (std::size_t first = 0; first < word.size();) {
    const std::size_t end = std::min(word.find('/', first), word.size());
    ids.push_back(std::stoll(word.substr(first, end - first)));
    first = end + 1;
  }
  return ids;
}

}  // namespace

bool holds_models(const upstream_source& from) { return from.has("target_lm_head_weight"); }

external_judgement judge_upstream_pair(const recorded_case& c, upstream_source& from, const generation& g) {
  pair_of_models all{
      c.tensors, {}, {}, from.at("inv_freq", 1).values(), ids_of(from.word("target_layer_ids"))};
  all.target.hidden_size = from.integer("hidden_size");
  all.target.hq = from.integer("num_heads"), all.target.hk = from.integer("num_heads_k");
  all.target.d = from.integer("head_dim"), all.target.eps = from.real("rms_norm_eps");
  all.draft = all.target;
  all.target.layers = from.integer("target_layers"), all.draft.layers = from.integer("draft_layers");
  for (const auto& [name, value] : c.tensors)
    if (name.ends_with("_weight")) from.at(name.c_str());
  const pair_results ours = results_of(all, g);
  all.moved = true;
  const pair_results moved = results_of(all, g);
  const tensor& theirs = from.at("expected_output_ids", 1);
  disagreement d;
  for (std::size_t i = 0; i < std::max(ours.ids.size(), at(theirs.size())); ++i)
    d.look(i < at(theirs.size()) ? theirs.value(static_cast<std::int64_t>(i)) : -1,
           i < ours.ids.size() ? static_cast<double>(ours.ids[i]) : -1, 0,
           "output_ids, element " + std::to_string(i));
  const double entries = static_cast<double>(2 * all.inv_freq.size() * (ours.ids.size() + at(g.block_size)));
  const auto held = [&](const char* name, const rows_of_numbers& a, const rows_of_numbers& b) {
    return held_in_double(c, from.at(name), {name, a, b, 1, entries, unit_roundoff(dtype::f32)});
  };
  const external_judgement found[] = {d.conclude(c), held("expected_first_logits", ours.first, moved.first),
                                      held("expected_target_logits", ours.target, moved.target),
                                      held("expected_draft_logits", ours.draft, moved.draft)};
  return worst(c, found);
}

}  // namespace plumbline::dflash
