// Dao-AILab/flash-attention #1236: keys split over blocks, and query heads of one KV head packed into a tile.
//
// The kernel `split` is what was proposed: partial results of parts of the keys are merged by their
// log-sum-exp, and row r = i * G + g of a tile is query i of the group's head g.  Unpacked, each query head
// has a copy of its KV head, so that a tile holds rows of one head.  Either is held to the truth.
#include <algorithm>
#include <cstring>

#include "kernels/core/variants_of.hpp"
#include "properties/flash_decode/attend_agreement.hpp"
#include "properties/flash_decode/attend_function.hpp"
#include "properties/flash_decode/attend_laws.hpp"
#include "properties/generate/draws.hpp"
#include "properties/laws/reruns.hpp"
#include "tests/claims/subjects.hpp"

namespace plumbline::claims {

namespace {

using flash_decode::attend_problem;

constexpr std::int64_t tile_keys = 64, most_decode_tokens = 4, least_prefill_tokens = 64;

const variant<attend_problem>& kernel() {
  for (const variant<attend_problem>& row : variants_of<attend_problem>(side::host))
    if (row.name == "split") return row;
  return variants_of<attend_problem>(side::host).front();
}

void run(const attend_problem& p, const kernel_arguments& args, launcher& on) { kernel().run(p, args, on); }

/// Arguments of a call with some inputs in another place.
kernel_arguments with(const kernel_arguments& args, std::vector<kernel_arguments::entry>& in,
                      std::vector<kernel_arguments::entry>& out) {
  for (const char* name : {"q", "k_cache", "v_cache", "cache_seqlens", "cache_batch_idx", "cache_leftpad",
                           "page_table", "cu_seqlens_q", "q_descale", "k_descale", "v_descale"})
    if (const tensor_view v = args.in(name);
        v && std::none_of(in.begin(), in.end(), [&](const auto& e) { return e.name == name; }))
      in.push_back({name, v});
  out = {{"out", args.out("out")}, {"lse", args.out("lse")}};
  return {in, out};
}

// Planted: the last block of keys that no split fills is lost.
void run_without_last_block(const attend_problem& p, const kernel_arguments& args, launcher& on) {
  attend_problem shorter = p;
  const tensor_view lengths = args.in("cache_seqlens");
  auto* const cut =
      static_cast<std::int32_t*>(on.scratch(static_cast<std::size_t>(p.b) * sizeof(std::int32_t)));
  for (std::int64_t n = 0; n < p.b; ++n) {
    std::int64_t& length = shorter.cache_seqlens[static_cast<std::size_t>(n)];
    const std::int64_t lost = p.num_splits > 1 && p.cache_leftpad.empty() ? length % tile_keys : 0;
    length -= lost;
    cut[n] = static_cast<std::int32_t>(length);
  }
  tensor_view place = lengths;
  place.data = cut, place.stride[0] = 1;
  std::vector<kernel_arguments::entry> in = {{"cache_seqlens", place}}, out;
  kernel().run(shorter, with(args, in, out), on);
}

/// A copy of a cache (rows, slots, hk, width) with a KV head for each query head.
tensor_view by_query_head(const attend_problem& p, const tensor_view& cache, bool repeated, launcher& on) {
  const auto bytes = static_cast<std::int64_t>(size_of(cache.type));
  const std::int64_t rows = cache.shape[0], slots = cache.shape[1], width = cache.shape[3];
  tensor_view all = cache;
  all.shape[2] = p.hq;
  all.stride[3] = 1, all.stride[2] = width, all.stride[1] = p.hq * width,
  all.stride[0] = slots * p.hq * width;
  auto* const to =
      static_cast<unsigned char*>(on.scratch(static_cast<std::size_t>(rows * all.stride[0] * bytes)));
  const auto* from = static_cast<const unsigned char*>(cache.data);
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t s = 0; s < slots; ++s)
      for (std::int64_t h = 0; h < p.hq; ++h) {
        const std::int64_t its = repeated ? h / (p.hq / p.hk) : h % p.hk;
        std::memcpy(to + (r * all.stride[0] + s * all.stride[1] + h * width) * bytes,
                    from + (r * cache.stride[0] + s * cache.stride[1] + its * cache.stride[2]) * bytes,
                    static_cast<std::size_t>(width * bytes));
      }
  all.data = to;
  return all;
}

// `Repeated` as it should be; else KV heads are taken in turn, which is another model.
template <bool Repeated>
void run_unpacked(const attend_problem& p, const kernel_arguments& args, launcher& on) {
  attend_problem single = p;
  single.hk = p.hq;
  std::vector<kernel_arguments::entry> in = {{"k_cache", by_query_head(p, args.in("k_cache"), Repeated, on)},
                                             {"v_cache", by_query_head(p, args.in("v_cache"), Repeated, on)}};
  std::vector<kernel_arguments::entry> out;
  kernel().run(single, with(args, in, out), on);
}

std::string split_domain(const attend_problem& p) {
  if (p.num_splits == 1) return "does not split";
  return kernel().domain(p);
}
std::string grouped(const attend_problem& p) {
  if (p.hk == p.hq) return "every query head has a KV head";
  if (p.page_size > 0 || p.num_splits == 0) return "takes dense caches and a given number of splits";
  return p.batch_cache * p.capacity * p.hq * (p.d + p.dv) > (1 << 22) ? "too large to be copied by query head"
                                                                      : kernel().domain(p);
}
std::string decode_domain(const attend_problem& p) {
  return p.sq <= most_decode_tokens ? grouped(p) : "more tokens than a decode has";
}
std::string prefill_domain(const attend_problem& p) {
  return p.sq >= least_prefill_tokens ? grouped(p) : "fewer tokens than a prefill has";
}

const std::vector<variant<attend_problem>>& rows() {
  static const std::vector<variant<attend_problem>> all = [] {
    const variant<attend_problem>& k = kernel();
    constexpr claim alike = claim::same_bits_run_to_run;
    return std::vector<variant<attend_problem>>{
        {"split", k.contracts, alike, split_domain, run},
        {"split_with_fault", k.contracts, alike, split_domain, run_without_last_block},
        {"packed_decode", k.contracts, alike, decode_domain, run},
        {"packed_decode_with_fault", k.contracts, alike, decode_domain, run_unpacked<false>},
        {"packed_prefill", k.contracts, alike, prefill_domain, run},
        {"packed_prefill_with_fault", k.contracts, alike, prefill_domain, run_unpacked<false>}};
  }();
  return all;
}

std::span<const variant<attend_problem>> subjects(side where) {
  if (where != side::host) return {};
  return rows();
}

std::string concerns_unpacked(const laws::subject<attend_problem>& s) {
  return s.row.name.rfind("packed", 0) == 0 ? "" : "says nothing of packing";
}
std::string broken_unpacked(const laws::subject<attend_problem>& s) {
  const laws::attempt unpacked = laws::run_poisoned(
      s.where,
      [&](const kernel_arguments& arguments, launcher& on) { run_unpacked<true>(s.problem, arguments, on); },
      s.inputs, make_outputs(s.problem), s.options);
  if (unpacked.why_not) return laws::describe(*unpacked.why_not, "unpacked heads");
  const auto truth = laws::attend_truth(s.problem, s.inputs, s.promised);
  const verdict v = laws::judge_attend(s.problem, truth, s.promised, unpacked.outputs);
  return v.result == outcome::fail ? "unpacked heads: " + v.message : "";
}

std::span<const laws::law<attend_problem>> with_unpacked() {
  static const std::vector<laws::law<attend_problem>> all = [] {
    const auto usual = laws::attend_laws();
    std::vector<laws::law<attend_problem>> some(usual.begin(), usual.end());
    some.push_back({"unpacked_agrees", claim::none, concerns_unpacked, broken_unpacked});
    return some;
  }();
  return all;
}

// Every third problem is attend's own; the others have few or many tokens, and several heads to a KV head.
class attend_subjects final : public flash_decode::attend_function {
 public:
  using attend_function::attend_function;

