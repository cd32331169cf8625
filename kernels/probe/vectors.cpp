#include "kernels/probe/vectors.hpp"

#include "kernels/core/variants_of.hpp"

namespace plumbline::probe {

std::string name_of(const instruction& i) {
  const std::string formats = std::string(plumbline::name_of(i.sum)) + "." +
                              std::string(plumbline::name_of(i.a)) + "." +
                              std::string(plumbline::name_of(i.b));
  return (i.warpgroup ? "wgmma m64n8k" : "mma.sync m16n8k") + std::to_string(i.k) + " " + formats;
}

computed run(const instruction& what, const std::vector<vector>& all, executor& on) {
  const auto count = static_cast<std::int64_t>(all.size());
  tensor a(dtype::i32, {count, what.k}), b(dtype::i32, {count, what.k}), c(dtype::i32, {count}),
      d(dtype::i32, {count});
  for (std::int64_t v = 0; v < count; ++v) {
    const vector& one = all[static_cast<std::size_t>(v)];
    for (int k = 0; k < what.k; ++k) {
      a.set_code(v * what.k + k, one.a[static_cast<std::size_t>(k)]);
      b.set_code(v * what.k + k, one.b[static_cast<std::size_t>(k)]);
    }
    c.set_code(v, one.c);
  }
  d.poison(0xee);
  tensor_set inputs, outputs;
  inputs.set("a", std::move(a)), inputs.set("b", std::move(b)), inputs.set("c", std::move(c));
  outputs.set("d", std::move(d));
  computed result;
  const variant<instruction>& row = variants_of<instruction>(on.kernels()).front();
  result.why_not = row.domain(what);
  if (!result.why_not.empty()) return result;
  if (const auto failed =
          on.run([&](const kernel_arguments& args, launcher& launch) { row.run(what, args, launch); }, inputs,
                 outputs, {})) {
    result.why_not = failed->message;
    return result;
  }
  for (std::int64_t v = 0; v < count; ++v)
    result.d.push_back(static_cast<std::uint32_t>(outputs.at("d").code(v)));
  return result;
}

}  // namespace plumbline::probe
