#include "properties/dflash/agreement.hpp"

#include <string>
#include <vector>

#include "properties/dflash/choice_judge.hpp"
#include "properties/judge/admissible_judge.hpp"
#include "properties/judge/attention/outputs.hpp"
#include "properties/judge/attention/vacuity.hpp"
#include "properties/judge/bytes_judge.hpp"
#include "properties/judge/joined.hpp"
#include "properties/judge/norm_judge.hpp"
#include "properties/judge/product_judge.hpp"
#include "reference/core/index.hpp"
#include "reference/dflash.hpp"

namespace plumbline::dflash {

namespace {

/// Verdicts of the steps of a chain, each under the name of the output that it made.
class chain {
 public:
  void add(const std::string& output, verdict v) {
    for (finding& one : v.findings) {
      if (one.output == "out") one.output = output;
      if (!one.message.empty()) one.message = "step " + output + ": " + one.message;
    }
    for (std::string& one : v.warnings) one = "step " + output + ": " + one;
    if (!v.message.empty()) v.message = "step " + output + ": " + v.message;
    all_ = first_ ? std::move(v) : joined(std::move(all_), std::move(v));
    first_ = false;
  }
  verdict take() { return std::move(all_); }

 private:
  verdict all_;
  bool first_ = true;
};

// A bias is one term more.
product_truth truth_of(linear_truth&& from, const tensor& weight, bool biased) {
  product_truth t;
  t.columns = weight.dim(0), t.terms = weight.dim(1) + (biased ? 1 : 0);
  t.rows = static_cast<std::int64_t>(from.out.size()) / t.columns;
  t.out = std::move(from.out), t.S1 = std::move(from.S1), t.SB = std::move(from.SB);
  return t;
}

contract product_of(const contract& promised) {
  return {promised.name, promised.in, promised.out_type, product_promise{promised.attention().acc_qk}};
}

std::string token_words(std::int64_t row, std::int64_t tokens) {
  return "sequence " + std::to_string(row / tokens) + ", token " + std::to_string(row % tokens);
}

struct projection_step {
  projected which;
  const char *weight, *raw, *normed, *rotated;
};
constexpr projection_step projections[] = {{projected::q, "wq", "q_proj", "q_normed", "q"},
                                           {projected::k, "wk", "k_proj", "k_normed", "k"},
                                           {projected::v, "wv", "v", nullptr, nullptr}};

std::string cache_words(const char* what, std::span<const std::int64_t> index) {
  return std::string(what) + " " + std::to_string(index[0]) + ", key " + std::to_string(index[1]) +
         ", head " + std::to_string(index[2]) + ", element " + std::to_string(index[3]);
}

std::string block_words(std::int64_t row, std::int64_t block_size) {
  return "sequence " + std::to_string(row / block_size) + ", position " + std::to_string(row % block_size);
}

tensor integers(const int_list& values, std::vector<std::int64_t> shape) {
  tensor t(dtype::i32, std::move(shape));
  for (std::size_t i = 0; i < values.size(); ++i)
    t.set_value(static_cast<std::int64_t>(i), static_cast<double>(values[i]));
  return t;
}

// Of the posterior that the kernel wrote.
std::pair<tensor, tensor> accepted_of(const accept_problem& p, const tensor_set& inputs,
                                      const tensor& posterior) {
  int_list accepted, next;
  for (std::int64_t s = 0; s < p.b; ++s) {
    int_list block, target;
    for (std::int64_t i = s * p.block_size; i < (s + 1) * p.block_size; ++i) {
      block.push_back(static_cast<std::int64_t>(inputs.at("block").value(i)));
      target.push_back(static_cast<std::int64_t>(posterior.value(i)));
    }
    const agreement one = agreement_of(block, target);
    accepted.push_back(one.accepted), next.push_back(one.next_token);
  }
  return {integers(accepted, {p.b}), integers(next, {p.b})};
}

auto places_of(const attention_problem& p) {
  return [&p](std::size_t unit, std::int64_t row) { return place_of(p, unit, row); };
}

}  // namespace

verdict judge_outputs(const project_problem& p, const contract& promised, const tensor_set& inputs,
                      const tensor_set& outputs) {
  chain all;
  for (const projection_step& step : projections) {
    const bool query = step.which == projected::q;
    const std::int64_t tokens = query ? p.block_size : p.new_rows(), heads = query ? p.hq : p.hk;
    const auto head_words = [=](std::int64_t row) {
      return token_words(row / heads, tokens) + ", head " + std::to_string(row % heads);
    };
    all.add(step.raw,
            judge_product(truth_of(project_step(p, inputs, step.which), inputs.at(step.weight), p.has_bias),
                          promised, outputs.at(step.raw).values(),
                          [=](std::int64_t row) { return token_words(row, tokens); }));
    if (step.normed == nullptr) continue;
    const std::vector<double> raw = outputs.at(step.raw).values(), normed = outputs.at(step.normed).values();
    all.add(step.normed, judge_norm({p.b * tokens * heads, p.d, norm_step(p, inputs, step.which, raw)},
                                    p.type, normed, head_words));
    const rotated_truth turned = rotate_step(p, inputs, step.which, normed);
    all.add(step.rotated, judge_rotated(step.rotated, p.type, turned.out, turned.size,
                                        outputs.at(step.rotated).values(), [&](std::int64_t i) {
                                          return head_words(i / p.d) + ", element " + std::to_string(i % p.d);
                                        }));
  }
  return all.take();
}

verdict judge_outputs(const attention_problem& p, const contract& promised, const tensor_set& inputs,
                      const tensor_set& outputs) {
  chain all;
  const tensor_set caches = appended(p, inputs);
  for (const char* name : {"k_cache", "v_cache"})
    all.add(name, judge_bytes(name, caches.at(name), outputs.at(name), {},
                              [](std::span<const std::int64_t> at) { return cache_words("row", at); }));
  if (p.b == 0) return all.take();
  const std::vector<attention_truth> truth = attend(p, inputs, std::span(&promised, 1));
  const std::vector<double> attended = outputs.at("attended").values();
  const auto computed =
      outputs_by_unit(truth, p.d, outputs.at("attended"), outputs.find("lse"), places_of(p));
  verdict v = judge_attention(truth, 0, promised, computed, [&](std::size_t unit, std::int64_t row) {
    return name_of(place_of(p, unit, row));
  });
  if (v.result == outcome::pass) add_vacuity(v, probe_vacuity(truth, 0, promised));
  all.add("attended", std::move(v));
  all.add("out", judge_product(truth_of(linear(inputs, "wo", "bo", attended), inputs.at("wo"), p.has_bias),
                               product_of(promised), outputs.at("out").values(),
                               [&](std::int64_t row) { return token_words(row, p.block_size); }));
  return all.take();
}

std::vector<stage_verdict> attention_stages(const attention_problem& p, const tensor_set& inputs,
                                            const contract& promised, const tap_record& taps,
                                            const tensor_set& outputs) {
  if (p.b == 0) return {};
  const new_rows rows = new_rows_of(p, inputs);
  const std::vector<attention_unit> units = units_of(p, inputs, rows);
  return stages_by_unit(units, p.d, promised, taps, outputs.at("attended"), outputs.find("lse"), places_of(p),
                        p.mask_batch > 0);
}

verdict judge_outputs(const accept_problem& p, const contract&, const tensor_set& inputs,
                      const tensor_set& outputs) {
  const accept_truth truth = accept(p, inputs);
  const tensor& posterior = outputs.at("posterior");
  const auto name = [&](std::int64_t row) { return block_words(row, p.block_size); };
  chain all;
  if (p.greedy())
    all.add("posterior",
            judge_bytes("posterior", integers(truth.posterior, {p.b, p.block_size}), posterior, {},
                        [&](std::span<const std::int64_t> i) { return name(i[0] * p.block_size + i[1]); }));
  else
    all.add("posterior",
            judge_drawn(inputs.at("logits").values(), truth.cumulative, p.vocab_size, p.temperature,
                        inputs.at("uniforms").values(), posterior.values(), name));
  const auto [accepted, next] = accepted_of(p, inputs, posterior);
  const auto sequence = [](std::span<const std::int64_t> i) { return "sequence " + std::to_string(i[0]); };
  all.add("accepted", judge_bytes("accepted", accepted, outputs.at("accepted"), {}, sequence));
  all.add("next_token", judge_bytes("next_token", next, outputs.at("next_token"), {}, sequence));
  return all.take();
}

verdict judge_outputs(const crop_problem& p, const contract&, const tensor_set& inputs,
                      const tensor_set& outputs) {
  const tensor_set exact = crop(p, inputs);
  chain all;
  for (const auto& one : exact)
    all.add(one.name,
            judge_bytes(one.name, one.value, outputs.at(one.name), {}, [](std::span<const std::int64_t> i) {
              return i.size() == 1
                         ? "sequence " + std::to_string(i[0])
                         : "layer " + std::to_string(i[0]) + ", " + cache_words("sequence", i.subspan(1));
            }));
  return all.take();
}

}  // namespace plumbline::dflash
