// project in f16.
#include "kernels/mla/project_kernel.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {
template void launch_project<dtype::f16>(const project_params&, launcher&);
}
}  // namespace plumbline::mla
