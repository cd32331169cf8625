#include "properties/mla/product_agreement.hpp"

#include <string>

#include "reference/mla_module.hpp"

namespace plumbline::mla {

product_truth product_truth_of(const project_problem& p, const tensor_set& inputs) {
  project_truth truth = project(p, inputs);
  const projection_shape shape = shape_of(p);
  product_truth t;
  t.rows = p.tokens * (p.kind == projection::linear ? 1 : p.heads);
  t.columns = shape.outer;
  t.terms = shape.inner;
  t.out = std::move(truth.out);
  t.S1 = std::move(truth.S1);
  t.SB = std::move(truth.SB);
  return t;
}

verdict judge_outputs(const project_problem& p, const contract& promised, const tensor_set& inputs,
                      const tensor_set& outputs) {
  const std::int64_t heads = p.kind == projection::linear ? 1 : p.heads;
  return judge_product(product_truth_of(p, inputs), promised, outputs.at("out").values(),
                       [heads](std::int64_t row) {
                         return "token " + std::to_string(row / heads) +
                                (heads > 1 ? ", head " + std::to_string(row % heads) : "");
                       });
}

}  // namespace plumbline::mla
