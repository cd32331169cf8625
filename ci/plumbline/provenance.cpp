#include "ci/plumbline/provenance.hpp"

#include <ctime>
#include <utility>

#include "ci/plumbline/run_report.hpp"
#include "plumbline_sources.hpp"

namespace plumbline::program {

std::string date_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

std::string source_hash(std::string_view name) {
  for (const auto& [one, hash] : source_hashes)
    if (one == name) return hash;
  return "";
}

std::map<std::string, std::string> provenance_of(const executor& where, std::string_view op,
                                                 const std::string& command) {
  std::map<std::string, std::string> all = {{std::string(recorded_executor), std::string(where.name())},
                                            {std::string(recorded_device), where.machine()},
                                            {std::string(recorded_sources), source_hash(op)},
                                            {"recorded_reference", source_hash("reference")},
                                            {"recorded_commit", built_commit()},
                                            {"recorded_command", command},
                                            {"recorded_date", date_now()}};
  for (const auto& [key, value] : machine_of(nullptr)) all["recorded_" + key] = value;
  return all;
}

}  // namespace plumbline::program
