#include "ci/plumbline/fixtures_arrays.hpp"

#include <algorithm>

#include "ci/plumbline/case_files.hpp"
#include "ci/plumbline/instrument.hpp"
#include "fixtures/npz.hpp"
#include "fixtures/zip_archive.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::program {

namespace fs = std::filesystem;

array_cases::array_cases(const fixtures_request& asked, const fs::path& folder) : names_(asked.what) {
  if (asked.options.contains("contract"))
    throw bad_argument("--option",
                       "expected an option of the call, got contract: what is recorded is judged by "
                       "the contract of its variant");
  for (std::string& one : names_) {
    std::error_code none;
    if (const std::string why = why_no_file(one); fs::path(one).extension() == ".npz" && !why.empty())
      throw cannot_run("CASE: expected arrays of numpy.savez, got '" + one + "': " + why);
    if (!fs::is_regular_file(one, none) || !fixtures::is_zip(one)) continue;
    const fs::path its = folder / ("arrays" + std::to_string(given_.size()));
    const std::string file = (its / fs::path(one).stem()).string() + ".h5";
    try {
      fixtures::stored_case c = fixtures::read_npz(one, asked.dtypes);
      c.attributes = asked.options, c.group = "attend", c.name = fs::path(one).stem().string();
      for (const auto& [name, t] : c.tensors)
        if (t.type() == dtype::f32 || t.type() == dtype::f64) wide_[file] += " --dtype " + name + "=bf16";
      if (const auto function = c.attributes.extract("function")) c.group = function.mapped();
      given_.emplace_back(file + "#/" + c.group + "/" + c.name, one);
      given_.emplace_back(file, one);
      fs::create_directories(its);
      fixtures::write(file, {c}, {{"written_by", "plumbline"}});
    } catch (const fixtures::store_error& why) {
      throw cannot_run("CASE: " + as_given(why.what()));
    }
    one = file;
  }
  for (const auto& [option, used] :
       {std::pair{"--option", !asked.options.empty()}, std::pair{"--dtype", !asked.dtypes.empty()}})
    if (used && given_.empty())
      throw bad_argument(option, "expected an .npz file among the cases: other cases say it themselves");
}

bool array_cases::made(const std::string& recorded) const {
  return std::any_of(given_.begin(), given_.end(), [&](const auto& one) { return one.first == recorded; });
}

std::string array_cases::as_given(std::string text) const {
  for (const auto& [made, given] : given_)
    for (std::size_t at = 0; (at = text.find(made, at)) != std::string::npos; at += given.size())
      text.replace(at, made.size(), given);
  return text;
}

std::string array_cases::advice(const std::string& recorded, const std::string& refusal) const {
  const auto found = wide_.find(recorded.substr(0, recorded.find('#')));
  if (found == wide_.end() || refusal.rfind("dtype:", 0) != 0) return "";
  return " (where f32 and f64 hold numbers of another format, name it:" + found->second + ")";
}

}  // namespace plumbline::program
