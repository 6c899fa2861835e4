"""Writes seeds for the fuzzer with the converter's own writer, one file a precision.

python tests/native/write_corpus.py FOLDER
"""

import sys
from pathlib import Path

from dsnet_convert.calibration import Calibration, in_precision
from dsnet_convert.golden import golden_images
from dsnet_convert.random_weights import random_plan
from dsnet_convert.sliced import write_sliced
from dsnet_edge.arch import Arch, Attention, Block, Gate
from dsnet_edge.plan.elements import MAP_TYPE

suffix = (4, 6)
blocks = (
    Block("conv", (4, 4), 2),
    Block("separable", suffix, 2, activation="silu", attention=Attention(2, "sigmoid", "start")),
    Block("separable", suffix, 1, activation="relu6", attention=Attention(2, "one_plus_tanh", "middle")),
)
plan = random_plan(Arch("seed", 8, 3, blocks, (Gate(block=1, n_choices=2),)), seed=0)
folder = Path(sys.argv[1])
for precision in MAP_TYPE:
    write_sliced(in_precision(plan, precision, Calibration(golden_images(plan, []), {})), folder / f"seed-{precision}.dsnet")
