#include "costs.h"

namespace dsnet {
namespace {

int64_t elements(const Value& value, int path) { return int64_t{value.h} * value.w * value.channels[path]; }

int64_t bytes(const Value& value, int path) { return elements(value, path) * static_cast<int64_t>(bytes_of(value.type)); }

int one_if(const void* present) { return present != nullptr ? 1 : 0; }

}  // namespace

Cost cost_of(const Program& program, const Weights& all, int o, int path) {
  const Op& op = program.ops[o];
  const OpWeights& weights = all[o];
  const Value &input = program.values[op.input], &output = program.values[op.output];
  Cost cost = {0, bytes(input, path) + bytes(output, path)};
  if (op.input2 >= 0) cost.bytes += bytes(program.values[op.input2], path);
  if (op.kind == Kind::global_pool) cost.madds = elements(input, path);
  if (has_weights(op.kind)) {
    const int64_t c_out = output.channels[path];
    const int64_t inputs = op.kind == Kind::depthwise ? 1 : input.channels[path];  // of one output
    const int64_t weights_of_output = int64_t{op.window.kernel} * op.window.kernel * inputs;
    const int vectors = one_if(weights.scale) + one_if(weights.shift) + one_if(weights.sums);
    cost.madds = elements(output, path) * weights_of_output;
    cost.bytes += c_out * weights_of_output * static_cast<int64_t>(bytes_of(weights.type));
    cost.bytes += c_out * vectors * static_cast<int64_t>(sizeof(float)) + (weights.table != nullptr ? kTableSize : 0);
  }
  if (op.kind == Kind::group_norm) cost.bytes += 2 * int64_t{output.channels[path]} * static_cast<int64_t>(sizeof(float));
  return cost;
}

}  // namespace dsnet
