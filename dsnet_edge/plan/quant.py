"""The int8 half of a Plan: what integers of its feature maps mean, and the tables of the ops that compute on them.

Weights of an int8 plan are int8 arrays among its tensors, `real = s_w[c] * w` with one `s_w` an output channel that holds for all
paths. `s_w` itself is nowhere: it is part of the epilogue's scale, together with batch norm and the scales of input and output.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from dsnet_edge.plan.program import Op

Array = np.ndarray


@dataclass(frozen=True)
class Quant:
    """`real = scale * (q - zero_point)` for every i8 value, on each of the P paths."""

    scales: Mapping[str, Array]  # value -> float32 [P]
    zero_points: Mapping[str, Array]  # value -> int32 [P], -128..127
    sums: Mapping[str, Array]  # op -> int32 [rows, c_max], the sum of each output channel's weights over the path's inputs
    tables: Mapping[str, Array]  # op -> int8 [rows, 256], the activation as a function of q + 128

    @property
    def nbytes(self) -> int:
        """Of sums and tables."""
        return sum(array.nbytes for array in (*self.sums.values(), *self.tables.values()))

    def row_bytes(self, op: Op, channels: int) -> int:
        """The same of one op on one path."""
        return 4 * channels * (op.name in self.sums) + 256 * (op.name in self.tables)

    def select(self, columns: list[int], rows: Mapping[str, list[int]], channels: Mapping[str, int]) -> Quant:
        """These paths, rows and output channels (of each op) only."""
        return replace(
            self,
            scales={name: array[columns] for name, array in self.scales.items()},
            zero_points={name: array[columns] for name, array in self.zero_points.items()},
            sums={name: array[rows[name], : channels[name]] for name, array in self.sums.items()},
            tables={name: array[rows[name]] for name, array in self.tables.items()},
        )


def sums_integers(op: Op) -> bool:
    """Whether int8 computes the op as exact sums of integers that are then requantised."""
    return op.kind in ("conv2d", "depthwise", "pointwise")


def has_table(op: Op) -> bool:
    """Whether int8 evaluates the op's activation by a table instead of by clamping."""
    return sums_integers(op) and op.activation in ("silu", "sigmoid", "one_plus_tanh")
