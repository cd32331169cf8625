// A forward is a chain, and a chain is judged link by link.
//
// The errors of one step are inputs of the next one, so a budget for the whole would have to carry every
// bound through every product: wide enough to hide a wrong step.  Each step leaves its result as an output
// instead. A step is then a call like any other, with exact inputs, and its own judge decides.  Copies into
// caches are compared byte for byte, rows that are not written included.
#include "properties/mla/forward_agreement.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "properties/judge/bytes_judge.hpp"
#include "properties/judge/joined.hpp"
#include "properties/mla/attention_agreement.hpp"
#include "properties/mla/product_agreement.hpp"
#include "properties/mla/row_agreement.hpp"
#include "reference/mla_module.hpp"
#include "reference/mla_problem.hpp"

namespace plumbline::mla {

namespace {

using shape = std::vector<std::int64_t>;

// Columns [first, first + count) of rows of `width` elements, as a dense tensor.
tensor columns(const tensor& from, std::int64_t width, std::int64_t first, std::int64_t count, shape to) {
  tensor out(from.type(), std::move(to));
  const auto bytes = static_cast<std::int64_t>(size_of(from.type()));
  for (std::int64_t row = 0; row * count < out.size(); ++row)
    std::memcpy(out.data() + row * count * bytes, from.data() + (row * width + first) * bytes,
                static_cast<std::size_t>(count * bytes));
  return out;
}

tensor reshaped(const tensor& from, shape to) {
  const std::int64_t width = from.dim(from.rank() - 1);
  return columns(from, width, 0, width, std::move(to));
}

// Rows of two tensors side by side.
tensor joined_rows(const tensor& a, std::int64_t a_width, const tensor& b, std::int64_t b_width, shape to) {
  tensor out(a.type(), std::move(to));
  const auto bytes = static_cast<std::int64_t>(size_of(a.type()));
  for (std::int64_t row = 0; row * (a_width + b_width) < out.size(); ++row) {
    std::byte* at = out.data() + row * (a_width + b_width) * bytes;
    std::memcpy(at, a.data() + row * a_width * bytes, static_cast<std::size_t>(a_width * bytes));
    std::memcpy(at + a_width * bytes, b.data() + row * b_width * bytes,
                static_cast<std::size_t>(b_width * bytes));
  }
  return out;
}

class chain {
 public:
  chain(const forward_problem& p, const contract& promised, const tensor_set& inputs,
        const tensor_set& outputs)
      : p_(p),
        promised_(promised),
        inputs_(inputs),
        outputs_(outputs),
        steps_(steps_of(p)),
        tokens_(p.b * p.sq) {}

  verdict judged() {
    if (tokens_ == 0) return nothing_written();
    const std::int64_t nope = p_.qk_nope_head_dim, rope = p_.qk_rope_head_dim, rank = p_.kv_lora_rank;
    const tensor x = reshaped(inputs_.at("x"), {tokens_, p_.dim});
    if (p_.q_lora_rank > 0) {
      project("q_down", steps_.q_down, x, "wq_a");
      norm("q_latent", steps_.q_norm, reshaped(outputs_.at("q_down"), {tokens_, p_.q_lora_rank}), "q_norm");
      project("q", steps_.q, reshaped(outputs_.at("q_latent"), {tokens_, p_.q_lora_rank}), "wq_b");
    } else {
      project("q", steps_.q, x, "wq");
    }
    rotate("q_pe", steps_.q_rotary,
           columns(outputs_.at("q"), nope + rope, nope, rope, {p_.b, p_.sq, p_.n_heads, rope}));
    project("kv", steps_.kv, x, "wkv_a");
    norm("latent", steps_.kv_norm, columns(outputs_.at("kv"), rank + rope, 0, rank, {tokens_, rank}),
         "kv_norm");
    rotate("k_pe", steps_.k_rotary,
           columns(outputs_.at("kv"), rank + rope, rank, rope, {p_.b, p_.sq, 1, rope}));
    if (p_.form == attention_form::naive)
      attention_by_heads();
    else
      attention_in_latent_space();
    project("out", steps_.out, reshaped(outputs_.at("attended"), {tokens_, p_.n_heads * p_.v_head_dim}),
            "wo");
    return std::move(all_);
  }

