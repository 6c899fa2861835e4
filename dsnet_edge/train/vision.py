"""torchvision, also beside a torch without CUDA."""

from __future__ import annotations

import functools
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from dsnet_edge.errors import require


@functools.cache
def torchvision() -> ModuleType:
    """The package with `datasets` and `transforms.v2`.

    The registry's wheel is built for CUDA. Beside a CPU build of torch its extension cannot load, and the import fails for want
    of two operators that nobody here calls; declaring them is enough.
    """
    torch = require("torch", "train")
    spec = find_spec("torchvision")
    if spec is not None and spec.origin is not None and not hasattr(torch.ops.torchvision, "nms"):
        try:
            torch.ops.load_library(str(Path(spec.origin).with_name("_C.so")))
        except OSError:
            for operator in ("nms", "qnms"):
                torch.library.define(f"torchvision::{operator}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    require("torchvision.datasets", "train")
    require("torchvision.transforms.v2", "train")
    return require("torchvision", "train")
