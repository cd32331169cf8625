// Recorded sequences, presented to a kernel in several ways.
//
// A real activation is worth more than one run: the same rows go through dense and paged caches (pages
// permuted), several split counts, one query token and eight.  Each presentation has its own truth, so
// nothing is carried over but the values.
#include <algorithm>

#include "properties/flash_decode/attend_inputs.hpp"
#include "properties/flash_decode/recorded.hpp"
#include "reference/core/keyed_text.hpp"
#include "reference/flash_decode.hpp"

namespace plumbline::flash_decode {

namespace {

recorded_attend as_recorded(const recorded_case& c) {
  if (is_table(c.function)) throw bad_argument("recorded", c.function + " is a table: nothing to run");
  recorded_options options(c);
  if (!c.tensors.has("k_new")) {
    recorded_attend r = read_attend(c, options);
    check(r.problem, r.inputs);
    return r;
  }
  recorded_append r = read_append(c, options);
  check(r.problem, r.inputs);
  const append_truth truth = append(r.problem, r.inputs);
  attend_call call = attend_after(r.problem, r.attend, r.inputs, truth.k_cache, truth.v_cache,
                                  r.problem.rotary_dim > 0 ? &truth.q_rotated : nullptr);
  return {std::move(call.problem), std::move(call.inputs)};
}

presentation present(const recorded_attend& base, const std::string& text) {
  const keyed_text wanted(text);
  presentation one{text, base.problem, base.inputs};
  attend_problem& p = one.problem;
  p.num_splits = wanted.integer("num_splits", p.num_splits);
  const std::int64_t page_size = wanted.integer("page_size", p.page_size);
  const std::int64_t sq = wanted.integer("sq", p.sq);
  wanted.require_all_read();
  if (page_size < 0) throw bad_argument("page_size", "expected at least 0");
  if (sq < 1 || sq > p.sq || (sq != p.sq && !p.seqlens_q.empty()))
    throw bad_argument("sq", "expected 1.." + std::to_string(p.sq) + " query tokens of an unpacked record");
  if (page_size == p.page_size && sq == p.sq) return one;
  generate::attend_content content = generate::gather(base.problem, base.inputs);
  const std::size_t row_bytes = static_cast<std::size_t>(p.hq) * size_of(p.type);
  for (auto& s : content.sequences) {  // the last rows: masks are aligned to the last key
    const auto drop = [&](std::vector<std::byte>& rows, std::int64_t width) {
      if (!rows.empty())
        rows.erase(rows.begin(), rows.begin() + (p.sq - sq) * static_cast<std::int64_t>(row_bytes) * width);
    };
    drop(s.q, p.d);
    drop(s.qv, p.dv);
  }
  p.sq = sq;
  if (page_size != p.page_size) {
    p.page_size = page_size;
    p.max_pages = page_size > 0 ? (p.capacity + page_size - 1) / page_size : 0;
    p.num_pages = p.max_pages * p.b + (page_size > 0 ? 3 : 0);
    if (page_size > 0) p.capacity = p.max_pages * page_size;
  } else if (page_size > 0) {
    p.num_pages = p.max_pages * p.b + 3;
  }
  p.shared_pages = false;
  one.inputs = generate::arrange(p, content, {17, generate::poison::nan, false});
  return one;
}

}  // namespace

std::vector<presentation> presentations(const recorded_case& c, const case_spec& spec) {
  const recorded_attend base = as_recorded(c);
  std::vector<presentation> all;
  if (!spec.problem.empty()) {
    all.push_back(present(base, spec.problem));
    return all;
  }
  all.push_back({"", base.problem, base.inputs});
  const bool packed = !base.problem.seqlens_q.empty();
  for (const char* text :
       {"num_splits=1", "num_splits=3", "num_splits=40", "page_size=16,num_splits=2", "page_size=3"})
    all.push_back(present(base, text));
  if (!packed && base.problem.sq > 1) all.push_back(present(base, "num_splits=5,sq=1"));
  if (!packed && base.problem.sq > 8) all.push_back(present(base, "num_splits=5,sq=8"));
  return all;
}

}  // namespace plumbline::flash_decode
