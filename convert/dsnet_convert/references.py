"""What the outputs of a bundle are compared with: the NumPy oracle, golden outputs of fp32, or the trained network in PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Literal

import numpy as np

from dsnet_convert.golden import Tick, golden_outputs
from dsnet_convert.source import sha256
from dsnet_edge import _native
from dsnet_edge.arch import Path
from dsnet_edge.errors import BundleError, require
from dsnet_edge.plan import Program
from dsnet_edge.plan.checkpoint import Checkpoint, read_checkpoint
from dsnet_edge.plan.model_file import read_sliced
from dsnet_edge.runtime.bundle import Bundle
from dsnet_edge.runtime.golden import read_outputs

if TYPE_CHECKING:
    from dsnet_edge.nn import SlimmableNet

_BATCH = 8  # images at once


@dataclass(frozen=True)
class Reference:
    """Outputs of the same images on every path of a bundle, float32."""

    kind: Literal["oracle", "fp32", "checkpoint"]
    name: str
    scores: np.ndarray  # [n, P]
    logits: np.ndarray  # [P, n, classes]


def oracle(bundle: Bundle, images: np.ndarray, tick: Tick) -> Reference:
    """The NumPy interpreter on `model.dsnet`, computed afresh: golden outputs that aged with an old file would prove nothing.

    `images` are `[n, h, w, 3]`, normalised.
    """
    file = bundle.file(bundle.backend_files("sliced")["file"])
    try:
        _native.Model(str(file)).check()
    except _native.Error as error:
        raise BundleError(str(error)) from error
    plan = read_sliced(file)
    if (found := len(plan.program.paths)) != bundle.n_paths:
        raise BundleError(f"{file}: {found} paths, the manifest says {bundle.n_paths}; convert the checkpoint again")
    golden = golden_outputs(plan, images, tick)
    return Reference("oracle", f"the NumPy oracle ({bundle.precision})", golden.scores, golden.logits)


def golden_fp32(bundle: Bundle, n: int) -> Reference:
    """What the fp32 network gives on the `n` golden images, as stored in a bundle of another precision."""
    return Reference("fp32", "the fp32 network", *read_outputs(bundle, "fp32", n))


def trained(bundle: Bundle, file: FilePath, images: np.ndarray, threads: int, tick: Tick) -> tuple[Reference, str]:
    """The PyTorch network of a checkpoint, on the bundle's paths, and a warning, or "".

    Raises BundleError where the checkpoint cannot be what the bundle was made from; another file of the same network will do.
    """
    checkpoint = read_checkpoint(file)
    warning = _origin(bundle, checkpoint, file)
    torch = require("torch", "train")
    from dsnet_edge.nn import SlimmableNet

    network = SlimmableNet(checkpoint.arch)
    network.load_state_dict({name: torch.from_numpy(tensor.copy()) for name, tensor in checkpoint.tensors.items()})
    network.eval()
    choices = [path["choice"] for path in bundle.manifest["paths"]]
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.inference_mode():
            scores, logits = _outputs(network, choices, images, tick)
    finally:
        torch.set_num_threads(before)
    return Reference("checkpoint", f"PyTorch with {file.name}", scores, logits), warning


def _outputs(network: SlimmableNet, choices: list[int], images: np.ndarray, tick: Tick) -> tuple[np.ndarray, np.ndarray]:
    """Scores `[n, P]` and logits `[P, n, classes]`, of the paths with these choices."""
    from torch import from_numpy

    batches = [images[start : start + _BATCH] for start in range(0, len(images), _BATCH)]
    scores: list[np.ndarray] = []
    logits: list[np.ndarray] = []
    for index, batch in enumerate(batches):
        x = from_numpy(np.ascontiguousarray(batch.transpose(0, 3, 1, 2)))
        scores.append(network.prefix(x).scores[:, choices].numpy())
        columns: list[np.ndarray] = []
        for column, choice in enumerate(choices):
            columns.append(network(x, Path((choice,))).numpy())
            tick("PyTorch", index * len(choices) + column + 1, len(batches) * len(choices))
        logits.append(np.stack(columns))
    return np.concatenate(scores), np.concatenate(logits, 1)


def _origin(bundle: Bundle, checkpoint: Checkpoint, file: FilePath) -> str:
    """ "" where the bundle was made from this very file, a warning where only from a network like it."""
    if bundle.manifest["source"].get("sha256") == sha256(file):
        return ""
    about = f"{file} is not the checkpoint that {bundle.folder} was made from"
    if checkpoint.arch.name != bundle.name or len(checkpoint.labels) != len(bundle.labels):
        sides = f"{checkpoint.arch.name} with {len(checkpoint.labels)} classes, not {bundle.name} with {len(bundle.labels)}"
        raise BundleError(f"{about}: it holds {sides}; give that one")
    if checkpoint.input != bundle.input:
        raise BundleError(f"{about}: it takes {checkpoint.input}, the bundle {bundle.input}; give that one")
    program = Program.from_arch(checkpoint.arch)
    paths = {path.choices[0]: path for path in program.space.paths()}
    for index, fact in enumerate(bundle.manifest["paths"]):
        path = paths.get(fact["choice"])
        found = (program.madds(path), program.parameters(path)) if path else "no such choice"
        if found != (expected := (fact["madds"], fact["parameters"])):
            raise BundleError(f"{about}: path {index} has multiply-adds and parameters {expected}, found {found}; give that one")
    return f"{file.name} is another file than the bundle was made from (by its SHA-256), of the same network"
