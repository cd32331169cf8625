// The source of every generated shape: RapidCheck generators, evaluated one after the other.
//
// RapidCheck's engine is a hash of a key, so a draw is the same on any machine; what is not the same
// everywhere is the order in which compilers evaluate operands, so a shape is drawn statement by statement,
// each from its own split of the engine.  The key is (seed, index, purpose): case 17 of a run needs none of
// the cases before.
#pragma once

#include <rapidcheck/Gen.h>
#include <rapidcheck/Random.h>
#include <rapidcheck/gen/Numeric.h>
#include <rapidcheck/gen/Select.h>

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

namespace plumbline::generate {

class draws {
 public:
  draws(std::uint64_t seed, std::uint64_t index, std::string_view purpose)
      : random_(rc::Random::Key{seed, index, name_key(purpose), 1}) {}

  /// The next value of a generator.
  template <class T>
  T operator()(const rc::Gen<T>& gen) {
    return gen(random_.split(), rc::kNominalSize).value();
  }
  /// Uniform in [low, high].
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return (*this)(rc::gen::inRange<std::int64_t>(low, high + 1));
  }
  bool chance(int percent) { return between(0, 99) < percent; }
  /// One of the values, all alike.
  std::int64_t one_of(const std::vector<std::int64_t>& values) { return (*this)(rc::gen::elementOf(values)); }
  /// One of the values by weight.
  std::int64_t weighted(std::initializer_list<std::pair<std::size_t, std::int64_t>> weights) {
    return (*this)(rc::gen::weightedElement(weights));
  }
  std::uint64_t bits() { return random_.split().next(); }
  /// A seed of at most nine digits.
  std::uint64_t short_seed() { return bits() % 1'000'000'000; }

 private:
  static constexpr std::uint64_t name_key(std::string_view name) {
    std::uint64_t key = 0xcbf29ce484222325u;
    for (char c : name) key = (key ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    return key;
  }
  rc::Random random_;
};

}  // namespace plumbline::generate