 private:
  // Without a token there is nothing to compute, and the caches stay as they were.
  verdict nothing_written() {
    for (const char* cache : {"k_cache", "v_cache", "kv_cache", "pe_cache"})
      if (const tensor* before = inputs_.find(cache))
        add(cache, judge_bytes(cache, *before, outputs_.at(cache)));
    return std::move(all_);
  }

  void attention_by_heads() {
    const std::int64_t nope = p_.qk_nope_head_dim, rope = p_.qk_rope_head_dim, dv = p_.v_head_dim;
    const std::int64_t heads = p_.n_heads, rank = p_.kv_lora_rank, rows = tokens_ * heads;
    project("kv_up", steps_.up, reshaped(outputs_.at("latent"), {tokens_, rank}), "wkv_b");
    const tensor& up = outputs_.at("kv_up");
    tensor k_pe(p_.type, {rows, rope});  // of every head
    for (std::int64_t row = 0; row < rows; ++row)
      for (std::int64_t c = 0; c < rope; ++c)
        k_pe.set_code(row * rope + c, outputs_.at("k_pe").code(row / heads * rope + c));
    written("k_cache", joined_rows(columns(up, nope + dv, 0, nope, {rows, nope}), nope, k_pe, rope,
                                   {tokens_, heads * (nope + rope)}));
    written("v_cache", columns(up, nope + dv, nope, dv, {rows, dv}));

    const prefill_problem step = attention_by_head(p_);
    tensor_set in = empty_inputs(step), out;
    in.set("q", joined_rows(columns(outputs_.at("q"), nope + rope, 0, nope, {rows, nope}), nope,
                            outputs_.at("q_pe"), rope, {p_.b, p_.sq, heads, nope + rope}));
    in.set("k", reshaped(outputs_.at("k_cache"), {p_.b, p_.max_seq_len, heads, nope + rope}));
    in.set("v", reshaped(outputs_.at("v_cache"), {p_.b, p_.max_seq_len, heads, dv}));
    out.set("out", outputs_.at("attended"));
    out.set("lse", outputs_.at("lse"));
    add("attended", judge_outputs(step, promised_, in, out));
  }

  void attention_in_latent_space() {
    const std::int64_t nope = p_.qk_nope_head_dim, rope = p_.qk_rope_head_dim;
    const std::int64_t heads = p_.n_heads, rank = p_.kv_lora_rank, d = rank + rope;
    project("q_absorbed", steps_.absorb_query,
            columns(outputs_.at("q"), nope + rope, 0, nope, {tokens_, heads, nope}), "wkv_b");
    written("kv_cache", outputs_.at("latent"));
    written("pe_cache", outputs_.at("k_pe"));

    const decode_problem step = attention_of_latents(p_);
    tensor_set in = empty_inputs(step), out;
    in.set("q",
           joined_rows(outputs_.at("q_absorbed"), rank, outputs_.at("q_pe"), rope, {p_.b, p_.sq, heads, d}));
    tensor &pages = in.at("k_cache"), &table = in.at("block_table");
    const tensor &latents = outputs_.at("kv_cache"), &rotated = outputs_.at("pe_cache");
    for (std::int64_t s = 0; s < p_.b; ++s)
      for (std::int64_t j = 0; j < p_.end_pos(); ++j) {
        const std::int64_t from = s * p_.max_seq_len + j, to = (s * step.max_pages * step.page_size + j) * d;
        for (std::int64_t c = 0; c < rank; ++c) pages.set_code(to + c, latents.code(from * rank + c));
        for (std::int64_t c = 0; c < rope; ++c) pages.set_code(to + rank + c, rotated.code(from * rope + c));
      }
    for (std::int64_t n = 0; n < table.size(); ++n) table.set_value(n, static_cast<double>(n));
    out.set("out", outputs_.at("z"));
    out.set("lse", outputs_.at("lse"));
    add("z", judge_outputs(step, promised_, in, out));
    project("attended", steps_.absorb_output, reshaped(outputs_.at("z"), {tokens_, heads, rank}), "wkv_b");
  }

