"""A torch graph in int8 by PT2E, with ranges of activations chosen as `dsnet_edge.plan.estimate` chooses those of the Plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import XNNPACKQuantizer, get_symmetric_quantization_config
from torch import Tensor
from torchao.quantization.pt2e.observer import UniformQuantizationObserverBase
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

from dsnet_edge.arch import Activation
from dsnet_edge.plan.estimate import Estimator, draw, estimate_range

QUANTIZE = torch.ops.quantized_decomposed.quantize_per_tensor.default  # torchao defines them
DEQUANTIZE = torch.ops.quantized_decomposed.dequantize_per_tensor.default

_SMALLEST_SCALE = 2**-12  # as XNNPACK's own configuration has it

_BEHIND: dict[Any, Activation] = {torch.ops.aten.silu.default: "silu", torch.ops.aten.sigmoid.default: "sigmoid"}


class RangeObserver(UniformQuantizationObserverBase):
    """Keeps a sample of the numbers `[1, c, ...]` that pass, until it is asked for their range."""

    def __init__(self, estimator: Estimator, images: int, **kwargs: Any) -> None:
        super().__init__(eps=_SMALLEST_SCALE, **kwargs)
        self.estimator, self.images = estimator, images
        self.activation: Activation = "none"
        self.numbers: list[np.ndarray] = []

    def forward(self, x: Tensor) -> Tensor:
        rows = x.detach().movedim(1, -1).reshape(-1, x.shape[1]).numpy()
        self.numbers.append(draw(rows, 1 / self.images, np.random.default_rng(len(self.numbers))))
        return x

    def calculate_qparams(self) -> tuple[Tensor, Tensor]:
        low, high = estimate_range(np.concatenate(self.numbers), self.activation, self.estimator)
        return self._calculate_qparams(torch.tensor(low, dtype=torch.float32), torch.tensor(high, dtype=torch.float32))


def quantise(module: torch.nn.Module, samples: Sequence[tuple[Tensor, ...]], estimator: Estimator | None) -> torch.nn.Module:
    """As XNNPACK takes it: symmetric weights by output channel; without an estimator, ranges are those of PT2E's histograms."""
    config = get_symmetric_quantization_config(is_per_channel=True)
    if estimator is not None:
        observer = RangeObserver.with_args(estimator=estimator, images=len(samples))
        activation = replace(config.input_activation, observer_or_fake_quant_ctr=observer)
        config = replace(config, input_activation=activation, output_activation=activation)
    prepared = prepare_pt2e(module, XNNPACKQuantizer().set_global(config))
    _tell_activations(prepared)
    for inputs in samples:
        prepared(*inputs)
    return convert_pt2e(prepared)


def _tell_activations(prepared: torch.fx.GraphModule) -> None:
    """Tells every observer of ours what its numbers pass through next, where that is one and the same activation."""
    for node in prepared.graph.nodes:
        if node.op == "call_module" and isinstance(observer := prepared.get_submodule(node.target), RangeObserver):
            behind = {_BEHIND.get(user.target, "none") for user in node.users}
            if len(behind) == 1:
                (observer.activation,) = behind
