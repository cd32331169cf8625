// z-lab/dflash #2, 3, and 2d3e9b2: how the target's tokens are drawn.
//
// The original takes the largest logit below a temperature of 1e-5, else one draw a row of (b * n, vocab), as
// (b, n).  The proposal draws n a row, which no view of (b, n) holds but that of n = 1; the other change
// forgets the view, and what verifies the block slices a second axis.
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/core/promises.hpp"
#include "properties/dflash/tables.hpp"
#include "properties/generate/draws.hpp"
#include "reference/dflash.hpp"
#include "tests/claims/eager.hpp"
#include "tests/claims/subjects.hpp"

namespace plumbline::claims {

namespace {

using dflash::accept_problem;

enum class sampler : std::uint8_t {
  one_a_row,
  as_many_as_rows,
  flattened,
  uniform_of_another_row,
  last_of_equal
};

std::int64_t largest(const double* row, std::int64_t width, bool last) {
  std::int64_t at = 0;
  for (std::int64_t t = 1; t < width; ++t)
    if (row[t] > row[at] || (last && row[t] == row[at])) at = t;
  return at;
}

std::int64_t drawn(const double* row, std::int64_t width, double temperature, double uniform) {
  const double most = row[largest(row, width, false)];
  std::vector<double> sums;
  double total = 0;
  for (std::int64_t t = 0; t < width; ++t) sums.push_back(total += std::exp((row[t] - most) / temperature));
  std::int64_t last = 0;
  for (std::int64_t t = 0; t < width; ++t) {
    if (sums[static_cast<std::size_t>(t)] > uniform * total) return t;
    if (row[t] > -HUGE_VAL) last = t;
  }
  return last;
}

// (b, n) tokens, or what a sampler makes of them.
template <sampler How>
array sampled(const accept_problem& p, const array& logits, const tensor_view& uniforms) {
  const std::int64_t rows = p.b * p.block_size;
  array tokens = zeros(dtype::i32, {p.b, p.block_size});
  if (p.greedy()) {
    for (std::int64_t row = 0; row < rows; ++row)
      tokens.data[static_cast<std::size_t>(row)] = static_cast<double>(
          largest(logits.data.data() + row * p.vocab_size, p.vocab_size, How == sampler::last_of_equal));
    return tokens;
  }
  const array numbers = read(uniforms);
  const std::int64_t draws = How == sampler::as_many_as_rows ? p.block_size : 1;
  array all = zeros(dtype::i32, {rows, draws});
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t its = How == sampler::uniform_of_another_row ? rows - 1 - row : row;
    all.data[static_cast<std::size_t>(row * draws)] = static_cast<double>(
        drawn(logits.data.data() + row * p.vocab_size, p.vocab_size,
              static_cast<double>(static_cast<float>(p.temperature)),
              numbers.data[static_cast<std::size_t>(its)] * (How == sampler::last_of_equal ? 0.5 : 1)));
  }
  return How == sampler::flattened ? view(all, {-1}) : view(all, {p.b, p.block_size});
}

template <sampler How>
void run(const accept_problem& p, const kernel_arguments& args, launcher&) {
  if (p.b == 0) return;
  const array posterior = sampled<How>(p, read(args.in("logits")), args.in("uniforms"));
  if (posterior.shape.size() < 2)
    refuse("posterior[:, :-1]: too many indices for an array of " + std::to_string(posterior.shape.size()) +
           " axis");
  write(posterior, args.out("posterior"));
  const array block = read(args.in("block"));
  array accepted = zeros(dtype::i32, {p.b}), next = accepted;
  for (std::int64_t s = 0; s < p.b; ++s) {
    const auto first = static_cast<std::size_t>(s * p.block_size);
    std::size_t n = 0;
    while (n + 1 < static_cast<std::size_t>(p.block_size) &&
           block.data[first + n + 1] == posterior.data[first + n])
      ++n;
    accepted.data[static_cast<std::size_t>(s)] = static_cast<double>(n);
    next.data[static_cast<std::size_t>(s)] = posterior.data[first + n];
  }
  write(accepted, args.out("accepted"));
  write(next, args.out("next_token"));
}

std::string greedy(const accept_problem& p) { return p.greedy() ? "" : "says nothing of sampling"; }
std::string one_token(const accept_problem& p) {
  return p.greedy() || p.block_size > 1 ? "says nothing but of one sampled token" : "";
}
std::string several_tokens(const accept_problem& p) {
  return p.greedy() || p.block_size == 1 ? "says nothing but of several sampled tokens" : "";
}

constexpr contract contracts[] = {movement("f32/choice", dtype::f32, dtype::i32)};

template <sampler How>
constexpr variant<accept_problem> subject(std::string_view name,
                                          std::string (*domain)(const accept_problem&)) {
  return {name, contracts, claim::same_bits_run_to_run, domain, run<How>};
}

constexpr auto batch = sampler::as_many_as_rows;
constexpr auto all = takes_all<accept_problem>;
constexpr variant<accept_problem> rows[] = {
    subject<batch>("batch_sample_greedy", greedy),
    subject<sampler::last_of_equal>("batch_sample_greedy_with_fault", greedy),
    subject<batch>("batch_sample_one", one_token),
    subject<sampler::last_of_equal>("batch_sample_one_with_fault", one_token),
    subject<batch>("batch_sample_several", several_tokens),
    subject<sampler::one_a_row>("one_draw_a_row", several_tokens),
    subject<sampler::uniform_of_another_row>("one_draw_a_row_with_fault", several_tokens),
    subject<sampler::flattened>("flattened", all),
    subject<sampler::one_a_row>("by_row", all),
    subject<sampler::uniform_of_another_row>("by_row_with_fault", all)};

std::span<const variant<accept_problem>> subjects(side where) {
  if (where != side::host) return {};
  return rows;
}

// As the kernel's, with one token more often.
accept_problem draw(const contract& promised, std::string_view regime, std::uint64_t seed,
                    std::uint64_t index) {
  accept_problem p = dflash::accept_tables().draw(promised, regime, seed, index);
  if (generate::draws(seed, index, "one token").chance(30)) p.block_size = 1;
  return p;
}

}  // namespace

const operation& dflash_accept() {
  static const table_operation<accept_problem> one([] {
    auto tables = with_subjects(dflash::accept_tables(), "dflash_accept", subjects);
    tables.draw = draw;
    return tables;
  }());
  return one;
}

}  // namespace plumbline::claims
