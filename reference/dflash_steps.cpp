// The truth of steps: a slot is the list of rows that were committed to it, and nothing else.
//
// A step's queries read that list and the step's own new rows; no cache is read to compute anything.  What
// the caches hold is worked out beside it: a row is written where the list ended, and stays until one is
// written over it.
#include "reference/dflash.hpp"
#include "reference/mla_places.hpp"

namespace plumbline::dflash {

namespace {

// A part that attends: rows of k and v that its queries read, of which the first `held` were there before.
struct attending {
  step_call call;
  std::int64_t slot, first_query;
  int_list keys;
  std::size_t held;
};

struct history {
  std::vector<attending> parts;  // in the order of the calls
  std::vector<int_list> slots;   // rows that each slot holds in the end
};

history history_of(const steps_problem& p) {
  history all{{}, std::vector<int_list>(static_cast<std::size_t>(p.slots))};
  for (const step_call& call : calls_of(p))
    for (std::size_t i = 0; i < call.parts.size(); ++i) {
      const step_part& part = call.parts[i];
      int_list& committed = all.slots[static_cast<std::size_t>(part.slot)];
      if (call.kind == 'c') {
        if (part.count < static_cast<std::int64_t>(committed.size()))
          committed.resize(static_cast<std::size_t>(part.count));
        continue;
      }
      if (call.kind == 'p') committed.clear();
      attending one{call, part.slot, call.first_query + static_cast<std::int64_t>(i) * p.block_size,
                    committed, committed.size()};
      for (std::int64_t row = call.new_rows[i]; row < call.new_rows[i + 1]; ++row) one.keys.push_back(row);
      committed.assign(one.keys.begin(), one.keys.end() - p.block_size);
      all.parts.push_back(std::move(one));
    }
  return all;
}

attention_unit::loader rows_of(const std::vector<double>& from, int_list rows, std::int64_t heads,
                               std::int64_t head, std::int64_t d) {
  return
      [&from, rows = std::move(rows), heads, head, d](std::int64_t first, std::int64_t count, double* out) {
        for (std::int64_t n = first; n < first + count; ++n)
          out = std::copy_n(from.data() + (rows[static_cast<std::size_t>(n)] * heads + head) * d, d, out);
      };
}

void add_units(const steps_problem& p, const new_rows& from, const attending& part,
               std::vector<attention_unit>& units) {
  const std::int64_t group = p.hq / p.hk;
  for (std::int64_t head = 0; head < p.hk; ++head) {
    attention_unit unit;
    unit.rows = p.block_size * group, unit.keys = static_cast<std::int64_t>(part.keys.size());
    unit.dk = unit.dv = p.d;
    unit.score_scale = effective_scale(attention_of(p, part.call));
    unit.begin.assign(static_cast<std::size_t>(unit.rows), 0);
    unit.end.assign(static_cast<std::size_t>(unit.rows), unit.keys);
    unit.load_q = [&from, first_query = part.first_query, head, group, hq = p.hq, d = p.d](
                      std::int64_t row, std::int64_t count, double* out) {
      for (std::int64_t r = row; r < row + count; ++r)
        out = std::copy_n(from.q.data() + ((first_query + r / group) * hq + head * group + r % group) * d, d,
                          out);
    };
    unit.load_k = rows_of(from.k, part.keys, p.hk, head, p.d);
    unit.load_v = rows_of(from.v, part.keys, p.hk, head, p.d);
    units.push_back(std::move(unit));
  }
}

void write(const tensor& from, std::int64_t row, tensor& cache, std::int64_t slot, std::int64_t at) {
  for (std::int64_t h = 0; h < from.dim(1); ++h)
    for (std::int64_t e = 0; e < from.dim(2); ++e) {
      const std::int64_t source_index[] = {row, h, e}, index[] = {slot, at, h, e};
      cache.set_code(cache.offset(index), from.code(from.offset(source_index)));
    }
}

}  // namespace

new_rows new_rows_of(const steps_problem&, const tensor_set& inputs) {
  return {inputs.at("q").values(), inputs.at("k").values(), inputs.at("v").values()};
}

std::vector<attention_unit> units_of(const steps_problem& p, const new_rows& rows) {
  std::vector<attention_unit> units;
  for (const attending& part : history_of(p).parts) add_units(p, rows, part, units);
  return units;
}

steps_truth steps(const steps_problem& p, const tensor_set& inputs, std::span<const contract> contracts,
                  const attention_options& options) {
  check(p, inputs);
  steps_truth truth;
  truth.exact = make_outputs(p, inputs);
  truth.exact.erase("attended");
  const history all = history_of(p);
  for (const attending& part : all.parts)
    for (std::size_t at = part.held; at < part.keys.size(); ++at)
      for (const auto& [cache, rows] : {std::pair("k_cache", "k"), std::pair("v_cache", "v")})
        write(inputs.at(rows), part.keys[at], truth.exact.at(cache), part.slot,
              static_cast<std::int64_t>(at));
  for (std::size_t slot = 0; slot < all.slots.size(); ++slot)
    truth.exact.at("cache_seqlens")
        .set_value(static_cast<std::int64_t>(slot), static_cast<double>(all.slots[slot].size()));
  const new_rows rows = new_rows_of(p, inputs);
  truth.units = attend(units_of(p, rows), contracts, options);
  return truth;
}

}  // namespace plumbline::dflash
