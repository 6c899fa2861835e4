"""fp32 Plan -> bf16 or fp16 Plan: feature maps and the weights of pointwise and linear layers in two bytes.

The rest - first convolution, depthwise taps, epilogues, vectors, the slimming head - is small and stays float32, and so does
all arithmetic.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from dsnet_edge.errors import DsnetError
from dsnet_edge.plan.elements import MAP_TYPE, encode
from dsnet_edge.plan.plan import Plan


def to_half(plan: Plan, precision: Literal["bf16", "fp16"]) -> Plan:
    """Raises DsnetError where a weight is too large for the precision."""
    tensors = dict(plan.tensors)
    for op in plan.program.ops:
        if op.kind in ("pointwise", "linear") and op not in plan.program.slimming_head:
            name = f"{op.name}.weight"
            if precision == "fp16" and np.abs(tensors[name]).max(initial=0) >= 65520:
                raise DsnetError(f"{name}: fp16 holds numbers up to 65504 only; choose --precision bf16")
            tensors[name] = encode(tensors[name], MAP_TYPE[precision])
    return replace(plan, program=plan.program.with_precision(precision), tensors=tensors)
