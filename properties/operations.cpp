// The list of all functions of all operators.  A new operator adds its lines here.
#include "properties/conv1d/operations.hpp"
#include "properties/dflash/operations.hpp"
#include "properties/flash_decode/operations.hpp"
#include "properties/mla/operations.hpp"
#include "properties/operation.hpp"
#include "properties/quantize/operations.hpp"
#include "properties/recorded_source.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline {

std::span<const operation* const> operations() {
  static const operation* const all[] = {&flash_decode::attend_operation(),
                                         &flash_decode::append_operation(),
                                         &flash_decode::combine_operation(),
                                         &quantize::store_operation(),
                                         &quantize::dequantize_operation(),
                                         &quantize::groups_operation(),
                                         &quantize::weight_dequant_operation(),
                                         &quantize::block_gemm_operation(),
                                         &quantize::scatter_operation(),
                                         &mla::prefill_operation(),
                                         &mla::decode_operation(),
                                         &mla::decode_indices_operation(),
                                         &mla::prefill_indices_operation(),
                                         &mla::rms_norm_operation(),
                                         &mla::rotary_operation(),
                                         &mla::write_cache_operation(),
                                         &mla::project_operation(),
                                         &mla::schedule_operation(),
                                         &mla::combine_operation(),
                                         &mla::forward_operation(),
                                         &conv1d::prefill_operation(),
                                         &conv1d::update_operation(),
                                         &conv1d::update_speculative_operation(),
                                         &conv1d::varlen_states_operation(),
                                         &conv1d::steps_operation(),
                                         &dflash::project_operation(),
                                         &dflash::attention_operation(),
                                         &dflash::accept_operation(),
                                         &dflash::crop_operation(),
                                         &dflash::steps_operation()};
  return all;
}

namespace {
recorded_loader& loader() {
  static recorded_loader held;
  return held;
}
}  // namespace

void set_recorded_loader(recorded_loader given) { loader() = std::move(given); }

recorded_case load_recorded(std::string_view recorded) {
  if (!loader()) throw bad_argument("recorded", "this program has no reader of recorded cases");
  return loader()(recorded);
}

}  // namespace plumbline
