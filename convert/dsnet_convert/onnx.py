"""Plan -> one `.onnx` a stage: NCHW maps, `[1, c]` vectors, and no op that ONNX Runtime would have to remove first."""

from __future__ import annotations

import tempfile
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from dsnet_convert.stage import Stage, folded, stage_values, stages, vectors
from dsnet_edge.arch import Activation
from dsnet_edge.errors import require
from dsnet_edge.plan import Op, Plan
from dsnet_edge.plan.elements import Precision
from dsnet_edge.plan.plan import Array

_OPSET, _IR_VERSION = 17, 8  # what every ONNX Runtime since 1.12 reads

Inputs = dict[str, Array]  # of a stage, by name


def write_onnx(plan: Plan, stage: Stage, file: FilePath, precision: Precision = "fp32") -> None:
    """Inputs and outputs are in the order of the stage's signature (docs/bundle.md) and bear the names of the plan's values.

    fp16 stores weights in float16, for a file of half the size, and computes in float32, as ONNX Runtime does on a CPU anyway.
    """
    file.write_bytes(stage_model(plan, stage, np.float16 if precision == "fp16" else np.float32).SerializeToString())


def write_onnx_int8(plan: Plan, stage: Stage, images: Array, file: FilePath) -> None:
    """The same by ONNX Runtime's static quantisation, ranges of activations from `images` `[n, h, w, 3]`.

    Weights are int8 by output channel, activations uint8 (signed ones took two to four times as long on x86);
    every op is quantised, but inputs and outputs stay float32, as its tool leaves them.
    """
    quantization = require("onnxruntime.quantization", "onnx")
    with tempfile.TemporaryDirectory() as folder:
        float_file = FilePath(folder) / "float.onnx"
        write_onnx(plan, stage, float_file)
        quantization.quantize_static(
            float_file,
            file,
            _Samples(_stage_inputs(plan, stage, images)),
            quant_format=quantization.QuantFormat.QDQ,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            per_channel=True,
        )


def stage_model(plan: Plan, stage: Stage, weights: type[np.floating] = np.float32) -> Any:
    """The stage in float32, an `onnx.ModelProto`; its weights may be stored in float16."""
    onnx = require("onnx", "onnx")
    graph = _Graph(onnx, weights)
    for op in plan.program.segment(stage.segment):
        graph.add(plan, op, stage)
    shapes = {name: _shape(plan, stage, name) for names in stage_values(plan, stage.segment) for name in names}
    inputs, outputs = (
        [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shapes[name]) for name in names]
        for names in stage_values(plan, stage.segment)
    )
    made = onnx.helper.make_graph(graph.nodes, stage.name, inputs, outputs, graph.constants)
    model = onnx.helper.make_model(
        made, opset_imports=[onnx.helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION, producer_name="dsnet-edge"
    )
    onnx.checker.check_model(model)
    return model


class _Graph:
    """Nodes and constants of a graph whose values are named as in the plan."""

    def __init__(self, onnx: Any, weights: type[np.floating]) -> None:
        self.onnx, self.weights = onnx, weights
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, plan: Plan, op: Op, stage: Stage) -> None:
        raw = op.output if op.activation == "none" else f"{op.output}.raw"
        if op.kind == "global_pool":
            pooled = self.node("GlobalAveragePool", [op.input], f"{raw}.map")
            self.node("Flatten", [pooled], raw)
        elif op.kind == "multiply":
            assert op.input2 is not None  # a multiply has two
            axes = self.constant(f"{op.name}.axes", np.array([2, 3]))
            factor = self.node("Unsqueeze", [op.input2, axes], f"{op.name}.factor")
            self.node("Mul", [op.input, factor], raw)
        elif op.kind == "add":
            assert op.input2 is not None  # an add has two
            self.node("Add", [op.input, op.input2], raw)
        else:
            weight, bias = folded(plan, op, stage.path)
            inputs = [op.input, self.weight(f"{op.name}.weight", weight), self.constant(f"{op.name}.bias", bias)]
            if op.kind == "linear":
                self.node("Gemm", inputs, raw, transB=1)
            else:
                groups = weight.shape[0] if op.kind == "depthwise" else 1
                self.node("Conv", inputs, raw, strides=[op.stride] * 2, pads=[op.padding] * 4, group=groups)
        self.activate(op.activation, raw, op.output)

    def activate(self, activation: Activation, x: str, output: str) -> None:
        match activation:
            case "relu":
                self.node("Relu", [x], output)
            case "relu6":
                limits = [self.constant(f"{output}.{name}", np.float32(limit)) for name, limit in (("low", 0), ("high", 6))]
                self.node("Clip", [x, *limits], output)
            case "sigmoid":
                self.node("Sigmoid", [x], output)
            case "silu":  # ONNX has had a Swish since opset 24, which ONNX Runtime 1.32 runs slower than these two
                self.node("Mul", [x, self.node("Sigmoid", [x], f"{output}.sigmoid")], output)
            case "one_plus_tanh":  # the 2x is in the weights (`folded`)
                sigmoid = self.node("Sigmoid", [x], f"{output}.sigmoid")
                self.node("Add", [sigmoid, sigmoid], output)

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(self.onnx.helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def weight(self, name: str, array: Array) -> str:
        """Behind a cast where it is stored in float16, which ONNX Runtime evaluates when it opens the model."""
        if self.weights is np.float32:
            return self.constant(name, array)
        stored = self.constant(f"{name}.stored", array.astype(self.weights))
        return self.node("Cast", [stored], name, to=self.onnx.TensorProto.FLOAT)

    def constant(self, name: str, array: Any) -> str:
        self.constants.append(self.onnx.numpy_helper.from_array(np.asarray(array), name))
        return name


def _shape(plan: Plan, stage: Stage, name: str) -> list[int]:
    h, w, c = plan.program.shape(name, stage.path)
    return [1, c] if name in vectors(plan) else [1, c, h, w]


def _stage_inputs(plan: Plan, stage: Stage, images: Array) -> list[Inputs]:
    """What the stage takes for each of the normalised images, in fp32."""
    entered = [np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32) for image in images]
    (image,), (feature,) = stage_values(plan, "prefix")
    if stage.segment == "prefix":
        return [{image: x} for x in entered]
    attention = stage_values(plan, "gate")[1][1]
    prefix, gate = (_session(plan, shared) for shared in stages(plan)[:2])
    features = [{feature: prefix.run(None, {image: x})[0]} for x in entered]
    if stage.segment == "gate":
        return features
    return [inputs | {attention: gate.run([attention], inputs)[0]} for inputs in features]


def _session(plan: Plan, stage: Stage) -> Any:
    runtime = require("onnxruntime", "onnx")
    return runtime.InferenceSession(stage_model(plan, stage).SerializeToString(), providers=["CPUExecutionProvider"])


class _Samples:
    """The samples as the quantiser asks for them: it takes whatever has `get_next`."""

    def __init__(self, samples: list[Inputs]) -> None:
        self._left = iter(samples)

    def get_next(self) -> Inputs | None:
        return next(self._left, None)
