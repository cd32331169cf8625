// Cases of schedule and combine in files.
//
// A schedule is recorded as upstream's current table of eight columns, or as the five that it had until
// September 2025: first request, first block, last request, end block, first split.
#include "properties/mla/operations.hpp"
#include "properties/mla/recorded.hpp"
#include "properties/mla/row_inputs.hpp"
#include "properties/mla/split_agreement.hpp"
#include "properties/recorded_tensors.hpp"

namespace plumbline::mla {

namespace {

constexpr std::string_view old_table = "expected_tile_scheduler_metadata_2025_09";
constexpr std::string_view schedule_tensors[] = {"cache_seqlens",       "topk_length",
                                                 "extra_topk_length",   "tile_scheduler_metadata",
                                                 "num_splits",          "expected_tile_scheduler_metadata",
                                                 "expected_num_splits", old_table};
constexpr std::string_view combine_tensors[] = {"out_partial", "lse_partial", "num_splits",   "attn_sink",
                                                "out",         "lse",         "expected_out", "expected_lse"};

// The old table in the columns of the new one; what it does not have stays as `like` has it.
tensor in_new_columns(const tensor& old, tensor like) {
  constexpr std::int64_t place[] = {0, 2, 1, 3, 4};
  const std::int64_t shape[] = {like.dim(0), 5};
  require_shape(old_table, &old, shape);
  for (std::int64_t part = 0; part < like.dim(0); ++part)
    for (std::int64_t c = 0; c < 5; ++c) like.set_code(8 * part + place[c], old.code(5 * part + c));
  return like;
}

}  // namespace

std::map<std::string, std::string> options_of_problem(const schedule_problem& p) {
  return options_from_text("mla", to_text(p));
}
std::map<std::string, std::string> options_of_problem(const combine_problem& p) {
  return options_from_text("mla", to_text(p));
}

material<schedule_problem> read_schedule(const recorded_case& c) {
  recorded_options options(c);
  material<schedule_problem> m;
  schedule_problem& p = m.problem;
  p.cache_seqlens = whole_values(c, "cache_seqlens");
  p.topk_length = whole_values(c, "topk_length");
  p.extra_topk_length = whole_values(c, "extra_topk_length");
  const auto listed = static_cast<std::int64_t>(
      std::max({p.cache_seqlens.size(), p.topk_length.size(), p.extra_topk_length.size()}));
  p.b = options.integer("batch_size", options.integer("b", listed));
  p.num_sm_parts = options.integer("num_sm_parts", p.num_sm_parts);
  p.block_size = options.integer("block_size_n", options.integer("block_size", p.block_size));
  p.fixed_overhead =
      options.integer("fixed_overhead_num_blocks", options.integer("fixed_overhead", p.fixed_overhead));
  p.topk = options.integer("topk", p.topk);
  p.extra_topk = options.integer("extra_topk", p.extra_topk);
  options.only_said({"cache_seqlens", "topk_length", "extra_topk_length"});
  options.require_known(schedule_tensors);
  m.inputs = empty_inputs(p);
  return m;
}

material<combine_problem> read_combine(const recorded_case& c) {
  recorded_options options(c);
  const tensor& partial = needed(c, "out_partial", 4);
  material<combine_problem> m;
  combine_problem& p = m.problem;
  p.sq = partial.dim(1), p.hq = partial.dim(2), p.dv = partial.dim(3);
  p.splits = differences(whole_values(c, "num_splits"));
  p.b = static_cast<std::int64_t>(p.splits.size());
  p.has_sink = c.tensors.has("attn_sink");
  p.empty_percent = options.integer("empty_percent", 0);
  p.gap = options.integer("gap", 8);
  for (const char* name : {"out", "expected_out"})
    if (const tensor* out = c.tensors.find(name)) p.out_type = out->type();
  if (options.has("out_type")) {
    const std::string text = options.word("out_type", "");
    const auto type = dtype_from(text);
    if (!type) throw bad_argument("out_type", "expected f32, f16 or bf16, got \"" + text + "\"");
    p.out_type = *type;
  }
  const std::pair<const char*, std::int64_t> said[] = {{"b", p.b}, {"sq", p.sq}, {"hq", p.hq}, {"dv", p.dv}};
  require_as_said(options, said);
  options.only_said({"splits", "has_sink"});
  options.require_known(combine_tensors);
  m.inputs = empty_inputs(p);
  generate::fill_unused(m.inputs, std::byte{0xff});
  for (auto& [name, value] : m.inputs) value = laid_out(c, name, std::move(value));
  return m;
}

external_judgement judge_recorded_schedule(const recorded_case& c, std::string_view) {
  return guarded(c, [&] {
    const auto m = read_schedule(c);
    check(m.problem, m.inputs);
    const auto judge = [](const schedule_problem& p, const tensor_set& inputs, const tensor_set& outputs) {
      return judge_outputs(p, inputs, outputs);
    };
    std::vector<external_judgement> found = {judge_held(c, m, make_outputs(m.problem), judge)};
    if (const tensor* old = c.tensors.find(old_table)) {
      tensor_set outputs = outputs_in(c, holder::expectation, make_outputs(m.problem), m.inputs);
      if (outputs.empty()) throw bad_argument(std::string(old_table), "expected the current table beside it");
      outputs.at("tile_scheduler_metadata") = in_new_columns(*old, outputs.at("tile_scheduler_metadata"));
      found.push_back(as_outputs(c, judge(m.problem, m.inputs, outputs)));
      found.back().kind = "expected";
    }
    return worst(c, found);
  });
}

external_judgement judge_recorded_combine(const recorded_case& c, std::string_view) {
  return guarded(c, [&] {
    const auto m = read_combine(c);
    check(m.problem, m.inputs);
    return judge_held(c, m, make_outputs(m.problem),
                      [](const combine_problem& p, const tensor_set& inputs, const tensor_set& outputs) {
                        return judge_outputs(p, inputs, outputs);
                      });
  });
}

}  // namespace plumbline::mla
