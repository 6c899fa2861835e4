"""What the outputs of a bundle are compared with: the NumPy oracle, golden outputs of fp32, or the trained network in PyTorch."""

from __future__ import annotations

from collections.abc import Iterator
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
    from torch import Tensor

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
    paths = list(_paths(bundle))
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.inference_mode():
            scores, logits = _outputs(network, paths, images, tick)
    finally:
        torch.set_num_threads(before)
    return Reference("checkpoint", f"PyTorch with {file.name}", scores, logits), warning


def _paths(bundle: Bundle) -> Iterator[Path]:
    """Of the architecture, which may have more."""
    for path in bundle.manifest["paths"]:
        yield Path(tuple(path["choices"]) if "choices" in path else (path["choice"],))


def _outputs(network: SlimmableNet, paths: list[Path], images: np.ndarray, tick: Tick) -> tuple[np.ndarray, np.ndarray]:
    """Scores, as `Golden` has them, and logits `[P, n, classes]` on these paths."""
    from torch import from_numpy

    batches = [images[start : start + _BATCH] for start in range(0, len(images), _BATCH)]
    scores: list[np.ndarray] = []
    logits: list[np.ndarray] = []
    for index, batch in enumerate(batches):
        x = from_numpy(np.ascontiguousarray(batch.transpose(0, 3, 1, 2)))
        scores.append(_scores(network, x, paths))
        columns: list[np.ndarray] = []
        for column, path in enumerate(paths):
            columns.append(network(x, path).numpy())
            tick("PyTorch", index * len(paths) + column + 1, len(batches) * len(paths))
        logits.append(np.stack(columns))
    return np.concatenate(scores), np.concatenate(logits, 1)


def _scores(network: SlimmableNet, x: Tensor, paths: list[Path]) -> np.ndarray:
    """Of every gate, on the widest path, for the choices that the paths make of it."""
    cut, found = network.prefix(x), [np.zeros((len(x), 0), np.float32)]
    for gate in range(len(network.arch.gates)):
        if gate:
            cut = network.segment(cut.features, cut.attention, gate - 1, paths[-1])
        found.append(cut.scores[:, sorted({path.choices[gate] for path in paths})].numpy())
    return np.concatenate(found, 1)


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
    for index, (path, fact) in enumerate(zip(_paths(bundle), bundle.manifest["paths"], strict=True)):
        known = path in program.space
        found = (program.madds(path), program.parameters(path)) if known else "no such choice"
        if found != (expected := (fact["madds"], fact["parameters"])):
            raise BundleError(f"{about}: path {index} has multiply-adds and parameters {expected}, found {found}; give that one")
    return f"{file.name} is another file than the bundle was made from (by its SHA-256), of the same network"
