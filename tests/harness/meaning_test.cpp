// Every name that `plumbline list` prints has a sentence, and no sentence is left of a name that is gone.
#include "properties/meaning.hpp"

#include <boost/test/unit_test.hpp>
#include <set>
#include <string>

#include "properties/conv1d/operations.hpp"
#include "properties/dflash/operations.hpp"
#include "properties/flash_decode/operations.hpp"
#include "properties/mla/operations.hpp"
#include "properties/quantize/operations.hpp"

using namespace plumbline;

namespace {

std::set<std::string> names_of(const operation& o) {
  std::set<std::string> names;
  for (const std::string& name : o.laws()) names.insert(name);
  for (const std::string& name : o.regimes()) names.insert(name);
  for (const auto& [name, floor] : o.coverage_floors()) names.insert(name);
  return names;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(meanings)

BOOST_AUTO_TEST_CASE(every_law_regime_and_class_has_one_sentence) {
  for (const operation* o : operations())
    for (const std::string& name : names_of(*o)) {
      const std::string_view sentence = o->meaning(name);
      BOOST_TEST(!sentence.empty(), o->op() << "." << o->function() << " " << name << " has no sentence");
      BOOST_TEST((!sentence.empty() && sentence.back() == '.'), name);
    }
}

BOOST_AUTO_TEST_CASE(no_sentence_is_about_a_name_that_is_gone) {
  const struct {
    const operation& function;
    std::span<const meaning> own;
  } all[] = {{flash_decode::attend_operation(), flash_decode::attend_meanings()},
             {flash_decode::append_operation(), flash_decode::append_meanings()},
             {flash_decode::combine_operation(), flash_decode::combine_meanings()},
             {quantize::store_operation(), quantize::store_meanings()},
             {quantize::dequantize_operation(), quantize::dequantize_meanings()},
             {quantize::groups_operation(), quantize::groups_meanings()},
             {quantize::weight_dequant_operation(), quantize::weight_dequant_meanings()},
             {quantize::block_gemm_operation(), quantize::block_gemm_meanings()},
             {quantize::scatter_operation(), quantize::scatter_meanings()},
             {mla::prefill_operation(), mla::prefill_meanings()},
             {mla::decode_operation(), mla::decode_meanings()},
             {mla::decode_indices_operation(), mla::decode_indices_meanings()},
             {mla::prefill_indices_operation(), mla::prefill_indices_meanings()},
             {mla::rms_norm_operation(), mla::rms_norm_meanings()},
             {mla::rotary_operation(), mla::rotary_meanings()},
             {mla::write_cache_operation(), mla::write_cache_meanings()},
             {mla::project_operation(), mla::project_meanings()},
             {mla::schedule_operation(), mla::schedule_meanings()},
             {mla::combine_operation(), mla::combine_meanings()},
             {mla::forward_operation(), mla::forward_meanings()},
             {conv1d::prefill_operation(), conv1d::prefill_meanings()},
             {conv1d::update_operation(), conv1d::update_meanings()},
             {conv1d::update_speculative_operation(), conv1d::update_speculative_meanings()},
             {conv1d::varlen_states_operation(), conv1d::varlen_states_meanings()},
             {conv1d::steps_operation(), conv1d::steps_meanings()},
             {dflash::project_operation(), dflash::project_meanings()},
             {dflash::attention_operation(), dflash::attention_meanings()},
             {dflash::accept_operation(), dflash::accept_meanings()},
             {dflash::crop_operation(), dflash::crop_meanings()},
             {dflash::steps_operation(), dflash::steps_meanings()}};
  BOOST_TEST(std::size(all) == operations().size());
  for (const auto& one : all) {
    const std::set<std::string> names = names_of(one.function);
    std::set<std::string> seen;
    for (const meaning& m : one.own) {
      BOOST_TEST(names.count(std::string(m.name)) == 1u, m.name);
      BOOST_TEST(seen.insert(std::string(m.name)).second, m.name << " has two sentences");
    }
  }
}

BOOST_AUTO_TEST_CASE(an_unknown_name_has_none) {
  BOOST_TEST(flash_decode::attend_operation().meaning("nosuch").empty());
}

BOOST_AUTO_TEST_SUITE_END()
