"""Writes PRESET-PRECISION.dsnet and PRESET-PRECISION.golden for `dsnet-check`, from random weights and the NumPy oracle.

python tests/native/write_golden.py PRESET FOLDER [fp32|int8|bf16|fp16]
"""

import sys
from pathlib import Path

import numpy as np

from dsnet_convert.calibration import Calibration, in_precision
from dsnet_convert.golden import golden_images, golden_outputs
from dsnet_convert.random_weights import random_plan
from dsnet_convert.sliced import write_sliced
from dsnet_edge.arch import preset

preset_name, folder, precision = sys.argv[1], Path(sys.argv[2]), (*sys.argv[3:], "fp32")[0]
name = f"{preset_name}-{precision}"
folder.mkdir(parents=True, exist_ok=True)
plan = random_plan(preset(preset_name), seed=0)
if len(plan.program.gates) > 1:
    plan = plan.choose((0, 3))  # of 256 paths 16, between every pair of the slimmest and the widest
images = golden_images(plan, [])
plan = in_precision(plan, precision, Calibration(images, {}))
write_sliced(plan, folder / f"{name}.dsnet")
golden = golden_outputs(plan, images[:1])
arrays = (golden.images[0], golden.scores[0], golden.logits[:, 0])
np.concatenate([array.ravel() for array in arrays]).astype("<f4").tofile(folder / f"{name}.golden")
