// The truth of steps: a slot is the list of tokens that its sequence has taken, and nothing else.
//
// A draft's tokens lie behind that list until the next step says how many of them were taken.  Where a state
// keeps the end of the list is worked out once, here, from the list alone: no call reads what another wrote.
#include "reference/conv1d_steps.hpp"

#include "reference/conv1d_channel.hpp"

namespace plumbline::conv1d {

namespace {

/// Tokens of a sequence by their rows of x, -1 for the zeros before it.
struct sequence {
  int_list taken, drafted;
};

std::int64_t from_end(const int_list& rows, std::int64_t i) {
  const auto size = static_cast<std::int64_t>(rows.size());
  return i < size ? rows[at(size - 1 - i)] : -1;
}

}  // namespace

call_truth steps(const steps_problem& p, const tensor_set& inputs) {
  check(p, inputs);
  const channel_filter filter(p, inputs);
  const tensor& x = inputs.at("x");
  const std::vector<double> values = x.values();
  call_truth truth;
  filter.reserve(x.size(), truth.filter);
  truth.exact.set("conv_states", inputs.at("conv_states"));
  truth.exact.set("conv_tapes", inputs.at("conv_tapes"));
  std::vector<sequence> pool[2] = {std::vector<sequence>(at(p.narrow)), std::vector<sequence>(at(p.wide))};
  std::vector<double> window(at(p.width));
  for (const step_call& call : calls_of(p)) {
    const char kind = p.steps[call.step].kind;
    tensor& states = truth.exact.at(call.wide ? "conv_tapes" : "conv_states");
    std::int64_t row = call.first_token;
    for (const step_part& part : call.parts) {
      sequence& s = pool[call.wide ? 1 : 0][at(part.slot)];
      if (kind == 'p' && part.tokens > 0) s = {};
      if ((kind == 's' && part.tokens > 0) || kind == 'u') {
        for (std::int64_t i = 0; i < part.accepted && i < static_cast<std::int64_t>(s.drafted.size()); ++i)
          s.taken.push_back(s.drafted[at(i)]);
        s.drafted.clear();
      }
      int_list path = s.taken;
      for (std::int64_t t = 0; t < part.tokens; ++t) {
        path.push_back(row + t);
        for (std::int64_t c = 0; c < p.dim; ++c) {
          for (std::int64_t w = 0; w < p.width; ++w) {
            const std::int64_t source = from_end(path, p.width - 1 - w);
            window[at(w)] = source < 0 ? 0 : values[at(source * p.dim + c)];
          }
          filter.apply(c, window.data(), (row + t) * p.dim + c, truth.filter);
        }
      }
      const auto put = [&](std::int64_t column, std::int64_t source) {
        for (std::int64_t c = 0; c < p.dim; ++c)
          states.set_code(
              part.slot * states.strides()[0] + c * states.strides()[1] + column * states.strides()[2],
              source < 0 ? 0 : x.code(source * x.strides()[0] + c * x.strides()[1]));
      };
      if (kind == 's' && part.tokens > 0) {
        for (std::int64_t e = 0; e < p.width - 2; ++e) put(e, from_end(s.taken, p.width - 3 - e));
        for (std::int64_t t = 0; t < part.tokens; ++t) put(p.width - 2 + t, row + t);
        for (std::int64_t t = 0; t < part.tokens; ++t) s.drafted.push_back(row + t);
      } else if (part.tokens > 0) {
        s.taken = path;
        for (std::int64_t e = 0; e < p.width - 1; ++e) put(e, from_end(s.taken, p.width - 2 - e));
      }
      row += part.tokens;
    }
  }
  return truth;
}

}  // namespace plumbline::conv1d
