#include "tests/harness/simulated_kernel.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "reference/core/formats.hpp"
#include "tests/harness/simulated_sums.hpp"

namespace plumbline::testing {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float log2_e = 1.44269504f, ln_2 = 0.693147181f;

struct noise {
  std::uint64_t state;
  float next() {  // in [-1, 1)
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<float>(static_cast<std::int32_t>(state >> 32)) * 0x1p-31f;
  }
};

/// One unit in floats, keys as columns for Q K^T, one spare key at the end for the stale one.
class machine {
 public:
  machine(const small_attention& a, const contract& c, const kernel_choices& choose, planted fault)
      : a_(a), c_(c), choose_(choose), fault_(fault), noise_{choose.seed} {
    const std::int64_t n = a.keys + 1;
    kt_.assign(static_cast<std::size_t>(a.dk * n), 0);
    v_.assign(static_cast<std::size_t>(a.dv * n), 0);
    for (std::int64_t j = 0; j < n; ++j) {
      const std::int64_t from = j < a.keys ? key_source(j) : a.keys / 2;
      for (std::int64_t d = 0; d < a.dk; ++d) {
        double k = a.k[static_cast<std::size_t>(from * a.dk + (j < a.keys ? d : a.dk - 1 - d))];
        if (fault == planted::k_dims_dropped && d >= a.dk - a.dk / 8) k = 0;
        kt_[static_cast<std::size_t>(d * n + j)] = static_cast<float>(k);
      }
      const std::int64_t v_from = j < a.keys ? value_source(j) : from;
      for (std::int64_t col = 0; col < a.dv; ++col) {
        std::int64_t row = v_from;
        if (fault == planted::columns_one_key_late && col >= a.dv / 2)
          row = std::max<std::int64_t>(0, row - 1);
        v_[static_cast<std::size_t>(j * a.dv + col)] = static_cast<float>(
            a.v[static_cast<std::size_t>(row * a.dv + (j < a.keys ? col : a.dv - 1 - col))]);
      }
    }
  }

  void run_row(std::int64_t row, double* out, double& lse) {
    score(fault_ == planted::wrong_query_row ? (row + 1) % a_.rows : row);
    rescale_seen_ = sum_seen_ = false;
    std::vector<part> parts;
    const std::int64_t first = a_.first(row), n = a_.last(row) - first;
    const std::int64_t blocks = (n + choose_.tile - 1) / choose_.tile;
    const std::int64_t per_split = (blocks + choose_.splits - 1) / choose_.splits * choose_.tile;
    for (std::int64_t s = 0; s < choose_.splits; ++s) {
      const std::int64_t from = std::min(n, s * per_split), to = std::min(n, (s + 1) * per_split);
      parts.push_back(run_split(tiles_of(first, n, from, to, s)));
    }
    finish(row, parts, out, lse);
  }

 private:
  struct part {
    std::vector<float> o;
    float lse = -infinity;  // natural
  };
  using tile_keys = std::vector<std::int64_t>;

  std::int64_t key_source(std::int64_t j) const {
    if (fault_ == planted::one_page_wrong && j / 16 == a_.keys / 32) return (j + 16) % a_.keys;
    return j;
  }
  std::int64_t value_source(std::int64_t j) const {
    if (fault_ == planted::one_v_page_wrong && j / 16 == a_.keys / 32) return (j + 16) % a_.keys;
    if (fault_ == planted::one_v_row_wrong && j == a_.keys / 2) return (j + 1) % a_.keys;
    if (fault_ == planted::v_tile_stale && j / choose_.tile == 1) return j - choose_.tile;
    return key_source(j);
  }

  std::vector<tile_keys> tiles_of(std::int64_t first, std::int64_t n, std::int64_t from, std::int64_t to,
                                  std::int64_t split) const {
    if (fault_ == planted::last_key_dropped) to = std::min(to, n - 1);
    if (fault_ == planted::first_key_dropped) from = std::max<std::int64_t>(from, 1);
    if (fault_ == planted::last_tile_dropped && n % choose_.tile != 0)
      to = std::min(to, n / choose_.tile * choose_.tile);
    if (fault_ == planted::splits_overlap_one_key && split > 0 && from < to) --from;
    if (fault_ == planted::key_lost_between_splits && split > 0 && from < to) ++from;
    std::vector<tile_keys> tiles;
    for (std::int64_t j = from; j < to; ++j) {
      if (tiles.empty() || static_cast<std::int64_t>(tiles.back().size()) == choose_.tile)
        tiles.emplace_back();
      tiles.back().push_back(first + j);
    }
    if (tiles.empty()) return tiles;
    if (to == n && fault_ == planted::last_key_twice) tiles.back().push_back(first + n - 1);
    if (to == n && fault_ == planted::extra_stale_key) tiles.back().push_back(a_.keys);
    if (fault_ == planted::first_key_of_tiles_dropped)
      for (tile_keys& tile : tiles) tile.erase(tile.begin());
    if (choose_.backward) std::reverse(tiles.begin(), tiles.end());
    return tiles;
  }

