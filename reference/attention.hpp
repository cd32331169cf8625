// Softmax attention in double, streamed, with the companions that a budget needs.
//
// The one attention of the reference: flash_decode, mla and dflash describe their keys to it.  A unit is a
// set of query rows that read one sequence of keys (one KV head of one sequence, its grouped query heads
// packed); keys come through callbacks, so paging, index lists and dequantization are the caller's.  Every
// mask of the supported operators is an interval of keys, so a row has a begin and an end.
//
// Memory is flat in the number of keys for the truth alone; with companions it holds O(keys) doubles for the
// rows of the tile at hand, never the whole score matrix.  exp(-inf) is exactly 0.
//
// Symbols (row i, key j, column c; s_j exact scaled, soft-capped score in natural-log units; w_j softmax
// weight):
//   r   = sum w v            out before value_scale is applied to all column quantities
//   S1  = sum w |v|          SB = sum over aligned 64-key pages of |sum_page w v|
//   C   = sum w (s - sbar) v, sbar = sum w s: derivative of r in log temperature
// and per contract, with d_j^2 = dP_j^2 + eps_j^2 + e_exp^2/3 (dP: rounding of P, eps: score noise):
//   A2  = max(sum w^2 d^2 (v - r)^2, the same with keys of bitwise equal score summed first)
//   V0  = sum over groups of equal score (sum_group w)^2 dP^2, Vs = sum w (s - sbar)^2,
//   Vb  = sum over groups (sum_group w)^2 dP^2 (s - sbar)^2 / Vs^2, n4 = (sum w^2 d^2)^2 / sum w^4 d^4
//   delta[t], b[t]: coherent rounding of P emulated at theta_count shifts t: sum w delta_j, sum w delta_j
//   (s_j - sbar)/Vs
//
// eps_j^2 = (c_acc scale |q| |k_j|)^2 + 0.1 (1.2e-7 (s_max - s_j))^2 + (e_tanh softcap)^2.  In a group the
// largest d^2 stands for all.  P is emulated for every floating p_type but f64 (exact) and for shifts other
// than `any`, where dP^2 = 0.18 u_P^2 for every key and delta = b = 0.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "reference/core/contract.hpp"

namespace plumbline {

inline constexpr int theta_count = 9;
inline constexpr std::int64_t companion_page = 64;  // keys of a page in SB

/// Rows that read one sequence of keys.  The loaders write `count` rows from `first` on, dense and row-major,
/// as exact doubles; they are called from several threads at once.
struct attention_unit {
  using loader = std::function<void(std::int64_t first, std::int64_t count, double* out)>;
  std::int64_t rows = 0, keys = 0, dk = 0, dv = 0;
  loader load_q, load_k, load_v;         // (rows, dk), (keys, dk), (keys, dv)
  std::vector<std::int64_t> begin, end;  // visible keys [begin, end) of each row; begin == end: none
  double score_scale = 1;                // softmax_scale times any descales
  double softcap = 0;                    // 0: off; s = softcap * tanh(scale * q.k / softcap)
  double value_scale = 1;                // multiplies r and all column companions
  std::vector<double> sink;              // empty, or one logit a row that joins the normaliser
};

/// Companions of one contract.  Element arrays are (row, column); `value_scale` and the sink factor are
/// included.
struct contract_companions {
  struct row {
    double V0 = 0, Vs = 0, Vb = 0, n4 = 1;
    double delta[theta_count] = {}, b[theta_count] = {};
    double eps_bar = 0;  // sqrt(sum w^2 eps^2 / sum w^2)
    double eps_l = 0;    // c_acc * scale * sum w |q| |k_j|
    double T1 = 0;  // sum max(0, min(p_j, half subnormal step of P) - u_P p_j) / l: flush to zero, worst case
  };
  std::vector<row> rows;
  std::vector<double> A2;       // element
  std::vector<double> flushed;  // element: |sum over keys that round to zero of w (v - r)|
};

/// Truth of one unit, and what budgets need.
struct attention_truth {
  std::int64_t rows = 0, keys = 0, dk = 0, dv = 0;
  std::vector<double> out;  // (rows, dv); 0 where no key is visible
  std::vector<double> lse;  // (rows); natural log, sink not included; -inf where no key is visible
  // Below only with companions.
  struct row {
    double s_max = 0;          // largest visible score
    double sink_factor = 1;    // 1 / (1 + exp(sink - lse))
    std::int64_t visible = 0;  // n: number of visible keys
  };
  std::vector<row> row_facts;
  std::vector<double> S1, SB, C;  // (rows, dv)
  std::vector<double> max_abs_v;  // (rows, dv) largest |v| among the row's visible keys, times value_scale;
                                  // an upper bound over the unit's keys is allowed
  double score_scale = 1, softcap = 0;
  double effective_columns = 1;                // D_e of V: see judge
  std::int64_t duplicate_rows = 1;             // m_dup: largest number of identical query rows
  std::vector<contract_companions> contracts;  // in the order asked for
};

struct attention_options {
  int threads = 0;         // 0: all cores
  bool companions = true;  // false: out and lse alone
  int x86_64_level = 0;    // instruction set: 0 the best of this CPU, 3 AVX2, 4 AVX-512 (refused without it)
};

/// Truth of every unit, with the companions of every contract in the same pass.
std::vector<attention_truth> attend(std::span<const attention_unit> units,
                                    std::span<const contract> contracts,
                                    const attention_options& options = {});

}  // namespace plumbline
