"""Rows of a checkpoint's statistics bank that nobody has filled: what they hold is what `nn` starts them with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dsnet_edge.arch import Path
from dsnet_edge.errors import BundleError
from dsnet_edge.plan.checkpoint import Checkpoint
from dsnet_edge.plan.program import Program

_NORMALISED = ("conv2d", "depthwise", "pointwise")


def check_filled(checkpoint: Checkpoint, paths: Sequence[Path], source: str) -> None:
    """Raises BundleError, naming the first row and the paths that it spoils, where one of these paths was never recalibrated.

    Mean 0 and variance 1 in every channel that the path uses is no row that images have left behind.
    """
    if checkpoint.arch.norm == "group":  # which has no statistics
        return
    program, tensors = Program.from_arch(checkpoint.arch), checkpoint.tensors
    unfilled: dict[tuple[str, int], list[Path]] = {}
    for op in program.ops:
        if op.kind not in _NORMALISED:
            continue
        mean, var = tensors[f"{op.name}.norm.mean"], tensors[f"{op.name}.norm.var"]
        for path in paths:
            row, channels = op.rows[program.index(path)], program.shape(op.output, path)[2]
            if np.all(mean[row, :channels] == 0) and np.all(var[row, :channels] == 1):
                unfilled.setdefault((op.name, row), []).append(path)
    if not unfilled:
        return
    name, row = next(iter(unfilled))
    more = f", like {len(unfilled) - 1} more rows" if len(unfilled) > 1 else ""
    spoilt = [path for path in paths if any(path in needing for needing in unfilled.values())]
    those = f"path{'s' if len(spoilt) > 1 else ''} {', '.join(map(str, spoilt))}"
    others = "" if len(spoilt) == len(paths) else f", or leave out {those} with --paths"
    raise BundleError(
        f"{source}: row {row} of {name}.norm is unfilled (mean 0 and variance 1 throughout){more}, so {those} cannot run; "
        f"recalibrate with 'dsnet-edge train recalibrate'{others}"
    )
