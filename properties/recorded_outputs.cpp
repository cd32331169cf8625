#include "properties/recorded_outputs.hpp"

#include <algorithm>

#include "properties/recorded_tensors.hpp"
#include "reference/core/keyed_text.hpp"

namespace plumbline {

namespace {

std::string name_in_case(const recorded_case& c, holder whose, const std::string& name,
                         const tensor_set& inputs) {
  if (whose == holder::expectation) return "expected_" + name;
  const std::string apart = "out_" + name;
  if (inputs.has(name)) return apart;
  if (!c.tensors.has(apart)) return name;
  if (c.tensors.has(name)) throw bad_argument(name, "expected it or " + apart + ", got both");
  return apart;
}

}  // namespace

std::map<std::string, std::string> options_from_text(std::string_view op, const std::string& text) {
  std::map<std::string, std::string> options;
  options["op"] = op;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size()), equals = text.find('=', at);
    options[text.substr(at, equals - at)] = text.substr(equals + 1, end - equals - 1);
    at = end + 1;
  }
  return options;
}

std::string text_from_options(const recorded_case& c, recorded_options& options,
                              std::span<const std::string_view> keys) {
  std::string text;
  for (const std::string_view key : keys) {
    const std::string name(key);
    if (!options.has(name)) continue;
    text += (text.empty() ? "" : ",") + name + "=" + c.options.at(name);
    options.word(name, "");
  }
  return text;
}

tensor laid_out(const recorded_case& c, const std::string& name, tensor like) {
  const tensor& from = needed(c, name);
  if (from.type() != like.type())
    throw bad_argument(name, "expected dtype " + std::string(name_of(like.type())) + ", got " +
                                 std::string(name_of(from.type())));
  require_shape(name, &from, like.shape());
  std::vector<std::int64_t> index(like.shape().size(), 0);
  for (std::int64_t i = 0; i < like.size(); ++i) {
    like.set_code(like.offset(index), from.code(from.offset(index)));
    for (std::size_t axis = index.size(); axis-- > 0;) {
      if (++index[axis] < like.shape()[axis]) break;
      index[axis] = 0;
    }
  }
  return like;
}

tensor_set outputs_in(const recorded_case& c, holder whose, const tensor_set& made,
                      const tensor_set& inputs) {
  tensor_set outputs;
  std::string missing;
  for (const auto& one : made) {
    const std::string name = name_in_case(c, whose, one.name, inputs);
    if (c.tensors.has(name))
      outputs.set(one.name, laid_out(c, name, one.value));
    else if (missing.empty())
      missing = name;
  }
  if (!outputs.empty() && !missing.empty())
    throw bad_argument(missing, "expected every output of the call beside " + outputs.begin()->name +
                                    ", this one is not there");
  return outputs;
}

}  // namespace plumbline
