#include "properties/examination.hpp"

#include "reference/core/sha256.hpp"

namespace plumbline {

namespace {

int severity(outcome o) {
  switch (o) {
    case outcome::fail:
      return 3;
    case outcome::mistrusted:
      return 2;
    case outcome::pass:
      return 1;
    default:
      return 0;
  }
}

}  // namespace

std::string digest_of(const tensor_set& outputs) {
  sha256 digest;
  for (const auto& e : outputs) digest.update(e.value);
  return digest.hex();
}

run_options options_of(const case_spec& spec) {
  run_options how;
  how.schedule = spec.schedule;
  how.os_threads = spec.os_threads;
  return how;
}

void add_law(case_result& result, law_result one) {
  if (one.result == outcome::fail && result.result != outcome::fail) {
    result.result = outcome::fail;
    result.failed_law = one.law;
    result.message = one.law + ": " + one.message;
    result.failing_schedule = one.schedule;
  }
  result.laws.push_back(std::move(one));
}

void add_verdict(case_result& result, verdict v) {
  law_result agreement{"agrees_with_truth", v.result, v.message};
  result.result = v.result;
  result.judged = std::move(v);
  if (agreement.result == outcome::fail) result.failed_law = agreement.law;
  if (agreement.result != outcome::pass) result.message = agreement.message;
  result.laws.push_back({"completes", outcome::pass, ""});
  result.laws.push_back({"touches_nothing_else", outcome::pass, ""});
  result.laws.push_back(std::move(agreement));
}

void add_fault(case_result& result, const fault& why) {
  const std::string law(laws::law_of(why));
  result.result = outcome::fail;
  result.failed_law = law;
  result.message = law + ": " + why.message;
  if (law == "touches_nothing_else") result.laws.push_back({"completes", outcome::pass, ""});
  result.laws.push_back({law, outcome::fail, why.message});
}

case_result worse(case_result a, case_result b) {
  if (severity(b.result) > severity(a.result)) std::swap(a, b);
  for (law_result& one : b.laws) a.laws.push_back(std::move(one));
  for (std::string& name : b.classes) a.classes.push_back(std::move(name));
  a.seconds += b.seconds;
  a.reference_seconds += b.reference_seconds;
  a.judged.elements += b.judged.elements;
  for (std::size_t i = 0; i < a.judged.used_histogram.size(); ++i)
    a.judged.used_histogram[i] += b.judged.used_histogram[i];
  return a;
}

}  // namespace plumbline
