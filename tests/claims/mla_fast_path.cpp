// The short path of mla_short_path.hpp as subjects: flaws one by one, all together, and none.
#include "tests/claims/mla_short_path.hpp"

#include <algorithm>

#include "kernels/core/promises.hpp"
#include "kernels/core/variants_of.hpp"
#include "properties/generate/draws.hpp"
#include "properties/mla/forward_shapes.hpp"
#include "properties/mla/tables.hpp"
#include "tests/claims/subjects.hpp"

namespace plumbline::claims {

namespace {

using namespace mla;
using namespace short_path;

template <unsigned Flaws>
void run(const forward_problem& p, const kernel_arguments& args, launcher& on) {
  if (p.b == 0 || p.sq == 0) return;
  const bool masked = p.causal && (Flaws & (mask_dropped | takes_masks)) == 0;
  if (p.sq <= most_tokens && !masked) return short_path::run(p, args, Flaws);
  variants_of<forward_problem>(side::host).front().run(p, args, on);
}

std::string domain(const forward_problem& p) {
  return p.cache_type == p.type ? variants_of<forward_problem>(side::host).front().domain(p)
                                : "a cache in another type than x is not supported";
}
std::string with_a_mask(const forward_problem& p) {
  return p.causal && p.sq > 1 && p.sq <= most_tokens ? domain(p) : "without a mask";
}
std::string with_a_mask_from_the_start(const forward_problem& p) {
  return p.start_pos > 0 ? "behind cached tokens" : with_a_mask(p);
}
std::string beside_256(const forward_problem& p) {
  return p.sq > 250 && p.sq < 260 && !p.causal ? domain(p) : "not beside 256 tokens without a mask";
}

// Normalised weights are rounded, so what is subtracted from the scores is no maximum of theirs.
constexpr contract contract_of_short_path() {
  contract c = attention("bf16/eager", dtype::bf16, accumulation::f32, dtype::bf16, 1, dtype::bf16);
  c.attention().shift = p_shift::any;
  return c;
}
constexpr contract contracts[] = {contract_of_short_path()};

template <unsigned Flaws>
constexpr variant<forward_problem> subject(std::string_view name,
                                           std::string (*takes)(const forward_problem&)) {
  return {name, contracts, claim::same_bits_run_to_run, takes, run<Flaws>};
}

constexpr variant<forward_problem> rows[] = {
    subject<as_proposed>("proposed", domain),
    subject<rotary_first>("rotary_first", domain),
    subject<parts_not_by_head>("parts_not_by_head", domain),
    subject<key_of_every_head>("key_of_every_head", domain),
    subject<rotary_alone>("rotary_alone", domain),
    subject<wrong_cache_rows>("wrong_cache_rows", domain),
    subject<cache_ignored>("cache_ignored", domain),
    subject<codes_as_weights>("codes_as_weights", domain),
    subject<weights_not_cast>("weights_not_cast", domain),
    subject<mask_dropped>("mask_dropped", domain),
    subject<0>("repaired", domain),
    subject<scale_without_rotary>("repaired_with_fault", domain),
    subject<takes_masks | mask_of_new_tokens>("mask", with_a_mask),
    subject<takes_masks | mask_of_new_tokens>("mask_from_the_start", with_a_mask_from_the_start),
    subject<takes_masks | mask_of_new_tokens | mask_one_short>("mask_from_the_start_with_fault",
                                                               with_a_mask_from_the_start),
    subject<takes_masks>("mask_of_all_keys", with_a_mask),
    subject<takes_masks | mask_one_short>("mask_of_all_keys_with_fault", with_a_mask),
    subject<0>("beside_256", beside_256),
    subject<keys_cut_at_256>("beside_256_with_fault", beside_256)};

std::span<const variant<forward_problem>> subjects(side where) {
  if (where != side::host) return {};
  return rows;
}

// As the chain's, and often a small module with as many tokens as the path still takes, or one more.
forward_problem draw(const contract& promised, std::string_view regime, std::uint64_t seed,
                     std::uint64_t index) {
  forward_problem p = generate::draw_forward(promised, regime, seed, index);
  generate::draws draw(seed, index, "tokens of a short path");
  if (!draw.chance(15)) return p;
  p.b = 1, p.sq = draw.one_of({255, 256, 257}), p.start_pos = draw.chance(50) ? 0 : draw.between(1, 3);
  p.n_heads = draw.between(1, 3), p.dim = 16, p.q_lora_rank = 0, p.kv_lora_rank = 16;
  p.qk_nope_head_dim = p.v_head_dim = 8, p.qk_rope_head_dim = 4;
  p.causal = draw.chance(40);
  p.max_batch_size = 1, p.max_seq_len = p.rotary_rows = p.end_pos() + draw.between(0, 2);
  return p;
}

}  // namespace

const operation& mla_forward() {
  static const table_operation<forward_problem> one([] {
    auto tables = with_subjects(mla::forward_tables(), "mla_forward", subjects);
    tables.draw = draw;
    return tables;
  }());
  return one;
}

}  // namespace plumbline::claims
