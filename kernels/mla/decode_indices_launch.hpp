// decode_indices: how its arguments become the latent kernel's.
#pragma once

#include "kernels/mla/decode_indices.hpp"
#include "kernels/mla/latent_launch.hpp"
#include "kernels/mla/plain_tiles.hpp"
#include "kernels/mla/quantized_tiles.hpp"

namespace plumbline::mla {
inline namespace PLUMBLINE_SIDE_NAME {

inline index_lists lists_of(const decode_indices_problem& p, const kernel_arguments& args) {
  return {index_list_of(args, "indices", "topk_length", p.topk, p.num_pages * p.page_size),
          index_list_of(args, "extra_indices", "extra_topk_length", p.extra_topk,
                        p.extra_num_pages * p.extra_page_size)};
}

template <dtype Type, class Tiles>
void launch_lists(const char* name, const decode_indices_problem& problem, const kernel_arguments& args,
                  const typename Tiles::keys& keys, launcher& on) {
  latent_params p = latent_params_of(problem, args);
  const tensor_view lse = args.out("lse");
  p.lse_batch = lse.stride[0], p.lse_head = lse.stride[1], p.lse_token = lse.stride[2];
  scheduled_requests requests;
  requests.b = problem.b;
  requests.topk_length = keys.lists.first.lengths;
  requests.topk = problem.topk;
  requests.extra_topk_length = keys.lists.extra.lengths;
  requests.extra_topk = problem.extra_topk;
  launch_scheduled<Type, Tiles>(name, p, keys, requests, schedule_of(problem, on.sm_count()).num_sm_parts,
                                on);
}

template <dtype Type>
void launch_listed(const decode_indices_problem& problem, const kernel_arguments& args, launcher& on) {
  if (problem.b == 0 || problem.sq == 0) return;
  const auto pages_of = [](const tensor_view& v, std::int64_t page_size) {
    return plain_pages{v.as<std::uint16_t>(), v.stride[0], v.stride[1],
                       static_cast<std::uint32_t>(page_size)};
  };
  const tensor_view cache = args.in("k_cache"), extra = args.in("extra_k_cache");
  listed_keys keys;
  keys.lists = lists_of(problem, args);
  keys.pages = pages_of(cache, problem.page_size);
  keys.aligned = rows_are_aligned(cache, problem.d);
  if (extra) {
    keys.extra_pages = pages_of(extra, problem.extra_page_size);
    keys.aligned = keys.aligned && rows_are_aligned(extra, problem.d);
  }
  launch_lists<Type, plain_tiles<listed_keys>>("absorb", problem, args, keys, on);
}

template <dtype Type>
void launch_quantized(const decode_indices_problem& problem, const kernel_arguments& args, launcher& on) {
  if (problem.b == 0 || problem.sq == 0) return;
  quantized_keys keys;
  keys.lists = lists_of(problem, args);
  keys.format = row_format_of(problem);
  keys.aligned = keys.format.bytes() % 16 == 0;
  const auto pages_of = [&](const tensor_view& v, std::int64_t page_size) {
    keys.aligned =
        keys.aligned && reinterpret_cast<std::uintptr_t>(v.data) % 16 == 0 && v.stride[0] % 16 == 0;
    return quantized_pages{v.as<unsigned char>(), v.stride[0], static_cast<std::uint32_t>(page_size)};
  };
  keys.pages = pages_of(args.in("k_cache"), problem.page_size);
  if (const tensor_view extra = args.in("extra_k_cache"))
    keys.extra_pages = pages_of(extra, problem.extra_page_size);
  launch_lists<Type, quantized_tiles<Type>>("absorb_fp8", problem, args, keys, on);
}

}  // namespace PLUMBLINE_SIDE_NAME
}  // namespace plumbline::mla
