"""A sweep as a picture: the gate's curve over the static paths, against multiply-adds and every cost column."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import Any

from dsnet_edge.errors import DsnetError, require
from dsnet_edge.profile.sweep import Sweep
from dsnet_edge.sweep.costs import Column


def plot_sweep(sweep: Sweep, columns: Sequence[Column], file: FilePath) -> None:
    """Writes a PNG, or what the file's suffix says. Nothing depends on colour alone."""
    require("matplotlib", "plot")
    from matplotlib.figure import Figure

    axis = [Column("multiply-adds, millions", tuple(madds / 1e6 for madds in sweep.bundle.madds), ()), *columns]
    figure = Figure(figsize=(5.2 * len(axis), 4.2), layout="constrained")
    panels = figure.subplots(1, len(axis), sharey=True, squeeze=False)[0]
    for panel, column in zip(panels, axis, strict=True):
        _draw(panel, sweep, column)
    panels[0].set(ylabel="top-1 accuracy, %")
    panels[0].legend(frameon=False, fontsize=8, loc="lower right")
    figure.suptitle(f"{sweep.bundle.name} {sweep.bundle.precision}, {sweep.images} images")
    try:
        figure.savefig(file, dpi=130)
    except (OSError, ValueError) as error:
        raise DsnetError(f"{file}: the plot cannot be written ({error}); give another file, such as sweep.png") from error


def _draw(panel: Any, sweep: Sweep, column: Column) -> None:
    means = [point.mean(column.costs) for point in sweep.dynamic]
    panel.plot(column.costs, sweep.static_accuracy, "o--", markersize=4, linewidth=1, color="#222222", label="static paths")
    panel.plot(means, [p.accuracy for p in sweep.dynamic], ".-", linewidth=1.4, color="#0b6e4f", label="the gate, by its bias")
    for mean, point in zip(means, sweep.dynamic, strict=True):
        if point.bias == 0:
            star = {"markersize": 13, "color": "#0b6e4f", "markeredgecolor": "white", "linestyle": "none"}
            panel.plot([mean], [point.accuracy], "*", label="as it was trained", **star)
    panel.set(xlabel=column.title)
    panel.grid(alpha=0.25)
    panel.spines[["top", "right"]].set_visible(False)
