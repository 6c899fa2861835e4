"""A segment of a Plan on one path as a static torch module: sliced weights, batch norm folded in, nothing decided at run time.

Both exporters start from this module. Inside, feature maps are NCHW, as torch's convolutions are. At the boundary they are
NCHW (`layout="nchw"`, for runtimes that take strides) or NHWC (`layout="nhwc"`); vectors are `[1, c]` in both. Folding is
right here, and only here: a static graph of one path shares its weights with no other.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dsnet_edge.arch import Activation, Path
from dsnet_edge.plan import Op, Plan
from dsnet_edge.plan.program import Segment

Layout = Literal["nchw", "nhwc"]


class StageGraph(nn.Module):
    """`prefix(image) -> feature`, `gate(feature) -> (scores, attention)` or `suffix(feature, attention) -> logits`, batch 1."""

    def __init__(self, plan: Plan, segment: Segment, path: Path, layout: Layout) -> None:
        super().__init__()
        program = plan.program
        self.layout = layout
        self.ops = program.segment(segment)
        self.inputs, self.outputs = stage_values(plan, segment)
        self.maps = {value.name for value in program.values if value.height > 1 or value.width > 1}
        self.steps = nn.ModuleList(_step(plan, op, path) for op in self.ops)

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        nhwc = self.layout == "nhwc"
        values = {
            name: x.permute(0, 3, 1, 2) if nhwc and name in self.maps else x
            for name, x in zip(self.inputs, inputs, strict=True)
        }
        for op, step in zip(self.ops, self.steps, strict=True):
            values[op.output] = step(*(values[name] for name in (op.input, op.input2) if name))
        return tuple(values[name].permute(0, 2, 3, 1) if nhwc and name in self.maps else values[name] for name in self.outputs)
