// project: three ways to the same keys and values, one norm and rotation behind them.
//
//   concat     context and block are multiplied apart, into scratch, and copied behind each other
//   prealloc   the same products, written where they belong
//   fused_qkv  the block's rows meet wq, wk and wv in one launch, hq + 2 hk heads wide, the context's wk and
//   wv
//              in another
//
// Every product is a sum over k in the same order whoever launches it, so the three have the same bits.
#include "kernels/core/promises.hpp"
#include "kernels/core/table.hpp"
#include "kernels/dflash/heads.hpp"
#include "reference/dflash_problem.hpp"

namespace plumbline::dflash {
inline namespace PLUMBLINE_SIDE_NAME {
namespace {

class projection {
 public:
  projection(const project_problem& p, const kernel_arguments& args, launcher& on)
      : p_(p), args_(args), on_(on) {}

  enum class source : std::uint8_t { context, block };

  /// Products of the context's or the block's rows, to be added to.
  linear_params products_of(source from) const {
    linear_params all;
    const bool context = from == source::context;
    all.x = token_matrix_of(args_.in(context ? "context" : "hidden"));
    all.sequences = p_.b, all.tokens = context ? p_.context_len : p_.block_size;
    all.inner = p_.hidden_size;
    return all;
  }
  void add_query(linear_params& to) const {
    to.add(args_.in("wq").data, args_.in("bq").data, token_matrix_of(args_.out("q_proj")), p_.hq * p_.d);
  }
  void add_key(linear_params& to, const token_matrix& out) const {
    to.add(args_.in("wk").data, args_.in("bk").data, out, p_.hk * p_.d);
  }
  void add_value(linear_params& to, const token_matrix& out) const {
    to.add(args_.in("wv").data, args_.in("bv").data, out, p_.hk * p_.d);
  }
  /// Where rows of the context or of the block belong in k_proj or v.
  token_matrix place(const char* output, source from) const {
    return token_matrix_of(args_.out(output), from == source::context ? 0 : p_.context_len);
  }
  void launch(const linear_params& products) const { launch_linear(p_.type, products, on_); }

  void query() const {
    linear_params products = products_of(source::block);
    add_query(products);
    launch(products);
  }
  token_matrix scratch(std::int64_t tokens) const {
    const std::int64_t width = p_.hk * p_.d;
    void* const data = on_.scratch(static_cast<std::size_t>(p_.b * tokens * width) * size_of(p_.type));
    return {static_cast<std::uint16_t*>(data), tokens * width, width};
  }
  void copy(const token_matrix& from, const char* output, source whose) const {
    launch_copy(from, place(output, whose), p_.b, whose == source::context ? p_.context_len : p_.block_size,
                p_.hk * p_.d, on_);
  }

  void norm_and_rotate() const {
    heads("q_proj", "q_normed", "q", "q_norm", p_.block_size, p_.hq, p_.context_len);
    heads("k_proj", "k_normed", "k", "k_norm", p_.new_rows(), p_.hk, 0);
  }

 private:
  void heads(const char* raw, const char* normed, const char* rotated, const char* gain, std::int64_t tokens,
             std::int64_t heads, std::int64_t first_place) const {
    head_params h = {};
    h.raw = token_matrix_of(args_.out(raw)), h.normed = token_matrix_of(args_.out(normed));
    h.rotated = token_matrix_of(args_.out(rotated));
    h.gain = args_.in(gain).as<std::uint16_t>();
    h.cos = args_.in("cos").as<float>(), h.sin = args_.in("sin").as<float>();
    h.sequences = p_.b, h.tokens = tokens, h.heads = heads, h.d = p_.d;
    h.places = p_.new_rows(), h.first_place = first_place;
    h.eps = static_cast<float>(p_.eps);
    launch_heads(p_.type, h, on_);
  }

  const project_problem& p_;
  const kernel_arguments& args_;
  launcher& on_;
};

using source = projection::source;

void run_concat(const project_problem& p, const kernel_arguments& args, launcher& on) {
  if (p.b == 0) return;
  const projection call(p, args, on);
  call.query();
  for (const char* output : {"k_proj", "v"})
    for (const source from : {source::context, source::block}) {
      const token_matrix own = call.scratch(from == source::context ? p.context_len : p.block_size);
      linear_params products = call.products_of(from);
      if (output[0] == 'k')
        call.add_key(products, own);
      else
        call.add_value(products, own);
      call.launch(products);
      call.copy(own, output, from);
    }
  call.norm_and_rotate();
}

void run_prealloc(const project_problem& p, const kernel_arguments& args, launcher& on) {
  if (p.b == 0) return;
  const projection call(p, args, on);
  call.query();
  for (const source from : {source::context, source::block}) {
    linear_params keys = call.products_of(from), values = keys;
    call.add_key(keys, call.place("k_proj", from));
    call.launch(keys);
    call.add_value(values, call.place("v", from));
    call.launch(values);
  }
  call.norm_and_rotate();
}

void run_fused(const project_problem& p, const kernel_arguments& args, launcher& on) {
  if (p.b == 0) return;
  const projection call(p, args, on);
  for (const source from : {source::context, source::block}) {
    linear_params products = call.products_of(from);
    if (from == source::block) call.add_query(products);
    call.add_key(products, call.place("k_proj", from));
    call.add_value(products, call.place("v", from));
    call.launch(products);
  }
  call.norm_and_rotate();
}

constexpr contract contracts[] = {product("bf16/product", dtype::bf16, accumulation::tc25, dtype::bf16),
                                  product("f16/product", dtype::f16, accumulation::tc25, dtype::f16)};

std::string domain(const project_problem&) { return ""; }

constexpr variant<project_problem> rows[] = {{"concat", contracts, every_run_alike, domain, run_concat},
                                             {"prealloc", contracts, every_run_alike, domain, run_prealloc},
                                             {"fused_qkv", contracts, every_run_alike, domain, run_fused}};

}  // namespace
}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::dflash

template <>
std::span<const plumbline::variant<plumbline::dflash::project_problem>>
plumbline::table_of<plumbline::dflash::project_problem, plumbline::this_side>() {
  return dflash::rows;
}