 protected:
  attend_problem draw_problem(const contract& promised, std::string_view regime, std::uint64_t seed,
                              std::uint64_t index) const override {
    attend_problem p = attend_function::draw_problem(promised, regime, seed, index);
    generate::draws draw(seed, index, "grouped heads");
    if (index % 3 == 0) return p;
    attend_problem grouped;
    grouped.type = promised.in, grouped.out_type = promised.out_type, grouped.softmax_scale = p.softmax_scale;
    grouped.b = grouped.batch_cache = draw.between(1, 3);
    grouped.hk = draw.between(1, 2), grouped.hq = grouped.hk * draw.one_of({2, 3, 4, 8, 16});
    grouped.d = grouped.dv = 8 * draw.one_of({1, 3, 8});
    const bool prefill = index % 3 == 1;
    grouped.sq = prefill ? draw.one_of({64, 65, 80, 128}) : draw.between(1, most_decode_tokens);
    if (prefill) grouped.b = grouped.batch_cache = 1, grouped.hq = grouped.hk * draw.one_of({2, 3, 4});
    for (std::int64_t n = 0; n < grouped.b; ++n)
      grouped.cache_seqlens.push_back(draw.between(prefill ? grouped.sq : 1, prefill ? 200 : 400));
    grouped.capacity = *std::max_element(grouped.cache_seqlens.begin(), grouped.cache_seqlens.end());
    grouped.num_splits = draw.between(1, 6);
    grouped.causal = draw.chance(70);
    return grouped;
  }
};

}  // namespace

const operation& flash_decode_attend() {
  static const attend_subjects one([] {
    function_parts<attend_problem> parts = flash_decode::attend_parts();
    parts.op = operator_name, parts.name = "flash_decode_attend";
    parts.table = subjects, parts.laws = with_unpacked;
    return parts;
  }());
  return one;
}

}  // namespace plumbline::claims
