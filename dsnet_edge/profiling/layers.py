"""Where the time of a path goes, layer by layer, and how that compares with another path and with the peaks of a core."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dsnet_edge.errors import DsnetError
from dsnet_edge.profile.values import Layer, Layers, PathLayers, Peaks
from dsnet_edge.profiling.peaks import measure_peaks
from dsnet_edge.runtime.bundle import Bundle

BACKENDS = ("sliced", "executorch")  # whose runtime tells


@dataclass(frozen=True)
class LayerDifference:
    """One layer of two paths; None on the path that has no such layer."""

    a: Layer | None
    b: Layer | None

    @property
    def layer(self) -> Layer:
        """For what both have in common."""
        layer = self.b or self.a
        assert layer is not None
        return layer

    @property
    def ms(self) -> float:
        """What b takes more than a, as all that follows."""
        return (self.b.ms if self.b else 0.0) - (self.a.ms if self.a else 0.0)

    @property
    def madds(self) -> int:
        return (self.b.madds if self.b else 0) - (self.a.madds if self.a else 0)

    @property
    def bytes(self) -> int:
        return (self.b.bytes if self.b else 0) - (self.a.bytes if self.a else 0)


def measure_layers(bundle: Bundle, backend: str, paths: Sequence[int], threads: int, seconds: float) -> Layers:
    """Medians over rounds of these paths that take about `seconds`, on the bundle's first golden image, and the peaks of a core.

    DsnetError for a backend that does not tell its layers, or a path that the bundle does not have.
    """
    _check(bundle, backend, paths)
    measure: Callable[[Bundle, Sequence[int], int, float], tuple[PathLayers, ...]]
    if backend == "sliced":
        from dsnet_edge.profiling.layers_sliced import measure_sliced as measure
    else:
        from dsnet_edge.profiling.layers_executorch import measure_executorch as measure
    return Layers(measure_peaks(bundle.precision), measure(bundle, paths, threads, seconds))


def difference(a: PathLayers, b: PathLayers) -> tuple[LayerDifference, ...]:
    """Layer by layer, in the order of b, then what a alone has. Layers are the same if segment and name are."""
    of_a = {(layer.segment, layer.name): layer for layer in a.layers}
    of_b = {(layer.segment, layer.name): layer for layer in b.layers}
    both = [LayerDifference(of_a.get(key), layer) for key, layer in of_b.items()]
    return (*both, *(LayerDifference(layer, None) for key, layer in of_a.items() if key not in of_b))


def roofline_ms(layer: Layer, peaks: Peaks) -> float:
    """The least that one core needs: for the multiply-adds at its peak, or to read all bytes from memory. 0 without costs."""
    return max(layer.madds / peaks.gmadds_per_s, layer.bytes / peaks.read_gb_per_s) / 1e6


def roofline_reached(layer: Layer, peaks: Peaks) -> float | None:
    """As a share of the layer's time; beyond 1 where its data came from a cache or several threads shared the work. None for a
    layer without costs, or too short for the runtime's clock."""
    least_ms = roofline_ms(layer, peaks)
    return least_ms / layer.ms if least_ms and layer.ms else None


def _check(bundle: Bundle, backend: str, paths: Sequence[int]) -> None:
    if backend not in BACKENDS:
        raise DsnetError(f"--per-layer: {backend} does not tell how long its layers take; choose from {', '.join(BACKENDS)}")
    if not paths:
        raise DsnetError("--per-layer: no path to measure; choose some with --paths")
    for path in paths:
        if not 0 <= path < bundle.n_paths:
            raise DsnetError(f"--paths: {bundle.folder} has paths 0 to {bundle.n_paths - 1}, found {path}")
