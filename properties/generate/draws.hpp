// The source of every generated shape: RapidCheck generators, evaluated one after the other.
//
// RapidCheck's engine is a hash of a key, so a draw is the same on any machine; what is not the same
// everywhere is the order in which compilers evaluate operands, so a shape is drawn statement by statement,
// each from its own split of the engine.  The key is (seed, index, purpose): case 17 of a run needs none of
// the cases before.  RapidCheck itself stays behind this class: its headers are dear to compile.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace plumbline::generate {

class draws {
 public:
  draws(std::uint64_t seed, std::uint64_t index, std::string_view purpose);
  draws(draws&&) noexcept;
  ~draws();

  /// Uniform in [low, high].
  std::int64_t between(std::int64_t low, std::int64_t high);
  bool chance(int percent) { return between(0, 99) < percent; }
  /// One of the values, all alike.
  std::int64_t one_of(const std::vector<std::int64_t>& values);
  /// One of the values by weight.
  std::int64_t weighted(std::initializer_list<std::pair<std::size_t, std::int64_t>> weights);
  std::uint64_t bits();
  /// A seed of at most nine digits.
  std::uint64_t short_seed() { return bits() % 1'000'000'000; }

 private:
  struct engine;
  std::unique_ptr<engine> engine_;
};

}  // namespace plumbline::generate