  void project(const char* output, const project_problem& step, tensor x, const std::string& weight) {
    tensor_set in, out;
    in.set("x", std::move(x));
    in.set("weight", inputs_.at(weight));
    if (const tensor* scale = inputs_.find(weight + "_scale")) in.set("weight_scale", *scale);
    const contract how{promised_.name, promised_.in, promised_.out_type,
                       product_promise{promised_.attention().acc_qk}};
    const std::int64_t outer = shape_of(step).outer;
    const bool linear = step.kind == projection::linear;
    out.set("out", reshaped(outputs_.at(output),
                            linear ? shape{tokens_, outer} : shape{tokens_, step.heads, outer}));
    add(output, judge_outputs(step, how, in, out));
  }

  void norm(const char* output, const rms_norm_problem& step, tensor x, const char* weight) {
    tensor_set in, out;
    in.set("x", std::move(x));
    in.set("weight", inputs_.at(weight));
    out.set("out", reshaped(outputs_.at(output), {tokens_, step.dim}));
    add(output, judge_outputs(step, in, out));
  }

  void rotate(const char* output, const rotary_problem& step, tensor x) {
    tensor_set in, out;
    out.set("out", reshaped(outputs_.at(output), {p_.b, p_.sq, step.heads, step.d}));
    in.set("x", std::move(x));
    in.set("cos", inputs_.at("cos"));
    in.set("sin", inputs_.at("sin"));
    add(output, judge_outputs(step, in, out));
  }

  // `rows`: what tokens (b, sq) leave in the cache, all of a token in a row.
  void written(const char* cache, const tensor& rows) {
    tensor expected = inputs_.at(cache);
    const auto bytes = expected.size() == 0 ? 0 : static_cast<std::int64_t>(size_of(expected.type()));
    const std::int64_t width = expected.size() / (p_.max_batch_size * p_.max_seq_len);
    for (std::int64_t t = 0; t < tokens_; ++t)
      std::memcpy(expected.data() + ((t / p_.sq * p_.max_seq_len + p_.start_pos + t % p_.sq) * width) * bytes,
                  rows.data() + t * width * bytes, static_cast<std::size_t>(width * bytes));
    add(cache, judge_bytes(cache, expected, outputs_.at(cache)));
  }

  void add(const std::string& output, verdict v) {
    for (finding& one : v.findings) {
      one.output = one.output == "lse" ? "lse" : output;
      if (!one.message.empty()) one.message = "step " + output + ": " + one.message;
    }
    for (std::string& one : v.warnings) one = "step " + output + ": " + one;
    if (!v.message.empty()) v.message = "step " + output + ": " + v.message;
    all_ = first_ ? std::move(v) : joined(std::move(all_), std::move(v));
    first_ = false;
  }

  const forward_problem& p_;
  const contract& promised_;
  const tensor_set &inputs_, &outputs_;
  forward_steps steps_;
  std::int64_t tokens_;
  verdict all_;
  bool first_ = true;
};

}  // namespace

verdict judge_outputs(const forward_problem& p, const contract& promised, const tensor_set& inputs,
                      const tensor_set& outputs) {
  return chain(p, promised, inputs, outputs).judged();
}

double chain_error(const forward_problem& p, const tensor_set& inputs, const tensor_set& outputs) {
  attention_options alone;
  alone.companions = false;
  const std::vector<double> truth = forward(p, inputs, {}, alone).out, out = outputs.at("out").values();
  double worst = 0;
  for (std::size_t row = 0; row < truth.size(); row += static_cast<std::size_t>(p.dim)) {
    double largest = 0;
    for (std::size_t c = row; c < row + static_cast<std::size_t>(p.dim); ++c)
      largest = std::max(largest, std::fabs(truth[c]));
    for (std::size_t c = row; c < row + static_cast<std::size_t>(p.dim); ++c) {
      const double error = std::fabs(out[c] - truth[c]) / ulp(p.type, largest);
      if (!(error <= worst)) worst = error;
    }
  }
  return worst;
}

}  // namespace plumbline::mla
