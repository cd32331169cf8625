#include "properties/generate/draws.hpp"

#include <rapidcheck/Gen.h>
#include <rapidcheck/Random.h>
#include <rapidcheck/gen/Numeric.h>
#include <rapidcheck/gen/Select.h>

namespace plumbline::generate {

namespace {

constexpr std::uint64_t name_key(std::string_view name) {
  std::uint64_t key = 0xcbf29ce484222325u;
  for (char c : name) key = (key ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return key;
}

}  // namespace

struct draws::engine {
  rc::Random random;

  template <class T>
  T next(const rc::Gen<T>& gen) {
    return gen(random.split(), rc::kNominalSize).value();
  }
};

draws::draws(std::uint64_t seed, std::uint64_t index, std::string_view purpose)
    : engine_(new engine{rc::Random(rc::Random::Key{seed, index, name_key(purpose), 1})}) {}
draws::draws(draws&&) noexcept = default;
draws::~draws() = default;

std::int64_t draws::between(std::int64_t low, std::int64_t high) {
  return engine_->next(rc::gen::inRange<std::int64_t>(low, high + 1));
}

std::int64_t draws::one_of(const std::vector<std::int64_t>& values) {
  return engine_->next(rc::gen::elementOf(values));
}

std::int64_t draws::weighted(std::initializer_list<std::pair<std::size_t, std::int64_t>> weights) {
  return engine_->next(rc::gen::weightedElement(weights));
}

std::uint64_t draws::bits() { return engine_->random.split().next(); }

}  // namespace plumbline::generate
