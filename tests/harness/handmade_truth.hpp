// A truth filled in by hand: every companion zero but the ones a test names, so that a budget has one term
// and its threshold can be written down.
#pragma once

#include <vector>

#include "properties/judge/attention/judge.hpp"
#include "reference/attention.hpp"
#include "reference/core/contract.hpp"

namespace plumbline::testing {

/// Rows that see 64 keys (G = 4), all elements `r`, S1 = |r|, everything else zero.
inline attention_truth handmade(std::int64_t rows, std::int64_t dv, double r) {
  attention_truth t;
  t.rows = rows;
  t.keys = 64;
  t.dk = 64;
  t.dv = dv;
  const auto elements = static_cast<std::size_t>(rows * dv);
  t.out.assign(elements, r);
  t.S1.assign(elements, r < 0 ? -r : r);
  t.SB.assign(elements, 0);
  t.C.assign(elements, 0);
  t.max_abs_v.assign(elements, 0);
  t.lse.assign(static_cast<std::size_t>(rows), 1.0);
  t.row_facts.assign(static_cast<std::size_t>(rows), {1.0, 1.0, 64});
  t.effective_columns = static_cast<double>(dv);
  contract_companions c;
  c.rows.resize(static_cast<std::size_t>(rows));
  c.A2.assign(elements, 0);
  c.flushed.assign(elements, 0);
  t.contracts.push_back(c);
  return t;
}

/// Output equal to the truth.
inline attention_output exactly(const attention_truth& t) { return {t.out, t.lse}; }

inline verdict judged(const attention_truth& t, const contract& c, const attention_output& x) {
  return judge_attention({&t, 1}, 0, c, {&x, 1}, {});
}

/// The finding of a test, or an unused one.
inline finding finding_named(const verdict& v, std::string_view test) {
  for (const finding& one : v.findings)
    if (one.test == test && (test != "class" || !one.passed())) return one;
  return {};
}

/// A contract without tensor-core drift in the way: fp32 everywhere, fp32 output.
inline contract plain_f32() {
  contract c = plain_attention;
  c.name = "plain";
  c.in = c.attention().p_type = c.out_type = dtype::f32;
  c.attention().acc_qk = c.attention().acc_pv = accumulation::f32;
  c.attention().e_exp = 0;
  return c;
}

}  // namespace plumbline::testing
