"""A Plan of an architecture before it has been trained: right in every shape and cost, zero in every weight."""

from __future__ import annotations

import numpy as np

from dsnet_edge.arch import Arch
from dsnet_edge.plan.parameters import parameter_shapes
from dsnet_edge.plan.plan import IMAGENET_MEAN, IMAGENET_STD, InputSpec, Plan


def blank_plan(arch: Arch) -> Plan:
    state = {name: np.zeros(shape, np.float32) for name, shape in parameter_shapes(arch).items()}
    size = arch.image_size
    spec = InputSpec(size, size, IMAGENET_MEAN, IMAGENET_STD, resize=size)
    return Plan.from_state(arch, state, spec, tuple(str(index) for index in range(arch.n_classes)))
