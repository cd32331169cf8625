#include "tests/harness/calibration.hpp"

#include <cmath>
#include <cstdio>

#include "properties/judge/attention/tests.hpp"
#include "properties/judge/constants.hpp"
#include "tests/harness/calibration_contracts.hpp"

namespace plumbline::testing {
namespace {

struct family {
  dtype in;
  std::span<const contract> contracts;
};

family family_of(std::int64_t index) {
  switch (index % 5) {
    case 0:
    case 3:
      return {dtype::bf16, bf16_contracts};
    case 1:
      return {dtype::f16, f16_contracts};
    case 2:
      return {dtype::e4m3, e4m3_contracts};
    default:
      return {dtype::f32, f32_contracts};
  }
}

attention_truth truth_of(const small_attention& a, std::span<const contract> contracts) {
  const attention_unit unit = unit_of(a);
  attention_options one_thread;
  one_thread.threads = 1;
  return attend({&unit, 1}, contracts, one_thread)[0];
}

verdict judge_one(const attention_truth& truth, std::size_t which, const contract& promised,
                  const attention_output& out) {
  return judging::apply_attention_tests({&truth, 1}, which, promised, {&out, 1}, {});
}

std::string line(const char* format, const char* name, double a, double b, const std::string& tail) {
  char text[256];
  std::snprintf(text, sizeof text, format, name, a, b);
  return text + tail + "\n";
}

}  // namespace

false_alarms calibrate(std::uint64_t seed, std::int64_t inputs, const size_limits& limits) {
  using namespace judging;
  const std::map<std::string, std::pair<std::string, double>> statistics{
      {"H", {"H", 1}},
      {"E", {"E_sigma", element_threshold.K0}},
      {"R row", {"R_row_z", row_rms_threshold.K0}},
      {"R tensor", {"R_tensor_z", tensor_rms_threshold.K0}},
      {"A row", {"A_row_z", row_amplitude_threshold.K0}},
      {"A columns", {"A_group_z", group_amplitude_threshold.K0}},
      {"A tensor", {"A_tensor_z", tensor_amplitude_threshold.K0}},
      {"L", {"L_ratio", lse_threshold.K0}}};
  false_alarms out;
  for (std::int64_t i = 0; i < inputs; ++i) {
    random_stream random(seed + static_cast<std::uint64_t>(i), "calibration");
    const auto kind = static_cast<regime>(i % regime_count);
    const family types = family_of(i / regime_count);
    const small_attention a = draw_input(kind, types.in, random, limits);
    const attention_truth truth = truth_of(a, types.contracts);
    ++out.inputs;
    for (std::size_t c = 0; c < types.contracts.size(); ++c) {
      const kernel_choices choices = draw_choices(random, types.contracts[c]);
      const verdict v =
          judge_one(truth, c, types.contracts[c], run_simulated(a, types.contracts[c], choices));
      const std::string where = std::string(name_of(kind)) + ", " + std::string(types.contracts[c].name) +
                                ", n " + std::to_string(a.keys) + ", rows " + std::to_string(a.rows) +
                                ", tile " + std::to_string(choices.tile) + ", splits " +
                                std::to_string(choices.splits) + (choices.backward ? ", backward" : "") +
                                (a.sink.empty() ? "" : ", sink") + (a.softcap > 0 ? ", softcap" : "") +
                                ", seed " + std::to_string(seed + static_cast<std::uint64_t>(i));
      ++out.tensors;
      if (v.result == outcome::fail) out.alarms.push_back(where + ": " + v.message);
      for (const auto& [name, source] : statistics) {
        const auto found = v.metrics.find(source.first);
        if (found == v.metrics.end()) continue;
        const double share = found->second / source.second;
        if (!(share <= out.largest[name].share)) out.largest[name] = {share, where};
      }
    }
  }
  return out;
}

fault_score count_kills(std::uint64_t seed, std::int64_t inputs, const size_limits& limits) {
  fault_score out;
  for (std::int64_t i = 0; i < inputs; ++i) {
    random_stream random(seed + static_cast<std::uint64_t>(i), "faults");
    const auto kind = static_cast<regime>(i % regime_count);
    const family types = family_of(i / regime_count);
    const small_attention a = draw_input(kind, types.in, random, limits);
    const contract& promised = types.contracts.front();
    const attention_truth truth = truth_of(a, types.contracts.subspan(0, 1));
    const kernel_choices choices = draw_choices(random, promised);
    const attention_output twin = run_simulated(a, promised, choices);
    for (int f = 1; f < planted_count; ++f) {
      const auto fault = static_cast<planted>(f);
      const attention_output wrong = run_simulated(a, promised, choices, fault);
      if (wrong.out == twin.out && wrong.lse == twin.lse) continue;
      const bool killed = judge_one(truth, 0, promised, wrong).result == outcome::fail;
      const auto count = [&](detection& d) {
        ++d.with_effect;
        d.killed += killed;
      };
      count(out.by_fault[std::string(name_of(fault))]);
      count(is_structural(fault) ? out.structural : out.precision);
      if (is_structural(fault)) count(out.by_regime[std::string(name_of(kind))]);
    }
  }
  return out;
}

std::string table(const false_alarms& f) {
  std::string text = "correct tensors " + std::to_string(f.tensors) + " (" + std::to_string(f.inputs) +
                     " inputs), false alarms " + std::to_string(f.alarms.size()) +
                     "\nlargest statistic as a share of its threshold:\n";
  for (const auto& [name, one] : f.largest)
    text += line("  %-10s %.3f%.0s   ", name.c_str(), one.share, 0, one.where);
  return text;
}

std::string table(const fault_score& s) {
  std::string text = "planted faults: killed, of runs that change a bit\n";
  for (const auto& [name, d] : s.by_fault)
    text += line("  %-38s %5.1f %%  of %.0f", name.c_str(), 100 * d.share(),
                 static_cast<double>(d.with_effect), "");
  text += "structural faults by regime\n";
  for (const auto& [name, d] : s.by_regime)
    text += line("  %-38s %5.1f %%  of %.0f", name.c_str(), 100 * d.share(),
                 static_cast<double>(d.with_effect), "");
  text += line("%-40s %5.1f %%  of %.0f", "structural", 100 * s.structural.share(),
               static_cast<double>(s.structural.with_effect), "");
  text += line("%-40s %5.1f %%  of %.0f", "precision", 100 * s.precision.share(),
               static_cast<double>(s.precision.with_effect), "");
  return text;
}

}  // namespace plumbline::testing
