"""The trade-off as a picture: accuracy of every static path and of dynamic routing, against multiply-adds and against time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from dsnet_edge.errors import require

_COLORS = {"sliced": "#0b6e4f", "litert": "#c8553d", "executorch": "#3d5a98"}


@dataclass(frozen=True)
class Tradeoff:
    """Accuracies in per cent, MAdds in millions, latencies in ms by backend; the dynamic figures are averages over images."""

    accuracy: Sequence[float]
    madds: Sequence[float]
    latency_ms: Mapping[str, Sequence[float]]
    dynamic_accuracy: float
    dynamic_madds: float
    dynamic_latency_ms: Mapping[str, float]


def plot_tradeoff(tradeoff: Tradeoff, title: str, machine: str, file: FilePath) -> None:
    """Writes a PNG (or what the file's suffix says). Nothing depends on colour alone: dynamic points are stars."""
    require("matplotlib", "plot")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.2), layout="constrained")
    by_madds, by_time = figure.subplots(1, 2, sharey=True)
    _series(by_madds, tradeoff.madds, tradeoff.accuracy, "static paths", "#222222")
    _star(by_madds, tradeoff.dynamic_madds, tradeoff.dynamic_accuracy, "dynamic", "#222222")
    by_madds.set(xlabel="multiply-adds, millions", ylabel="top-1 accuracy, %")
    for backend, latency in tradeoff.latency_ms.items():
        color = _COLORS.get(backend, "#888888")
        _series(by_time, latency, tradeoff.accuracy, f"{backend}, static", color)
        _star(by_time, tradeoff.dynamic_latency_ms[backend], tradeoff.dynamic_accuracy, f"{backend}, dynamic", color)
    by_time.set(xlabel=f"latency, ms (median, one thread)\n{machine}")
    for axes in (by_madds, by_time):
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=8, loc="lower right")
    figure.suptitle(title)
    figure.savefig(file, dpi=130)


def _series(axes: Any, x: Sequence[float], y: Sequence[float], label: str, color: str) -> None:
    axes.plot(x, y, "o-", markersize=4, linewidth=1.2, label=label, color=color)


def _star(axes: Any, x: float, y: float, label: str, color: str) -> None:
    axes.plot([x], [y], "*", markersize=13, label=label, color=color, markeredgecolor="white", linestyle="none")
