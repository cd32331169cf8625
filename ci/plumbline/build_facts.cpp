// What only the build knows.  A file of its own, so that a new commit compiles nothing else anew.
#include "ci/plumbline/run_report.hpp"
#include "plumbline_commit.hpp"

namespace plumbline::program {

std::string built_commit() { return PLUMBLINE_COMMIT; }
std::string built_with() { return PLUMBLINE_COMPILER; }

}  // namespace plumbline::program
