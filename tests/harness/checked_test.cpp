// The checked executor: every wrong kernel is reported with its lines, no right one is, under every schedule.
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <string>

#include "kernels/checked/checked_executor.hpp"
#include "tests/harness/checked_examples.hpp"
#include "tests/harness/executor_launch.hpp"

namespace plumbline {
namespace {

using checked_examples::example;

tensor_set inputs() {
  tensor_set in;
  in.set("x", tensor(dtype::f32, {2, 3, 5}, {40, 8, 1}));
  in.set("k_cache", tensor(dtype::f32, {1, 256}));
  return in;
}

tensor_set outputs() {
  tensor_set out;
  out.set("k_cache", tensor(dtype::f32, {1, 256}));
  out.set("rows", tensor(dtype::f32, {3, 5}, {8, 1}));
  out.set("out", tensor(dtype::f32, {1, 256}));
  return out;
}

std::optional<fault> run(checked_executor& on, const example& one, const char* schedule) {
  tensor_set in = inputs(), out = outputs();
  return on.run(one.run, in, out, scheduled(schedule));
}

/// Number of the line that ends in that comment (alone or in a list).
std::string line_of(const std::string& file, std::string_view mark) {
  std::ifstream source(PLUMBLINE_SOURCE_FOLDER "/" + file);
  std::string text;
  for (int number = 1; std::getline(source, text); ++number) {
    const std::size_t comment = text.find("  // ");
    if (comment != std::string::npos && text.find(mark, comment) != std::string::npos)
      return std::to_string(number);
  }
  return "no line is marked " + std::string(mark);
}

bool is_one_of(std::string_view kind, std::string_view kinds) {
  for (std::size_t at = 0; at <= kinds.size();) {
    const std::size_t end = std::min(kinds.find('|', at), kinds.size());
    if (kinds.substr(at, end - at) == kind) return true;
    at = end + 1;
  }
  return false;
}

void examine(std::span<const example> all, const std::string& file) {
  checked_executor on;
  const auto line = [&](std::string_view mark) { return file + ":" + line_of(file, mark); };
  for (const example& one : all)
    for (const char* schedule : every_schedule) {
      const auto failed = run(on, one, schedule);
      const auto again = run(on, one, schedule);

      BOOST_TEST_CONTEXT(one.name << ", schedule \"" << schedule
                                  << "\": " << (failed ? failed->message : "no report")) {
        BOOST_TEST(failed.has_value() == !one.kind.empty());
        BOOST_TEST(again.has_value() == failed.has_value());
        if (!failed || one.kind.empty()) continue;
        BOOST_TEST(is_one_of(failed->kind, one.kind));
        BOOST_TEST(mentions(failed, "kernel example"));
        BOOST_TEST(mentions(failed, std::string(one.says)));
        if (!one.line.empty()) BOOST_TEST(mentions(failed, line(one.line)));
        if (!one.other_line.empty()) BOOST_TEST(mentions(failed, line(one.other_line)));
        BOOST_TEST(again->message == failed->message);
      }
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(checked)

BOOST_AUTO_TEST_CASE(races_and_unwritten_reads_of_shared_memory_are_named_with_both_lines) {
  examine(checked_examples::in_shared_memory(), "tests/harness/checked_shared_examples.cpp");
}

BOOST_AUTO_TEST_CASE(races_and_unwritten_reads_of_global_memory_are_named_with_both_lines) {
  examine(checked_examples::in_global_memory(), "tests/harness/checked_global_examples.cpp");
}

BOOST_AUTO_TEST_CASE(addresses_outside_of_tensors_and_crooked_ones_are_named_with_their_line) {
  examine(checked_examples::of_addresses(), "tests/harness/checked_address_examples.cpp");
}

BOOST_AUTO_TEST_CASE(threads_that_stay_away_are_named_with_the_line_where_others_wait) {
  examine(checked_examples::of_meetings(), "tests/harness/checked_meeting_examples.cpp");
}

BOOST_AUTO_TEST_CASE(asynchronous_copies_used_before_their_wait_are_named_with_both_lines) {
  examine(checked_examples::of_copies(), "tests/harness/checked_copy_examples.cpp");
}

BOOST_AUTO_TEST_CASE(asynchronous_products_with_sums_or_operands_touched_too_early_are_named) {
  examine(checked_examples::of_products(), "tests/harness/checked_product_examples.cpp");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace plumbline
