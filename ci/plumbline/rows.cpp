#include "ci/plumbline/rows.hpp"

#include <algorithm>
#include <iterator>

#include "reference/core/keyed_text.hpp"
#include "reference/core/nearest.hpp"

namespace plumbline::program {

namespace {

bool chooses(const std::string& wanted, const row& r) {
  const std::size_t slash = wanted.find('/');
  const std::string op = wanted.substr(0, slash);
  if (op != r.op->op() && op != name_of(*r.op)) return false;
  return slash == std::string::npos || wanted.substr(slash + 1) == r.variant;
}

}  // namespace

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& n : names) all += (all.empty() ? "" : ", ") + n;
  return all;
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

std::vector<contract> contracts_of(const operation& op) {
  std::vector<contract> all;
  for (const variant_info& v : op.variants(side::host))
    for (const contract& c : v.contracts)
      if (std::find(all.begin(), all.end(), c) == all.end()) all.push_back(c);
  return all;
}

std::string name_of(const operation& o) { return std::string(o.op()) + "." + std::string(o.function()); }
std::string row::name() const {
  return program::name_of(*op) + "/" + variant + " " + std::string(plumbline::name_of(in));
}
std::string row::dotted() const {
  return program::name_of(*op) + "." + variant + "." + std::string(plumbline::name_of(in));
}

const operation& find_operation(const instrument& all, const std::string& op, const std::string& function) {
  std::vector<std::string> known;
  for (const operation* o : all.operations) {
    if (o->op() == op && (function.empty() || o->function() == function)) return *o;
    known.push_back(name_of(*o));
  }
  for (const operation* o : all.subjects)
    if (o->op() == op && o->function() == function) return *o;
  const std::string got = op + (function.empty() ? "" : "." + function);
  std::vector<std::string> operators = known;
  for (const operation* o : all.operations) add_once(operators, std::string(o->op()));
  throw bad_argument("operator", "expected one of " + joined(known) + ", got '" + got + "'" +
                                     guess(got, function.empty() ? operators : known));
}

namespace {

std::string what_of(const row& r) { return name_of(*r.op) + "/" + r.variant; }

// Takes out the rows that `keeps` refuses.  A variant that loses all its rows is noted; a filter that leaves
// nothing, or nothing of a name that was given, is refused.
template <class Keep, class Known>
void filter(std::vector<row>& rows, const std::vector<std::string>& wanted, const std::string& option,
            const std::string& value, const std::string& reason, std::vector<left_out_row>& left_out,
            Keep keeps, Known add_known) {
  if (value.empty()) return;
  std::vector<row> kept;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(kept), keeps);
  const auto has = [&](const auto& belongs) { return std::any_of(kept.begin(), kept.end(), belongs); };
  const auto known_of = [&](const std::string& word) {
    std::vector<std::string> known;
    for (const row& r : rows)
      if (word.empty() || chooses(word, r)) add_known(r, known);
    return known;
  };
  const auto refuse = [&](const std::string& word) {
    const std::vector<std::string> known = known_of(word);
    throw bad_argument(option, "expected one of " + joined(known) + (word.empty() ? "" : " for " + word) +
                                   ", got '" + value + "'" + guess(value, known));
  };
  if (kept.empty()) refuse("");
  for (const std::string& w : wanted)
    if (!has([&](const row& r) { return chooses(w, r); })) refuse(w);
  std::vector<std::string> gone;
  for (const row& r : rows)
    if (!has([&](const row& k) { return what_of(k) == what_of(r); })) add_once(gone, what_of(r));
  for (const std::string& name : gone) left_out.push_back({name, reason});
  rows = std::move(kept);
}

}  // namespace

std::vector<row> select_rows(const instrument& all, side kernels, const std::vector<std::string>& wanted,
                             const std::string& type, const std::string& regime,
                             std::vector<left_out_row>& left_out) {
  std::vector<row> rows;
  for (const operation* o : all.operations)
    for (const variant_info& v : o->variants(kernels))
      for (const contract& c : v.contracts) rows.push_back({o, v.name, c, c.in});
  for (const std::string& w : wanted)
    if (std::none_of(rows.begin(), rows.end(), [&](const row& r) { return chooses(w, r); })) {
      std::vector<std::string> operators, known;
      for (const row& r : rows) {
        const std::string op(r.op->op());
        add_once(operators, op);
        for (const std::string& name : {op, name_of(*r.op), op + "/" + r.variant, what_of(r)})
          add_once(known, name);
      }
      throw bad_argument("OP[/VARIANT]",
                         "expected " + joined(operators) +
                             ", OP.FUNCTION, or either with a /VARIANT (plumbline list), got '" + w + "'" +
                             guess(w, known));
    }
  if (!wanted.empty())
    std::erase_if(rows, [&](const row& r) {
      return std::none_of(wanted.begin(), wanted.end(), [&](const std::string& w) { return chooses(w, r); });
    });
  filter(
      rows, wanted, "--dtype", type, "takes no " + type, left_out,
      [&](const row& r) { return plumbline::name_of(r.in) == type; },
      [](const row& r, std::vector<std::string>& known) {
        add_once(known, std::string(plumbline::name_of(r.in)));
      });
  filter(
      rows, wanted, "--regime", regime, "has no regime " + regime, left_out,
      [&](const row& r) {
        const std::vector<std::string> its = r.op->regimes();
        return std::find(its.begin(), its.end(), regime) != its.end();
      },
      [](const row& r, std::vector<std::string>& known) {
        for (const std::string& name : r.op->regimes()) add_once(known, name);
      });
  if (rows.empty()) throw cannot_run("nothing to verify: no operator is built into this program");
  return rows;
}

}  // namespace plumbline::program
