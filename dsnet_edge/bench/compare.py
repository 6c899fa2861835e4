"""All cases of a bundle in one process, sliced first: that they agree, then their time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path as FilePath

import numpy as np

from dsnet_edge.bench.rounds import Case, Measured, run_rounds
from dsnet_edge.errors import DsnetError
from dsnet_edge.plan.elements import Precision
from dsnet_edge.profiling.contenders import Ideal, Sliced, open_peer
from dsnet_edge.runtime.bundle import open_bundle
from dsnet_edge.runtime.cores import pinned

# Of logits, max|a - b| / max|b|. In 16 bits, a sum in another order rounds a feature map otherwise here and there.
TOLERANCE: dict[Precision, float] = {"fp32": 1e-4, "int8": 1e-4, "fp16": 1e-2, "bf16": 5e-2}


def compare(
    bundle: str,
    sliced: FilePath,
    ideal: Sequence[FilePath],
    peers: Sequence[str],
    threads: int,
    rounds: int,
    cores: Sequence[int] = (),
    progress: Callable[[float], None] = lambda fraction: None,
) -> Measured:
    """`sliced` is the file of all paths, `ideal` are those of one each; `cores`, if any, one for each thread, to which this
    process is kept already.

    Raises DsnetError where a contender's logits are not the sliced ones.
    """
    opened = open_bundle(bundle)
    images = np.load(opened.file(opened.manifest["golden"]["images"]))
    shared = Sliced(sliced, threads, cores=cores)
    cases = [
        Case("sliced", shared),
        Case("switching", shared, switching=True),
        Case("routed", shared, routed=True),
        Case("ideal", Ideal(ideal, threads, cores)),
        *(Case(peer, open_peer(opened, peer, threads)) for peer in peers),
    ]
    if opened.precision != "int8":  # there peers have their own quantisation
        check_agreement(cases, images[0], opened.n_paths, TOLERANCE[opened.precision])
    for case in cases:
        case.contender.infer(images[0], 0)  # the threads of a runtime may go where their creator could when they began
    with pinned(cores):
        return run_rounds(cases, opened.n_paths, images, rounds, progress=progress)


def check_agreement(cases: Sequence[Case], image: np.ndarray, n_paths: int, tolerance: float) -> None:
    """Of every case with the first."""
    for path in range(n_paths):
        expected = cases[0].contender.infer(image, path).logits
        for case in cases[1:]:
            error = float(np.abs(case.contender.infer(image, path).logits - expected).max() / np.abs(expected).max())
            if not error <= tolerance:
                raise DsnetError(
                    f"{case.name}, path {path}: its logits differ from the sliced ones by {error:.1e}, expected at most "
                    f"{tolerance:g}; convert the checkpoint again"
                )
