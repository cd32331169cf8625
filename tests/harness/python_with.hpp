// A Python that has a module: the first of the PATH, or the system's own, for which ci/setup installs h5py
// and numpy.
#pragma once

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <string>

namespace plumbline::testing {

/// The command; empty where no Python has it.
inline std::string python_with(const std::string& module) {
  for (const char* python : {"python3", "/usr/bin/python3"})
    if (std::system((std::string(python) + " -c 'import " + module + "' >/dev/null 2>&1").c_str()) == 0)
      return python;
  return "";
}

/// Skips a test, by name, where Python has no h5py (which brings numpy).
inline boost::test_tools::assertion_result h5py_is_there(boost::unit_test::test_unit_id) {
  boost::test_tools::assertion_result found(!python_with("h5py").empty());
  found.message() << "python3 has no h5py";
  return found;
}

}  // namespace plumbline::testing
