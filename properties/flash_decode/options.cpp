// Options of problems, as a file of cases has them.
#include "properties/flash_decode/recorded.hpp"

namespace plumbline::flash_decode {

namespace {

std::map<std::string, std::string> cache_options(const cache_shape& p) {
  std::map<std::string, std::string> o;
  o["op"] = "flash_decode";
  o["dtype"] = name_of(p.type);
  o["batch_size"] = std::to_string(p.b);
  o["num_heads"] = std::to_string(p.hq);
  o["num_heads_k"] = std::to_string(p.hk);
  o["head_dim"] = std::to_string(p.d);
  o["head_dim_v"] = std::to_string(p.dv);
  o["page_size"] = std::to_string(p.page_size);
  o["capacity"] = std::to_string(p.capacity);
  if (p.gap > 0) o["gap"] = std::to_string(p.gap);
  return o;
}

template <class Problem>
void put_masks(const Problem& p, std::map<std::string, std::string>& o) {
  o["causal"] = p.causal ? "1" : "0";
  o["window_left"] = std::to_string(p.window_left);
  o["window_right"] = std::to_string(p.window_right);
  o["attention_chunk"] = std::to_string(p.attention_chunk);
}

}  // namespace

std::map<std::string, std::string> options_of_problem(const attend_problem& p) {
  auto o = cache_options(p);
  put_masks(p, o);
  o["seqlen_q"] = std::to_string(p.sq);
  o["softmax_scale"] = real_text(effective_scale(p));
  o["softcap"] = real_text(p.softcap);
  o["num_splits"] = std::to_string(p.num_splits);
  o["out_dtype"] = name_of(p.out_type);
  return o;
}

std::map<std::string, std::string> options_of_problem(const append_problem& p) {
  auto o = cache_options(p);
  put_masks(p, o);
  o["append"] = "1";
  o["seqlen_new"] = std::to_string(p.sn);
  if (p.sq > 0) o["seqlen_q"] = std::to_string(p.sq);
  o["rotary_dim"] = std::to_string(p.rotary_dim);
  o["rotary_interleaved"] = p.rotary_interleaved ? "1" : "0";
  return o;
}

std::map<std::string, std::string> options_of_problem(const combine_problem& p) {
  std::map<std::string, std::string> o;
  o["op"] = "flash_decode";
  o["batch_size"] = std::to_string(p.b);
  o["num_heads"] = std::to_string(p.hq);
  o["num_splits"] = std::to_string(p.num_splits);
  o["seqlen_q"] = std::to_string(p.sq);
  o["head_dim_v"] = std::to_string(p.dv);
  o["out_dtype"] = name_of(p.out_type);
  if (p.gap > 0) o["gap"] = std::to_string(p.gap);
  return o;
}

}  // namespace plumbline::flash_decode
