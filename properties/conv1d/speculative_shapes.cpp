// Drafts: counted (a tape and accepted counts, packed or not), windowed, trees, or none of these.
#include "properties/conv1d/sizes.hpp"
#include "properties/conv1d/update_shapes.hpp"

namespace plumbline::generate {

using conv1d::int_list;
using conv1d::update_speculative_problem;
using conv1d::varlen_states_problem;

namespace {

using speculative = update_speculative_problem;

constexpr problem_class<speculative> own[] = {
    {"counted", 0.15, [](const speculative& p) { return !p.num_accepted_tokens.empty(); }},
    {"all_accepted", 0.06,
     [](const speculative& p) {
       return p.seqlen > 1 &&
              std::count(p.num_accepted_tokens.begin(), p.num_accepted_tokens.end(), p.seqlen) > 0;
     }},
    {"some_accepted", 0.04,
     [](const speculative& p) {
       return std::any_of(p.num_accepted_tokens.begin(), p.num_accepted_tokens.end(),
                          [&](std::int64_t a) { return a > 1 && a < p.seqlen; });
     }},
    {"packed", 0.06, [](const speculative& p) { return !p.query_lens.empty(); }},
    {"empty_draft", 0.03,
     [](const speculative& p) { return std::count(p.query_lens.begin(), p.query_lens.end(), 0) > 0; }},
    {"short_draft", 0.04,
     [](const speculative& p) {
       return std::any_of(p.query_lens.begin(), p.query_lens.end(),
                          [&](std::int64_t n) { return n > 0 && n < p.seqlen; });
     }},
    {"windows", 0.1, [](const speculative& p) { return p.lines > 0; }},
    {"tree", 0.08, [](const speculative& p) { return p.tree; }},
    {"tree_of_more_tokens_than_a_block_has_threads", 0,
     [](const speculative& p) {
       return p.tree && p.seqlen > 16 * static_cast<std::int64_t>(size_of(p.type));
     }},
    {"tree_with_windows", 0.04, [](const speculative& p) { return p.tree && p.lines > 0; }},
    {"plain", 0.02,
     [](const speculative& p) { return p.num_accepted_tokens.empty() && p.lines == 0 && !p.tree; }},
    {"longer_than_needed", 0.1, [](const speculative& p) {
       return p.state_len > (p.num_accepted_tokens.empty() ? p.width - 1 : p.width + p.seqlen - 2);
     }}};

constexpr auto rows = joined(update_classes_shared<speculative>, own);

constexpr problem_class<varlen_states_problem> kept[] = {
    {"several_sequences", 0.2, [](const varlen_states_problem& p) { return p.lens.size() > 1; }},
    {"empty_sequence", 0.1,
     [](const varlen_states_problem& p) { return std::count(p.lens.begin(), p.lens.end(), 0) > 0; }},
    {"shorter_than_the_state", 0.15,
     [](const varlen_states_problem& p) {
       return std::any_of(p.lens.begin(), p.lens.end(),
                          [&](std::int64_t n) { return n > 0 && n < p.state_len; });
     }},
    {"longer_than_the_state", 0.2,
     [](const varlen_states_problem& p) {
       return std::any_of(p.lens.begin(), p.lens.end(), [&](std::int64_t n) { return n > p.state_len; });
     }},
    {"as_long_as_the_state", 0.04,
     [](const varlen_states_problem& p) {
       return std::count(p.lens.begin(), p.lens.end(), p.state_len) > 0;
     }},
    {"long_state", 0.1, [](const varlen_states_problem& p) { return p.state_len > 3; }},
    {"dim_at_a_tile", 0.06, [](const varlen_states_problem& p) { return p.dim >= 255 && p.dim <= 257; }},
    {"gap", 0.12, [](const varlen_states_problem& p) { return p.gap > 0; }},
    {"rows_beyond_32_bits", 0,
     [](const varlen_states_problem& p) { return beyond_32_bits(conv1d::total_of(p.lens), p.gap); }}};

}  // namespace

speculative draw_conv1d_update_speculative(const contract& promised, std::string_view, std::uint64_t seed,
                                           std::uint64_t index) {
  draws draw(seed, index, "speculative shape of " + std::string(name_of(promised.in)));
  speculative p;
  draw_filter_shape(draw, promised, p);
  const bool counted = draw.chance(50);
  p.batch = draw.chance(2) ? 0 : draw.chance(25) ? 1 : draw.between(2, 5);
  p.seqlen = draw.weighted({{15, 1}, {15, 2}, {20, 3}, {20, 4}, {15, 5}, {15, 8}});
  draws length(seed, index, "long drafts");
  if (p.dim <= 24 && length.chance(12)) p.seqlen = length.one_of({33, 65});
  while (p.dim * p.batch * p.seqlen > 4 * most_elements && p.seqlen > 1) p.seqlen /= 2;
  draw_pool(draw, counted ? p.width + p.seqlen - 2 : p.width - 1, p.batch, p, p.conv_state_indices);
  if (counted) {
    for (std::int64_t n = 0; n < p.batch; ++n)
      p.num_accepted_tokens.push_back(draw.chance(30) ? p.seqlen : draw.between(1, p.seqlen));
    if (draw.chance(45)) {
      p.layout = conv1d::run_layout::channel_last;
      for (std::int64_t n = 0; n < p.batch; ++n)
        p.query_lens.push_back(draw.chance(20) ? 0 : draw.between(1, p.seqlen));
    }
  } else if (p.batch > 0) {
    p.tree = draw.chance(50);
    if (draw.chance(70)) {
      p.lines = p.batch + draw.between(0, 3);
      int_list lines(static_cast<std::size_t>(p.lines));
      std::iota(lines.begin(), lines.end(), 0);
      for (std::size_t i = lines.size(); i-- > 1;)
        std::swap(lines[i], lines[static_cast<std::size_t>(draw.between(0, static_cast<std::int64_t>(i)))]);
      p.intermediate_state_indices.assign(lines.begin(), lines.begin() + p.batch);
    }
  }
  spread_slots(draws(seed, index, "far slots of update_speculative"), p, p);
  spread_rows(draws(seed, index, "far rows of update_speculative"), p, p.batch, p.seqlen);
  return p;
}

std::vector<speculative> smaller(const speculative& from) {
  edits<speculative> all(from);
  fewer_updates(from,
                {&speculative::conv_state_indices, &speculative::num_accepted_tokens,
                 &speculative::query_lens, &speculative::intermediate_state_indices},
                all);
  for (const std::int64_t tokens : {std::int64_t{1}, from.seqlen / 2, from.seqlen - 1})
    if (tokens >= 1 && tokens < from.seqlen)
      all.add([tokens](speculative& p) {
        p.seqlen = tokens;
        for (int_list* list : {&p.num_accepted_tokens, &p.query_lens})
          for (std::int64_t& value : *list) value = std::min(value, tokens);
      });
  for (std::size_t i = 0; i < from.query_lens.size(); ++i)
    if (from.query_lens[i] > 0) all.add([i](speculative& p) { --p.query_lens[i]; });
  for (std::size_t i = 0; i < from.num_accepted_tokens.size(); ++i)
    if (from.num_accepted_tokens[i] > 1) all.add([i](speculative& p) { --p.num_accepted_tokens[i]; });
  all.add([](speculative& p) { p.query_lens.clear(); });
  all.add([](speculative& p) { p.tree = false; });
  all.add([](speculative& p) {
    p.lines = 0;
    p.intermediate_state_indices.clear();
  });
  plainer(from, from.num_accepted_tokens.empty() ? from.width - 1 : from.width + from.seqlen - 2, all);
  return all.take();
}

varlen_states_problem draw_conv1d_varlen_states(const contract& promised, std::string_view,
                                                std::uint64_t seed, std::uint64_t index) {
  draws draw(seed, index, "varlen_states shape of " + std::string(name_of(promised.in)));
  conv1d::filter_shape shape;
  draw_filter_shape(draw, promised, shape);
  varlen_states_problem p;
  p.type = shape.type;
  p.dim = shape.dim;
  p.state_len = draw.chance(50) ? draw.between(1, 3) : draw.between(4, 9);
  p.state_layout = draw.chance(60) ? conv1d::run_layout::channel_last : conv1d::run_layout::token_last;
  std::int64_t left = std::max<std::int64_t>(most_elements / p.dim, 4);
  for (std::int64_t i = draw.between(1, 6); i > 0; --i) {
    p.lens.push_back(draw.chance(15) ? std::min(p.state_len, left) : draw_length(draw, shape.width, left));
    left -= p.lens.back();
  }
  shape.layout = conv1d::run_layout::channel_last;
  spread_rows(draws(seed, index, "far rows of varlen_states"), shape, 1, conv1d::total_of(p.lens));
  p.gap = shape.gap;
  return p;
}

std::vector<varlen_states_problem> smaller(const varlen_states_problem& from) {
  edits<varlen_states_problem> all(from);
  for (std::size_t i = 0; i < from.lens.size() && from.lens.size() > 1; ++i)
    all.add([i](varlen_states_problem& p) { p.lens = without(p.lens, i); });
  for (std::size_t i = 0; i < from.lens.size(); ++i)
    for (const std::int64_t length : {from.lens[i] / 2, from.lens[i] - 1})
      if (length >= 0 && length < from.lens[i])
        all.add([i, length](varlen_states_problem& p) { p.lens[i] = length; });
  for (const std::int64_t dim : {std::int64_t{1}, from.dim / 2, from.dim - 1})
    if (dim >= 1 && dim < from.dim) all.add([dim](varlen_states_problem& p) { p.dim = dim; });
  if (from.state_len > 1) all.add([](varlen_states_problem& p) { --p.state_len; });
  all.add([](varlen_states_problem& p) { p.gap = 0; });
  all.add([](varlen_states_problem& p) { p.state_layout = conv1d::run_layout::channel_last; });
  return all.take();
}

std::span<const problem_class<speculative>> conv1d_update_speculative_classes() { return rows; }
std::span<const problem_class<varlen_states_problem>> conv1d_varlen_states_classes() { return kept; }

}  // namespace plumbline::generate
