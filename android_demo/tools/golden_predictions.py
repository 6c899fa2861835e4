"""The demo's photos, and what Python's runner takes them for: the whole way from pixels to labels, led by several policies.

`predictions.bin`: how many policies; of each the bias, and a share of the budget in multiply-adds between the slimmest path and
the widest, or -1 for none; how many photos; of each width, height, RGB bytes, the path, the bias that led there, and three labels
with their probabilities.
"""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path as FilePath

import numpy as np

from dsnet_edge import demo
from dsnet_edge.runtime import Runner
from dsnet_edge.runtime.budget import bias_policy
from dsnet_edge.runtime.policy import Budget, initial
from dsnet_edge.runtime.preprocess import load_rgb

_POLICIES = ((0.0, -1.0), (1.5, -1.0), (-40.0, -1.0), (0.0, 0.2), (0.0, 0.7))


def write(bundle: FilePath, folder: FilePath) -> None:
    runner = Runner(bundle)
    policies = [_predicted(runner, bias, share) for bias, share in _POLICIES]
    (folder / "predictions.bin").write_bytes(struct.pack(">i", len(policies)) + b"".join(policies))


def _predicted(runner: Runner, bias: float, share: float) -> bytes:
    costs = np.array(runner.bundle.madds, np.float64)
    policy = bias_policy(runner.bundle.madds, bias)
    if share >= 0:
        # "ms" only names the unit; the app calls this one MAdds.
        policy = replace(policy, budget=Budget("ms", float(costs[0] + share * (costs[-1] - costs[0])), costs))
    runner.policy, runner.state = policy, initial(policy)
    photos = [_photo(runner, file) for file in demo.photos()]
    return struct.pack(">ddi", bias, share, len(photos)) + b"".join(photos)


def _photo(runner: Runner, file: FilePath) -> bytes:
    image, found = load_rgb(file), runner(file)
    pixels = image.tobytes()
    top = b"".join(_text(label) + struct.pack(">d", probability) for label, probability in found.top(3))
    return struct.pack(">iii", *image.size, len(pixels)) + pixels + struct.pack(">id", found.path, found.bias) + top


def _text(text: str) -> bytes:
    """As `java.io.DataInputStream.readUTF` takes it."""
    encoded = text.encode()
    return struct.pack(">H", len(encoded)) + encoded
