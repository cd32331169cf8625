#include "ci/plumbline/fixtures_arrays.hpp"

#include "ci/plumbline/instrument.hpp"
#include "fixtures/npz.hpp"
#include "fixtures/zip_archive.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline::program {

namespace fs = std::filesystem;

std::vector<std::string> arrays_as_cases(const fixtures_request& asked, const fs::path& folder) {
  std::vector<std::string> cases = asked.what;
  std::size_t arrays = 0;
  for (std::string& one : cases) {
    std::error_code none;
    if (fs::path(one).extension() == ".npz" && !fs::exists(one, none))
      throw cannot_run("CASE: expected arrays of numpy.savez, got '" + one + "': no such file");
    if (!fs::is_regular_file(one, none) || !fixtures::is_zip(one)) continue;
    const fs::path its = folder / ("arrays" + std::to_string(arrays++));
    const std::string file = (its / fs::path(one).stem()).string() + ".h5";
    try {
      fixtures::stored_case c = fixtures::read_npz(one, asked.dtypes);
      c.attributes = asked.options, c.group = "attend", c.name = fs::path(one).stem().string();
      if (const auto function = c.attributes.extract("function")) c.group = function.mapped();
      fs::create_directories(its);
      fixtures::write(file, {c}, {{"written_by", "plumbline"}});
    } catch (const fixtures::store_error& why) {
      throw cannot_run(std::string("CASE: ") + why.what());
    }
    one = file;
  }
  for (const auto& [option, given] :
       {std::pair{"--option", !asked.options.empty()}, std::pair{"--dtype", !asked.dtypes.empty()}})
    if (given && arrays == 0)
      throw bad_argument(option, "expected an .npz file among the cases: other cases say it themselves");
  return cases;
}

}  // namespace plumbline::program
