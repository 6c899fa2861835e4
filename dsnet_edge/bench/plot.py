"""The results of `bench` and `table1` as pictures. Lines differ by marker as well as by colour."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

from dsnet_edge.bench.report import Report
from dsnet_edge.bench.table1 import STRATEGIES, Table1
from dsnet_edge.errors import require

_STYLES = {
    "sliced": ("#0b6e4f", "o"),
    "slicing": ("#0b6e4f", "o"),
    "ideal": ("#222222", "x"),
    "litert": ("#c8553d", "s"),
    "executorch": ("#3d5a98", "^"),
    "onnxruntime": ("#8a6d3b", "D"),
    "ncnn": ("#7b4b94", "v"),
    "indexing": ("#c8553d", "s"),
    "masking": ("#3d5a98", "^"),
    "full": ("#888888", "v"),
}


def plot_bench(report: Report, file: FilePath) -> None:
    """Time over multiply-adds, a panel for each network and number of threads; writes what the file's suffix says."""
    panels = [(network, run) for network in report.networks for run in network.runs]
    figure, axes = _figure(len(panels))
    for (network, run), plane in zip(panels, axes, strict=True):
        madds = [madds / 1e6 for madds in network.madds]
        for case in ("sliced", "ideal", *network.peers):
            times = [run.time(case, "network", path).median_ms for path in range(run.n_paths)]
            _line(plane, madds, times, case)
        plane.set_title(f"{network.name}, {network.precision}, {run.threads} thread{'s' if run.threads > 1 else ''}", fontsize=9)
    _finish(figure, axes, f"{report.machine['cpu']}, {report.machine['architecture']}", file)


def plot_table1(result: Table1, file: FilePath) -> None:
    """Time over multiply-adds of every strategy; writes what the file's suffix says."""
    figure, (plane,) = _figure(1)
    madds = [madds / 1e6 for madds in result.madds]
    for strategy in STRATEGIES:
        _line(plane, madds, [result.median_ms(strategy, path) for path in range(result.n_paths)], strategy)
    plane.set_title(f"{result.name}, {result.precision}, {result.threads} thread{'s' if result.threads > 1 else ''}", fontsize=9)
    _finish(figure, [plane], f"{result.machine['cpu']}, {result.machine['architecture']}", file)


def _figure(n_panels: int) -> tuple[Any, list[Any]]:
    require("matplotlib", "plot")
    from matplotlib.figure import Figure

    columns = min(2, n_panels)
    rows = -(-n_panels // columns)
    figure = Figure(figsize=(5.2 * columns, 3.8 * rows), layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    for unused in axes[n_panels:]:
        unused.set_visible(False)
    return figure, axes[:n_panels]


def _line(axes: Any, x: list[float], y: list[float], name: str) -> None:
    color, marker = _STYLES[name]
    axes.plot(x, y, linewidth=1.2, color=color, marker=marker, markersize=4, label=name)


def _finish(figure: Any, axes: list[Any], machine: str, file: FilePath) -> None:
    for plane in axes:
        plane.set(xlabel="multiply-adds, millions", ylabel="median, ms", ylim=(0, None))
        plane.grid(alpha=0.25)
        plane.spines[["top", "right"]].set_visible(False)
        plane.legend(frameon=False, fontsize=8)
    figure.suptitle(f"batch 1, gate included; {machine}", fontsize=9)
    figure.savefig(file, dpi=130)
