// The angles that a model rotates by.  Kernels take cos and sin as inputs; this says what a model puts there.
#pragma once

#include <cstdint>
#include <vector>

namespace plumbline::mla {

/// Options of a table, named as in the models' configurations.
struct rotary_table_options {
  std::int64_t qk_rope_head_dim = 64, max_seq_len = 16384, original_seq_len = 4096;
  double rope_theta = 10000, rope_factor = 40, beta_fast = 32, beta_slow = 1;
};

/// Throws bad_argument naming the option: an even head dim of at least 2, lengths and numbers above 0, theta
/// above 1.
void check(const rotary_table_options&);

/// Radians by which pair i of a head turns from one position to the next, qk_rope_head_dim / 2 of them.
/// theta^(-2i / dim); iff max_seq_len > original_seq_len, those that turn less than beta_slow times within
/// original_seq_len are divided by rope_factor, those that turn more than beta_fast times are not, and
/// between the two the pairs go over linearly by their number (YaRN, arXiv 2309.00071, section 3.2).
std::vector<double> rotary_frequencies(const rotary_table_options&);

}  // namespace plumbline::mla
