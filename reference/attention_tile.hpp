// The hot arithmetic of the reference attention, one table of functions an instruction set.
//
// Rows are the vector lanes: eight query rows stand side by side in a panel, and everything that belongs to a
// row (maximum, row sum, thetas) is a vector of eight.  Keys and values are used as the loaders write them,
// by broadcast, so nothing of K or V is packed or transposed; the softmax needs no horizontal sum.  Keys come
// in pages of 64, aligned to key 0.
//
//   panel of queries   q[d][8]          page of scores, weights   s[key][8]
//   accumulators       o[column][8]     per-row facts             m[8]
//
// The code is compiled twice, for x86-64-v3 and -v4, from one header of internal functions that instantiates
// nothing of any library: two copies of a shared inline function in one program would be one copy, picked by
// link order.
#pragma once

#include <cstdint>

namespace plumbline::attention_tile {

inline constexpr int panel_rows = 8;
inline constexpr int page_keys = 64;
inline constexpr int thetas = 9;
inline constexpr int page_size = page_keys * panel_rows;  // doubles of one panel of a page

/// Masked scores of up to two panels against one page.  Slots outside [first, last) are not read and get
/// -inf.
struct score_call {
  const double* k;  // [page_keys][dk]
  const double* q;  // [panels][dk][8]
  std::int64_t dk;
  int panels, first, last;
  double scale, softcap;
  const double* begin;  // [panels][8]: visible slots of each row, relative to the page
  const double* end;
  double* s;  // [panels][page_keys][8], panels `stride` doubles apart
  std::int64_t stride;
};

/// One page joins the running softmax of one panel.  `p` (weights relative to the new maximum) and `t_sum`
/// may be null.  `shrink` is exp(old maximum - new maximum).
struct absorb_call {
  const double* s;
  int first, last;
  double *m, *l, *t_sum;  // maximum, sum p, sum p (s - m)
  double* p;
  double* shrink;
};

/// target[c][8] += sum over slots of a[slot][c] * b[slot][8], for up to two panels; with `magnitudes` also
/// magnitudes[c][8] += |that sum|.
struct product_call {
  const double* a;  // [page_keys][columns]
  std::int64_t columns;
  int first, last, panels;
  const double* b;  // panels page_size apart
  double* target;   // panels columns * 8 apart
  double* magnitudes;
};

/// Normalised weights of one panel and page, and the row sums that no contract changes.
struct weight_call {
  const double* s;
  int first, last;
  const double *m, *inverse_l, *t_mean, *key_norm;
  double *p, *t, *centred, *w, *w_centred;     // p = exp(t), t = s - m (0 where p is 0), centred = t - t_mean
  double *sum_centred2, *sum_w_norm, *sum_w2;  // sum w centred^2, sum w |k|, sum w^2
};

/// A floating format as the rounding needs it; everything in units of P * p_scale.
struct rounding_rule {
  double magic;  // 1.5 * 2^(52 - fraction bits): (x + c) - c rounds to the step of c = 2^exponent * magic
  double min_normal;      // 2^emin
  double one;             // P = 1: p_scale and a few last places
  double floor_variance;  // (kappa0 u_P)^2
};

/// Rounding of P at every theta: variance of the relative error per key, and its coherent part per row.
struct rounding_call {
  const double *p, *t, *centred;
  int first, last;
  rounding_rule rule;
  const double *s_max, *up, *down;        // up[theta][8] = 2^theta p_scale, down = 1 / up
  double* variance;                       // dP^2 [page_keys][8]
  double *sum_error, *sum_error_centred;  // [theta][8]: += sum p delta, sum p delta centred; may be null
};

/// Noise of one contract: weights of A2 and the row sums that go with it.
struct noise_call {
  const double *p, *t, *centred, *w, *key_norm, *variance;
  int first, last;
  const double* score_noise;  // [8]: c_acc * scale * |q|
  double exp_variance, tanh_variance;
  const double* half_step;  // [8]: half the subnormal step of P, in units of p
  double u;
  double *w2d2, *w_flushed;
  double *v0, *vb, *n2, *n4, *eps2, *t1, *flushed;  // [8], added to
};

struct functions {
  void (*scores)(const score_call&);
  bool (*absorb)(const absorb_call&);  // true: some row's maximum moved
  void (*product)(const product_call&);
  void (*weights)(const weight_call&);
  void (*rounding)(const rounding_call&);
  bool (*noise)(const noise_call&);  // true: some key is flushed to zero
  /// rows[r] *= factor[lane]
  void (*shrink)(double* o, std::int64_t columns, const double* factor);
  /// |v| and v^2, and the column maxima of |v|, over `count` rows.
  void (*magnitudes)(const double* v, std::int64_t count, std::int64_t columns, double* magnitude,
                     double* square, double* column_max);
  void (*norms)(const double* k, std::int64_t count, std::int64_t dk, double* norm2);  // sum k^2
  bool (*finite)(const double* x, std::int64_t count);
  void (*exp)(const double* x, double* y, std::int64_t count);   // count: a multiple of 8; x <= 0
  void (*tanh)(const double* x, double* y, std::int64_t count);  // count: a multiple of 8
};

const functions& for_v3();
const functions& for_v4();

}  // namespace plumbline::attention_tile