  void score(std::int64_t q_row) {
    const std::int64_t n = a_.keys + 1;
    std::vector<float> q(static_cast<std::size_t>(a_.dk));
    row_pointers k;
    for (std::int64_t d = 0; d < a_.dk; ++d) {
      q[static_cast<std::size_t>(d)] = static_cast<float>(a_.q[static_cast<std::size_t>(q_row * a_.dk + d)]);
      k.push_back(kt_.data() + d * n);
    }
    scores_.assign(static_cast<std::size_t>(n), 0.0f);
    multiply_add(c_.attention().acc_qk, scores_.data(), q.data(), k, static_cast<std::size_t>(n));
    const double scale = a_.scale * (fault_ == planted::scale_one_percent ? 1.01 : 1);
    const bool cap = a_.softcap > 0 && fault_ != planted::softcap_missing;
    for (float& s : scores_) {
      s = cap ? std::tanh(s * static_cast<float>(scale / a_.softcap)) *
                    static_cast<float>(a_.softcap * log2_e)
              : s * static_cast<float>(scale * 1.4426950408889634);
      if (fault_ == planted::scores_in_bf16) s = static_cast<float>(round_to(dtype::bf16, s));
    }
  }

  float exp2_of(float x) {
    if (x == 0) return 1;
    if (x < -149) return 0;
    if (choose_.exp_degree_3 || fault_ == planted::exp_of_degree_2) {
      const float whole = std::nearbyint(x), f = x - whole;
      const float p = fault_ == planted::exp_of_degree_2
                          ? 1 + f * (0.7029418f + f * 0.23986402f)
                          : 1 + f * (0.69328293f + f * (0.24221096f + f * 0.05500893f));
      return std::ldexp(p, static_cast<int>(whole));
    }
    const auto exact = static_cast<float>(std::exp2(static_cast<double>(x)));
    return exact * (1 + static_cast<float>(choose_.exp_ulps) * 0x1p-23f * noise_.next());
  }

  part run_split(const std::vector<tile_keys>& tiles) {
    part out;
    out.o.assign(static_cast<std::size_t>(a_.dv), 0.0f);
    if (tiles.empty()) {
      if (fault_ == planted::empty_split_counts) out.lse = 0;
      return out;
    }
    float m = fault_ == planted::max_starts_at_zero ? 0 : -infinity;
    std::array<float, 32> l{};
    bool started = false;
    for (const tile_keys& tile : tiles) {
      if (tile.empty()) continue;
      float m_new = m;
      for (std::int64_t j : tile) m_new = std::max(m_new, scores_[static_cast<std::size_t>(j)]);
      const float shift = c_.attention().shift == p_shift::integer ? std::ceil(m_new) : m_new;
      const float before = c_.attention().shift == p_shift::integer ? std::ceil(m) : m;
      const float alpha = started ? exp2_of(before - shift) : 1;
      if (alpha != 1) rescale(out.o, l, alpha);
      m = m_new;
      started = true;
      std::vector<float> p;
      row_pointers v;
      for (std::int64_t j : tile) {
        const float exact = exp2_of(scores_[static_cast<std::size_t>(j)] - shift);
        const float scaled = exact * static_cast<float>(c_.attention().p_scale);
        const float rounded =
            fault_ == planted::p_truncated && c_.attention().p_type != dtype::f32
                ? truncated(c_.attention().p_type, scaled)
                : static_cast<float>(round_to(c_.attention().p_type, scaled, overflow::saturate));
        p.push_back(rounded);
        v.push_back(v_.data() + j * a_.dv);
        const bool from_rounded = c_.attention().l_from_rounded != (fault_ == planted::sum_from_rounded_p);
        const auto lane = static_cast<std::size_t>(choose_.lanes ? j % 32 : 0);
        if (fault_ == planted::lane_missing_in_sum && j % 32 == 31) continue;
        l[lane] += from_rounded ? rounded / static_cast<float>(c_.attention().p_scale) : exact;
      }
      multiply_add(c_.attention().acc_pv, out.o.data(), p.data(), v, static_cast<std::size_t>(a_.dv));
      if (fault_ == planted::output_bf16_per_tile)
        for (float& o : out.o) o = static_cast<float>(round_to(dtype::bf16, o));
    }
    if (!started) return out;
    for (std::size_t width = 16; width > 0; width /= 2)
      for (std::size_t i = 0; i < width; ++i) l[i] += l[i + width];
    const float shift = c_.attention().shift == p_shift::integer ? std::ceil(m) : m;
    const float inverse = 1 / (l[0] * static_cast<float>(c_.attention().p_scale));
    const bool normalise = !(fault_ == planted::merge_unnormalised && choose_.splits > 1);
    for (float& o : out.o) o *= normalise ? inverse : 1 / static_cast<float>(c_.attention().p_scale);
    out.lse = (shift + std::log2(l[0])) * ln_2;
    return out;
  }

