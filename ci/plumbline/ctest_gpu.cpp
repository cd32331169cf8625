#include "ci/plumbline/ctest_gpu.hpp"

#include <cstdlib>
#include <string>

namespace plumbline::program {

void see_only_the_gpu_of_ctest() {
  const char* given = std::getenv("CTEST_RESOURCE_GROUP_0_GPUS");  // "id:0,slots:1"
  if (!given) return;
  const std::string text = given;
  if (text.rfind("id:", 0) != 0) return;
  setenv("CUDA_VISIBLE_DEVICES", text.substr(3, text.find(',') - 3).c_str(), 1);
}

}  // namespace plumbline::program
