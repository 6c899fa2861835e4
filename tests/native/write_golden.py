"""Writes MODEL.dsnet and MODEL.golden for `dsnet-check`, from random weights and the NumPy oracle.

python tests/native/write_golden.py PRESET FOLDER
"""

import sys
from pathlib import Path

import numpy as np

from dsnet_convert.golden import golden_images, golden_outputs
from dsnet_convert.random_weights import random_plan
from dsnet_convert.sliced import write_sliced
from dsnet_edge.arch import preset

name, folder = sys.argv[1], Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
plan = random_plan(preset(name), seed=0)
write_sliced(plan, folder / f"{name}.dsnet")
golden = golden_outputs(plan, golden_images(plan, [])[:1])
arrays = (golden.images[0], golden.scores[0], golden.logits[:, 0])
np.concatenate([array.ravel() for array in arrays]).astype("<f4").tofile(folder / f"{name}.golden")