  void rescale(std::vector<float>& o, std::array<float, 32>& l, float alpha) {
    const bool skip_o = fault_ == planted::output_not_rescaled_once && !rescale_seen_;
    const bool skip_l = fault_ == planted::sum_not_rescaled_once && !sum_seen_;
    rescale_seen_ = sum_seen_ = true;
    if (!skip_o)
      for (float& x : o) x *= alpha;
    if (!skip_l)
      for (float& x : l) x *= alpha;
  }

  void finish(std::int64_t row, const std::vector<part>& parts, double* out, double& lse) {
    std::vector<float> o(static_cast<std::size_t>(a_.dv), 0.0f);
    float merged = parts.front().lse;
    if (parts.size() == 1) {
      o = parts.front().o;
    } else {
      float M = -infinity, sum = 0;
      for (const part& p : parts) M = std::max(M, p.lse);
      std::vector<float> w;
      for (const part& p : parts) {
        const float unit = fault_ == planted::merge_log2_as_natural ? log2_e : 1.0f;
        float one = M == -infinity ? 0.0f : std::exp((p.lse - M) * unit);
        if (fault_ == planted::merge_weights_equal && p.lse > -infinity) one = 1;
        w.push_back(one);
        sum += one;
      }
      for (std::size_t s = 0; s < parts.size(); ++s) {
        float share = sum > 0 ? w[s] / sum : 0.0f;
        if (fault_ == planted::merge_weights_bf16) share = static_cast<float>(round_to(dtype::bf16, share));
        if (share == 0) continue;
        for (std::size_t c = 0; c < o.size(); ++c) o[c] = std::fmaf(share, parts[s].o[c], o[c]);
      }
      merged = M == -infinity ? M : M + std::log(sum);
    }
    if (!a_.sink.empty() && fault_ != planted::sink_missing) {
      const float share =
          1 / (1 + std::exp(static_cast<float>(a_.sink[static_cast<std::size_t>(row)]) - merged));
      for (float& x : o) x *= share;
    }
    if (fault_ == planted::two_columns_swapped && o.size() > 1) std::swap(o[0], o[o.size() / 2]);
    if (fault_ == planted::output_one_percent)
      for (float& x : o) x *= 1.01f;
    if (fault_ == planted::one_element_half_more && row == a_.rows / 2) o[o.size() / 2] *= 1.5f;
    if (fault_ == planted::all_zero || (fault_ == planted::one_row_zero && row == a_.rows / 2))
      std::fill(o.begin(), o.end(), 0.0f);
    for (std::size_t c = 0; c < o.size(); ++c)
      out[c] = fault_ == planted::output_truncated && c_.out_type != dtype::f32 ? truncated(c_.out_type, o[c])
                                                                                : round_to(c_.out_type, o[c]);
    lse = fault_ == planted::lse_in_base_2 ? merged * log2_e : merged;
  }

  const small_attention& a_;
  const contract& c_;
  const kernel_choices& choose_;
  planted fault_;
  noise noise_;
  bool rescale_seen_ = false, sum_seen_ = false;
  std::vector<float> kt_, v_, scores_;
};

}  // namespace

std::string_view name_of(planted p) {
  constexpr std::string_view names[] = {"none",
                                        "last key dropped",
                                        "first key dropped",
                                        "last key twice",
                                        "extra stale key",
                                        "last partial tile dropped",
                                        "first key of each tile dropped",
                                        "splits overlap by one key",
                                        "key lost between splits",
                                        "one page wrong",
                                        "one V page wrong",
                                        "one V row wrong",
                                        "V tile stale",
                                        "query of another row",
                                        "two columns swapped",
                                        "half of the columns one key late",
                                        "an eighth of the head dims dropped",
                                        "O not rescaled once",
                                        "l not rescaled once",
                                        "running maximum starts at 0",
                                        "merge takes exp2 of natural logs",
                                        "merge weights all equal",
                                        "partials not normalised",
                                        "empty split counts",
                                        "lane missing in the row sum",
                                        "one row zero",
                                        "all zero",
                                        "one element x 1.5",
                                        "LSE in base 2",
                                        "LSE of another row",
                                        "softmax scale +1 %",
                                        "output +1 %",
                                        "softcap missing",
                                        "sink missing",
                                        "output truncated",
                                        "P truncated",
                                        "row sum from the other P",
                                        "exp2 of degree 2",
                                        "scores in bf16",
                                        "output kept in bf16 per tile",
                                        "merge weights in bf16"};
  static_assert(std::size(names) == planted_count);
  return names[static_cast<int>(p)];
}

attention_output run_simulated(const small_attention& problem, const contract& promised,
                               const kernel_choices& choices, planted fault) {
  machine kernel(problem, promised, choices, fault);
  attention_output out;
  out.out.resize(static_cast<std::size_t>(problem.rows * problem.dv));
  out.lse.resize(static_cast<std::size_t>(problem.rows));
  for (std::int64_t i = 0; i < problem.rows; ++i)
    kernel.run_row(i, out.out.data() + i * problem.dv, out.lse[static_cast<std::size_t>(i)]);
  if (fault == planted::lse_of_other_row) std::rotate(out.lse.begin(), out.lse.begin() + 1, out.lse.end());
  return out;
}

}  // namespace plumbline::testing
