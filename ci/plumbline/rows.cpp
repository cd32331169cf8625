#include "ci/plumbline/rows.hpp"

#include <algorithm>

#include "reference/core/keyed_text.hpp"

namespace plumbline::program {

namespace {

template <class List>
std::string joined(const List& names) {
  std::string all;
  for (const auto& n : names) all += (all.empty() ? "" : ", ") + std::string(n);
  return all;
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

bool chooses(const std::string& wanted, const row& r) {
  const std::size_t slash = wanted.find('/');
  const std::string op = wanted.substr(0, slash);
  if (op != r.op->op() && op != name_of(*r.op)) return false;
  return slash == std::string::npos || wanted.substr(slash + 1) == r.variant;
}

}  // namespace

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
    if (o->op() == op && o->function() == function) return *o;
    known.push_back(name_of(*o));
  }
  throw bad_argument("operator", "expected one of " + joined(known) + ", got '" + op + "." + function + "'");
}

std::vector<row> select_rows(const instrument& all, side kernels, const std::vector<std::string>& wanted,
                             std::optional<dtype> in, const std::string& regime) {
  std::vector<row> rows;
  for (const operation* o : all.operations)
    for (const variant_info& v : o->variants(kernels))
      for (const contract& c : v.contracts) rows.push_back({o, v.name, c, c.in});
  for (const std::string& w : wanted)
    if (std::none_of(rows.begin(), rows.end(), [&](const row& r) { return chooses(w, r); })) {
      std::vector<std::string> known;
      for (const row& r : rows) add_once(known, name_of(*r.op) + "/" + r.variant);
      throw bad_argument("OP[/VARIANT]", "expected one of " + joined(known) + ", got '" + w + "'");
    }
  if (!wanted.empty())
    std::erase_if(rows, [&](const row& r) {
      return std::none_of(wanted.begin(), wanted.end(), [&](const std::string& w) { return chooses(w, r); });
    });
  if (in) {
    std::vector<std::string> known;
    for (const row& r : rows) add_once(known, std::string(plumbline::name_of(r.in)));
    std::erase_if(rows, [&](const row& r) { return r.in != *in; });
    if (rows.empty())
      throw bad_argument("--dtype", "expected one of " + joined(known) + ", got '" +
                                        std::string(plumbline::name_of(*in)) + "'");
  }
  if (!regime.empty()) {
    std::vector<std::string> known;
    for (const row& r : rows)
      for (const std::string& name : r.op->regimes()) add_once(known, name);
    std::erase_if(rows, [&](const row& r) {
      const std::vector<std::string> its = r.op->regimes();
      return std::find(its.begin(), its.end(), regime) == its.end();
    });
    if (rows.empty())
      throw bad_argument("--regime", "expected one of " + joined(known) + ", got '" + regime + "'");
  }
  if (rows.empty()) throw cannot_run("nothing to verify: no operator is built into this program");
  return rows;
}

}  // namespace plumbline::program
