// Cases of mla's attentions in files: options are the keys of a problem's text, tensors those of the call.
#include "kernels/core/variants_of.hpp"
#include "properties/mla/attention_agreement.hpp"
#include "properties/mla/operations.hpp"
#include "properties/mla/recorded.hpp"
#include "properties/recorded_contract.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::mla {

namespace {

constexpr std::string_view prefill_keys[] = {
    "dtype", "b", "sq", "hq", "hk", "d", "dv", "capacity", "gap", "cache_seqlens", "causal", "softmax_scale"};
constexpr std::string_view decode_keys[] = {"dtype",
                                            "b",
                                            "sq",
                                            "hq",
                                            "hk",
                                            "d",
                                            "dv",
                                            "page_size",
                                            "max_pages",
                                            "num_pages",
                                            "gap",
                                            "page_gap",
                                            "cache_seqlens",
                                            "softmax_scale",
                                            "causal",
                                            "num_sm_parts"};
constexpr std::string_view listed_keys[] = {"dtype",
                                            "b",
                                            "sq",
                                            "hq",
                                            "d",
                                            "dv",
                                            "kv_format",
                                            "qk_rope_head_dim",
                                            "page_size",
                                            "num_pages",
                                            "gap",
                                            "page_gap",
                                            "topk",
                                            "topk_length",
                                            "extra_topk",
                                            "extra_page_size",
                                            "extra_num_pages",
                                            "extra_topk_length",
                                            "has_sink",
                                            "softmax_scale",
                                            "num_sm_parts",
                                            "invalid_percent",
                                            "duplicate_percent"};
constexpr std::string_view listed_prefill_keys[] = {"dtype",
                                                    "sq",
                                                    "hq",
                                                    "skv",
                                                    "d",
                                                    "dv",
                                                    "gap",
                                                    "topk",
                                                    "topk_length",
                                                    "has_sink",
                                                    "softmax_scale",
                                                    "invalid_percent",
                                                    "duplicate_percent"};

template <class Problem>
material<Problem> read_attention(const recorded_case& c, std::span<const std::string_view> keys,
                                 Problem (*parse)(const keyed_text&)) {
  recorded_options options(c);
  material<Problem> m;
  m.problem = parse(keyed_text(text_from_options(c, options, keys)));
  m.inputs = empty_inputs(m.problem);
  for (auto& [name, value] : m.inputs) value = laid_out(c, name, std::move(value));
  options.require_known(m.inputs, make_outputs(m.problem));
  return m;
}

template <class Problem>
external_judgement judge_attention_case(const recorded_case& c, std::string_view contract_name,
                                        material<Problem> (*read)(const recorded_case&)) {
  return guarded(c, [&] {
    const material<Problem> m = read(c);
    check(m.problem, m.inputs);
    const auto promised = contract_of(c, contract_name, contracts_of(variants_of<Problem>(side::host)),
                                      m.problem.type, m.problem.type);
    if (!promised)
      throw bad_argument("contract", "expected outputs with the option contract, or --contract, got neither");
    if (promised->in != m.problem.type)
      throw bad_argument("contract", std::string(promised->name) + " takes " +
                                         std::string(name_of(promised->in)) + ", the case holds " +
                                         std::string(name_of(m.problem.type)));
    return judge_held(c, m, make_outputs(m.problem),
                      [&](const Problem& p, const tensor_set& inputs, const tensor_set& outputs) {
                        return judge_outputs(p, *promised, inputs, outputs);
                      });
  });
}

}  // namespace

material<prefill_problem> read_prefill(const recorded_case& c) {
  return read_attention<prefill_problem>(c, prefill_keys, parse_prefill);
}
material<decode_problem> read_decode(const recorded_case& c) {
  return read_attention<decode_problem>(c, decode_keys, parse_decode);
}
material<decode_indices_problem> read_decode_indices(const recorded_case& c) {
  return read_attention<decode_indices_problem>(c, listed_keys, parse_decode_indices);
}
material<prefill_indices_problem> read_prefill_indices(const recorded_case& c) {
  return read_attention<prefill_indices_problem>(c, listed_prefill_keys, parse_prefill_indices);
}

external_judgement judge_recorded_prefill(const recorded_case& c, std::string_view contract_name) {
  return judge_attention_case(c, contract_name, read_prefill);
}
external_judgement judge_recorded_decode(const recorded_case& c, std::string_view contract_name) {
  return judge_attention_case(c, contract_name, read_decode);
}
external_judgement judge_recorded_decode_indices(const recorded_case& c, std::string_view contract_name) {
  return judge_attention_case(c, contract_name, read_decode_indices);
}
external_judgement judge_recorded_prefill_indices(const recorded_case& c, std::string_view contract_name) {
  return judge_attention_case(c, contract_name, read_prefill_indices);
}

}  // namespace plumbline::mla
