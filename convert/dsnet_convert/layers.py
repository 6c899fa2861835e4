"""Layer by layer, what int8 does to a network: the signal-to-noise ratio of every op's output against fp32.

Two figures an op. *Own*: its inputs are the exact ones of the fp32 network, rounded to what the op takes, so the noise is what
the op itself adds by its weights and by the steps of its input and output. *Accumulated*: the whole int8 network has run up to
here. An op with a low figure of its own is to blame; one with a low accumulated figure may only pass on what came before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

import numpy as np

from dsnet_convert.calibration import Calibration
from dsnet_convert.layers_litert import litert_outputs
from dsnet_convert.layers_sliced import sliced_outputs
from dsnet_convert.samples import Samples
from dsnet_convert.source import from_checkpoint, from_random
from dsnet_edge.arch import Path
from dsnet_edge.errors import DsnetError, PathError
from dsnet_edge.plan import Plan
from dsnet_edge.plan.estimate import estimator_named
from dsnet_edge.plan.model_file import read_sliced
from dsnet_edge.plan.oracle import run_segment
from dsnet_edge.plan.plan import Array
from dsnet_edge.runtime.bundle import Bundle

if TYPE_CHECKING:
    from rich.console import RenderableType

BACKENDS = ("sliced", "executorch", "litert")


@dataclass(frozen=True)
class LayerNoise:
    """One op on one path of one backend."""

    backend: str
    path: int
    op: str
    own_db: float | None  # None without noise, or signal
    accumulated_db: float | None


@dataclass(frozen=True)
class LayerReport:
    bundle: str
    images: int
    layers: tuple[LayerNoise, ...]  # in order of execution

    def worst(self, backend: str, path: int, count: int = 5) -> list[LayerNoise]:
        """The ops that add the most noise, worst first."""
        found = [
            (layer.own_db, layer)
            for layer in self.layers
            if (layer.backend, layer.path) == (backend, path) and layer.own_db is not None
        ]
        return [layer for _, layer in sorted(found, key=lambda pair: pair[0])[:count]]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def table(self) -> RenderableType:
        from dsnet_convert.layers_table import layers_table

        return layers_table(self)


def layer_report(
    bundle: Bundle,
    exact: Plan,
    images: Array,
    paths: Sequence[int] = (),
    backends: Sequence[str] = (),
    samples: Samples | None = None,
) -> LayerReport:
    """An int8 bundle against the fp32 plan that it was made of, on normalised images `[n, h, w, 3]`.

    The widest path, and all of `BACKENDS` that the bundle has, unless others are named; ExecuTorch needs the samples that the
    bundle was calibrated on. Raises DsnetError where they cannot be compared.
    """
    if bundle.precision != "int8":
        raise DsnetError(
            f"{bundle.folder}: --per-layer needs an int8 bundle, found {bundle.precision}; convert with --precision int8"
        )
    visible = [backend for backend in BACKENDS if backend != "executorch" or samples is not None]
    backends = backends or [backend for backend in visible if backend in bundle.backends]
    for backend in backends:
        if backend not in BACKENDS:
            raise DsnetError(f"--per-layer sees into {', '.join(BACKENDS)}, not into {backend}; leave it out of --backend")
        if backend not in visible:
            raise DsnetError("--per-layer quantises executorch's graphs again; give --calibrate DIR, the bundle's photos")
    paths = paths or [bundle.n_paths - 1]
    for index in paths:
        if not 0 <= index < bundle.n_paths:
            raise PathError(f"--path {index} is out of range: {bundle.folder} has paths 0 to {bundle.n_paths - 1}")
    int8 = read_sliced(bundle.file(bundle.backend_files("sliced")["file"]))
    check_same_network(bundle, exact, int8)
    layers: list[LayerNoise] = []
    for index in paths:
        path = exact.program.paths[index]
        values = exact_values(exact, images, path)
        for backend in backends:
            outputs = _outputs(backend, bundle, exact, int8, values, index, samples)
            layers += [
                LayerNoise(backend, index, op.name, *(snr_db(part[op.output], values[op.output]) for part in outputs))
                for op in exact.program.ops
            ]
    return LayerReport(str(bundle.folder), len(images), tuple(layers))


def _outputs(
    backend: str, bundle: Bundle, exact: Plan, int8: Plan, values: dict[str, Array], index: int, samples: Samples | None
) -> tuple[dict[str, Array], dict[str, Array]]:
    if backend == "sliced":
        return sliced_outputs(int8, values, exact.program.paths[index])
    if backend == "litert":
        return litert_outputs(bundle, exact, values, index)
    from dsnet_convert.layers_executorch import executorch_outputs

    assert samples is not None  # checked
    return executorch_outputs(exact, samples, values, index)


def bundle_samples(bundle: Bundle, photos: FilePath) -> Samples:
    """The photos that an int8 bundle was calibrated on, from their folder. Raises DsnetError where they are others."""
    about = bundle.manifest.get("calibration", {})
    estimator = estimator_named(about.get("ranges", "variance"))
    calibration = Calibration.from_folder(photos, bundle.input, about.get("images", 1), estimator)
    if calibration.description.get("sha256") != about.get("sha256"):
        raise DsnetError(f"--calibrate {photos}: not the photos that {bundle.folder} was calibrated on; give their folder")
    return Samples(calibration.images, estimator)


def exact_plan(bundle: Bundle, against: FilePath | None) -> Plan:
    """The fp32 plan on the bundle's paths: of the checkpoint `against`, or of the random weights that the manifest names."""
    choices = sorted({choice for path in bundle.manifest["paths"] for choice in path.get("choices", [path.get("choice")])})
    if against is not None:
        return from_checkpoint(against, choices).plan
    source = bundle.manifest["source"]
    if "random_seed" in source:
        return from_random(bundle.name, source["random_seed"], choices).plan
    raise DsnetError(f"{bundle.folder}: --per-layer needs the fp32 network; give --against {source['checkpoint']}")


def check_same_network(bundle: Bundle, exact: Plan, int8: Plan) -> None:
    """Raises DsnetError unless both plans have the same ops and paths."""
    for name, ours, theirs in (
        ("architecture", exact.program.name, int8.program.name),
        ("paths", exact.program.paths, int8.program.paths),
        ("ops", [op.name for op in exact.program.ops], [op.name for op in int8.program.ops]),
    ):
        if ours != theirs:
            raise DsnetError(f"{bundle.folder}: its {name} are not those of the fp32 network; give the checkpoint it was made of")


def exact_values(plan: Plan, images: Array, path: Path) -> dict[str, Array]:
    """Every value of the fp32 network on a path."""
    values = {plan.program.image: images.astype(np.float64)}
    for segment in plan.program.segments:
        values = run_segment(plan, segment, values, path)
    return values


def snr_db(found: Array, exact: Array) -> float | None:
    """Decibels, of the power of `exact` over that of the difference; None where either is zero."""
    signal, noise = float((exact**2).sum()), float(((found - exact) ** 2).sum())
    return 10 * float(np.log10(signal / noise)) if signal and noise else None
