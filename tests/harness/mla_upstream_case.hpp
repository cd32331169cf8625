// What tests of upstream's cases of mla build and ask alike.
#pragma once

#include <boost/test/unit_test.hpp>

#include "properties/mla/upstream.hpp"

namespace plumbline::mla {

inline recorded_case named(const char* group, std::map<std::string, std::string> options) {
  recorded_case c;
  c.function = group;
  c.name = "by_hand";
  c.options = std::move(options);
  return c;
}

inline tensor filled(dtype type, std::vector<std::int64_t> shape, const std::vector<double>& values) {
  tensor t(type, std::move(shape));
  for (std::int64_t i = 0; i < t.size(); ++i)
    t.set_value(i, values[static_cast<std::size_t>(i) % values.size()]);
  return t;
}

inline external_judgement judged(const recorded_case& c) { return judge_upstream(c, ""); }

inline void require_pass(const recorded_case& c) {
  const external_judgement one = judged(c);
  BOOST_TEST((one.result == outcome::pass), c.function << ": " << one.message);
}

}  // namespace plumbline::mla
