#include "ci/plumbline/alike_cases.hpp"

#include <algorithm>
#include <map>

#include "ci/plumbline/rank_tests.hpp"
#include "reference/core/random.hpp"

namespace plumbline::program {

namespace {

constexpr int trees = 40;
constexpr std::size_t fewest = 5;  // cases of a group
constexpr double share_shown = 0.2;

class forest {
 public:
  explicit forest(const measured& m) : m_(m), ranks_(midranks(m.values)) {
    std::map<std::string, std::size_t> number;
    for (const auto& of_case : m.traits)
      for (const std::string& trait : of_case) number.emplace(trait, 0);
    std::size_t next = 0;
    for (auto& [trait, n] : number) n = next++;
    has_.assign(number.size(), std::vector<bool>(m.values.size()));
    for (std::size_t i = 0; i < m.values.size(); ++i)
      for (const std::string& trait : m.traits[i]) has_[number.at(trait)][i] = true;
  }

  std::vector<alike> grow() {
    std::vector<std::size_t> all(m_.values.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    for (int tree = 0; tree < trees; ++tree) {
      random_stream draws(static_cast<std::uint64_t>(tree), "alike cases");
      divide(all, draws);
    }
    return std::move(groups_);
  }

 private:
  struct half {
    double cases = 0, ranks = 0;
  };

  half with(const std::vector<bool>& trait, const std::vector<std::size_t>& cases) const {
    half found;
    for (const std::size_t i : cases)
      if (trait[i]) found.cases += 1, found.ranks += ranks_[i];
    return found;
  }

  // The trait that leaves the least variance of ranks within the halves; null where none divides.
  const std::vector<bool>* best_cut(const std::vector<std::size_t>& cases, random_stream& draws) const {
    const auto n = static_cast<double>(cases.size()), least = static_cast<double>(fewest);
    double sum = 0;
    for (const std::size_t i : cases) sum += ranks_[i];
    const std::vector<bool>*best = nullptr, *best_shown = nullptr;
    double most = sum * sum / n, most_shown = most;
    for (const std::vector<bool>& trait : has_) {
      const half in = with(trait, cases);
      if (in.cases < least || n - in.cases < least) continue;
      const double rest = sum - in.ranks,
                   parted = in.ranks * in.ranks / in.cases + rest * rest / (n - in.cases);
      if (parted > most) most = parted, best = &trait;
      if (draws.chance(share_shown) && parted > most_shown) most_shown = parted, best_shown = &trait;
    }
    return best_shown != nullptr ? best_shown : best;
  }

  void divide(const std::vector<std::size_t>& cases, random_stream& draws) {
    const std::vector<bool>* cut = cases.size() < 2 * fewest ? nullptr : best_cut(cases, draws);
    if (cut == nullptr) return keep(cases);
    std::vector<std::size_t> halves[2];
    for (const std::size_t i : cases) halves[(*cut)[i] ? 1 : 0].push_back(i);
    for (const auto& each : halves) divide(each, draws);
  }

  void keep(const std::vector<std::size_t>& cases) {
    double pairs = 0, turned = 1;  // as if there were one more: a group without any says little, not nothing
    bool differ = false;
    for (std::size_t a = 0; a < cases.size(); ++a)
      for (std::size_t b = 0; b < a; ++b) {
        const double x = std::min(m_.values[cases[a]], m_.values[cases[b]]),
                     y = std::max(m_.values[cases[a]], m_.values[cases[b]]);
        pairs += 1, turned += y < rise_to_see * x, differ = differ || x < y;
      }
    if (differ) groups_.push_back({cases, turned / (pairs + 1)});
  }

  const measured& m_;
  const std::vector<double> ranks_;
  std::vector<std::vector<bool>> has_;  // by trait, then by case
  std::vector<alike> groups_;
};

}  // namespace

std::vector<alike> alike_cases(const measured& m) { return forest(m).grow(); }

}  // namespace plumbline::program
