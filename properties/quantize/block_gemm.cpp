// block_gemm as an operation.
#include "kernels/core/variants_of.hpp"
#include "kernels/quantize/quantize.hpp"
#include "properties/quantize/block_gemm_judge.hpp"
#include "properties/quantize/block_gemm_laws.hpp"
#include "properties/quantize/block_gemm_shapes.hpp"
#include "properties/quantize/function.hpp"
#include "properties/quantize/in_double.hpp"
#include "properties/quantize/operations.hpp"
#include "properties/quantize/recorded.hpp"

namespace plumbline::quantize {

namespace {

bool takes(dtype in) { return in == dtype::e4m3 || in == dtype::i8; }

constexpr std::string_view groups_in_files[] = {"block_gemm"};

constexpr function_tables<block_gemm_problem> tables = {
    .parts = {.op = "quantize",
              .name = "block_gemm",
              .table = variants_of<block_gemm_problem>,
              .takes = takes,
              .regimes = generate::product_regimes,
              .laws = laws::block_gemm_laws,
              .classes = generate::block_gemm_classes,
              .smaller = generate::smaller,
              .parse = parse_block_gemm,
              .options_of_problem = options_of_problem,
              .memory_needed = memory_needed,
              .budgets = block_gemm_budgets,
              .meanings = block_gemm_meanings,
              .in_double = in_double},
    .draw_regime = generate::draw_product_regime,
    .draw = generate::draw_block_gemm,
    .inputs = generate::draw_inputs,
    .type_of = [](const block_gemm_problem& p) { return input_of(p); },
    .judge = judge_block_gemm,
    .groups = groups_in_files,
    .judge_recorded = judge_recorded_block_gemm,
    .read = read_block_gemm};

}  // namespace

const operation& block_gemm_operation() {
  static const quantize_function<block_gemm_problem> one(tables);
  return one;
}

}  // namespace plumbline::quantize
