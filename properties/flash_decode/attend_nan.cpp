// A NaN in a key makes NaN of every row that sees the key, and reaches no other row.
//
// A kernel that takes a NaN sum for an empty row hides the fault of whoever wrote the cache; one that lets it
// into a neighbour blames the wrong sequence.  Who sees the key is asked of the storage, not of the sequence:
// pages may be shared, and two sequences may name one cache row, at other positions.
#include <cmath>

#include "properties/flash_decode/attend_inputs.hpp"
#include "properties/flash_decode/attend_laws.hpp"
#include "reference/core/random.hpp"
#include "reference/flash_decode.hpp"

namespace plumbline::laws {

using flash_decode::attend_problem;

namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

bool has_key_and_query(const attend_problem& p, std::int64_t n) {
  return flash_decode::cached_keys(p, n) > 0 && flash_decode::query_tokens(p, n) > 0;
}

bool same(double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); }

}  // namespace

std::string concerns_nan(const attend_subject& s) {
  if (s.problem.has_qv) return "V takes part in the scores";
  for (std::int64_t n = 0; n < s.problem.b; ++n)
    if (has_key_and_query(s.problem, n)) return "";
  return "no sequence has a key and a query";
}

std::string broken_nan(const attend_subject& s) {
  const attend_problem& p = s.problem;
  random_stream choice(s.seed, "nan");
  std::int64_t sequence = choice.integer(0, p.b - 1);
  while (!has_key_and_query(p, sequence)) sequence = (sequence + 1) % p.b;
  const std::int64_t key = choice.integer(0, flash_decode::cached_keys(p, sequence) - 1),
                     head = choice.integer(0, p.hk - 1);
  tensor_set inputs = s.inputs;
  const generate::cache_address address(p, inputs);
  const auto poisoned = address.place(sequence, flash_decode::left_padding(p, sequence) + key);
  tensor& k = inputs.at("k_cache");
  const std::int64_t index[] = {poisoned.first, poisoned.second, head, choice.integer(0, p.d - 1)};
  k.set_value(k.offset(index), NAN);
  const auto sees = [&](const flash_decode::row_place& place) {
    if (place.head / (p.hq / p.hk) != head) return false;
    const std::int64_t n = place.sequence;
    const auto range = flash_decode::visible_keys(p, place.query, flash_decode::query_tokens(p, n),
                                                  flash_decode::cached_keys(p, n));
    for (std::int64_t j = range.begin; j < range.end; ++j) {
      if (address.place(n, flash_decode::left_padding(p, n) + j) == poisoned) return true;
    }
    return false;
  };

  const std::string what = "NaN in key " + std::to_string(key) + " of sequence " + std::to_string(sequence) +
                           ", KV head " + std::to_string(head);
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
      const auto right = [&](double now, double then) { return seen ? std::isnan(now) : same(now, then); };
      if (const double l = lse_after[at(place.lse)]; !right(l, lse_before[at(place.lse)]))
        return what + ": lse of " + flash_decode::name_of(place) + " is " + shown(l) + end;
      for (std::int64_t c = 0; c < p.dv; ++c) {
        const std::size_t e = at(place.out_row * p.dv + c);
        if (!right(after[e], before[e]))
          return what + ": column " + std::to_string(c) + " of " + flash_decode::name_of(place) + " is " +
                 shown(after[e]) + end;
      }
    }
  return "";
}

}  // namespace plumbline::laws
