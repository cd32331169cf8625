// A NaN in a key makes NaN of every row that sees the key; one in a value, or an infinity there, makes the
// same of its column; no other element changes a bit, nor any lse for a value.
//
// A weight of zero is no protection: 0 * NaN is NaN, so a tile of tensor cores carries the value of a key
// that a mask hides into all rows beside those that see it.
//
// A kernel that takes a NaN sum for an empty row hides the fault of whoever wrote the cache; one that lets it
// into a neighbour blames the wrong sequence.  Who sees the key is asked of the storage, not of the sequence:
// pages may be shared, and two sequences may name one cache row, at other positions.
#include <algorithm>
#include <cmath>

#include "properties/flash_decode/attend_inputs.hpp"
#include "properties/flash_decode/attend_laws.hpp"
#include "reference/core/random.hpp"
#include "reference/flash_decode.hpp"

namespace plumbline::laws {

using flash_decode::attend_problem;

namespace {

bool has_key_and_query(const attend_problem& p, std::int64_t n) {
  return flash_decode::cached_keys(p, n) > 0 && flash_decode::query_tokens(p, n) > 0;
}

bool same(double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); }

struct poison {
  std::int64_t sequence, key, head, column;
  bool in_value;
  double value;
};

poison poison_of(const attend_problem& p, std::uint64_t seed) {
  random_stream choice(seed, "nan");
  poison one = {choice.integer(0, p.b - 1), 0, choice.integer(0, p.hk - 1), 0, choice.chance(0.5), NAN};
  while (!has_key_and_query(p, one.sequence)) one.sequence = (one.sequence + 1) % p.b;
  // Half the time one of the last keys, which a causal mask or a window hides from some queries of a tile.
  const std::int64_t keys = flash_decode::cached_keys(p, one.sequence),
                     queries = flash_decode::query_tokens(p, one.sequence);
  one.key = choice.integer(choice.chance(0.5) ? std::max<std::int64_t>(0, keys - queries) : 0, keys - 1);
  // A window's other edge: the value of a key that the first query still sees and the last one no longer.
  const std::int64_t first = flash_decode::visible_keys(p, 0, queries, keys).begin,
                     end = std::min(flash_decode::visible_keys(p, queries - 1, queries, keys).begin, keys);
  random_stream edge(seed, "nan at the left edge");
  if (first < end && edge.chance(0.75)) one.in_value = true, one.key = edge.integer(first, end - 1);
  one.column = choice.integer(0, (one.in_value ? p.dv : p.d) - 1);
  constexpr double values[] = {NAN, INFINITY, -INFINITY};
  if (one.in_value && p.type != dtype::e4m3) one.value = values[choice.integer(0, 2)];  // e4m3 has none
  return one;
}

}  // namespace

std::string concerns_nan(const attend_subject& s) {
  if (s.problem.has_qv) return "V takes part in the scores";
  for (std::int64_t n = 0; n < s.problem.b; ++n)
    if (has_key_and_query(s.problem, n)) return "";
  return "no sequence has a key and a query";
}

std::string broken_nan(const attend_subject& s) {
  const attend_problem& p = s.problem;
  const poison one = poison_of(p, s.seed);
  tensor_set inputs = s.inputs;
  const generate::cache_address address(p, inputs);
  const auto place_of_key = [&](std::int64_t n, std::int64_t key) {
    return address.place(n, flash_decode::left_padding(p, n) + key);
  };
  const auto poisoned = place_of_key(one.sequence, one.key);
  tensor& cache = inputs.at(one.in_value ? "v_cache" : "k_cache");
  const std::int64_t index[] = {poisoned.first, poisoned.second, one.head, one.column};
  cache.set_value(cache.offset(index), one.value);
  const auto sees = [&](const flash_decode::row_place& place) {
    if (place.head / (p.hq / p.hk) != one.head) return false;
    const std::int64_t n = place.sequence;
    const auto range = flash_decode::visible_keys(p, place.query, flash_decode::query_tokens(p, n),
                                                  flash_decode::cached_keys(p, n));
    for (std::int64_t j = range.begin; j < range.end; ++j)
      if (place_of_key(n, j) == poisoned) return true;
    return false;
  };

  const std::string what = shown(one.value) + (one.in_value ? " in the value of key " : " in key ") +
                           std::to_string(one.key) + " of sequence " + std::to_string(one.sequence) +
                           ", KV head " + std::to_string(one.head) + ", column " + std::to_string(one.column);
  const attempt other = s.run(p, inputs);
  if (other.why_not) return describe(*other.why_not, what);
  const auto units = flash_decode::attend_units(p, s.inputs);
  const auto before = s.outputs.at("out").values(), after = other.outputs.at("out").values();
  const auto lse_before = s.outputs.at("lse").values(), lse_after = other.outputs.at("lse").values();
  for (std::size_t u = 0; u < units.size(); ++u)
    for (std::int64_t r = 0; r < units[u].rows; ++r) {
      const auto place = flash_decode::place_of(p, u, r);
      const bool seen = sees(place);
      const std::string end = seen ? ", which sees it" : ", which does not see it";
      const double l = lse_after[at(place.lse)];
      if (seen && !one.in_value ? !std::isnan(l) : !same(l, lse_before[at(place.lse)]))
        return what + ": lse of " + flash_decode::name_of(place) + " is " + shown(l) + end;
      for (std::int64_t c = 0; c < p.dv; ++c) {
        const std::size_t e = at(place.out_row * p.dv + c);
        const bool reached = seen && (!one.in_value || c == one.column);
        // The weight may be zero, or become it: 0 * infinity is NaN.
        if (reached ? !std::isnan(after[e]) && after[e] != one.value : !same(after[e], before[e]))
          return what + ": column " + std::to_string(c) + " of " + flash_decode::name_of(place) + " is " +
                 shown(after[e]) + end;
      }
    }
  return "";
}

}  // namespace plumbline::laws
