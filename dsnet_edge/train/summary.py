"""The table and the JSON at the end of a run."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from rich.table import Table

from dsnet_edge.arch import PathSpace
from dsnet_edge.nn import SlimmableNet
from dsnet_edge.plan import Program
from dsnet_edge.train.evaluate import Outcomes
from dsnet_edge.train.figures import RoutingFigures, routing_figures


def path_figures(net: SlimmableNet, outcomes: Outcomes) -> list[dict[str, Any]]:
    """Accuracy (per cent) and multiply-adds of every path, slimmest first."""
    program = Program.from_arch(net.arch)
    return [
        {
            "path": str(path),
            "routable": path in net.arch.space,
            "madds": program.madds(path),
            "accuracy": round(float(accuracy), 3),
        }
        for path, accuracy in zip(net.arch.paths, outcomes.accuracies, strict=True)
    ]


def dynamic_figures(net: SlimmableNet, outcomes: Outcomes, space: PathSpace) -> RoutingFigures:
    program = Program.from_arch(net.arch)
    madds = np.array([program.madds(path) for path in net.arch.paths], float)
    return routing_figures(outcomes, madds, space)


def summary(net: SlimmableNet, outcomes: Outcomes, space: PathSpace | None = None) -> dict[str, Any]:
    """What the checkpoint's metadata and the JSON file hold; `space` is the gate's, none before Stage II."""
    figures: dict[str, Any] = {"test_images": outcomes.correct.shape[1], "paths": path_figures(net, outcomes)}
    if space is not None:
        figures["gate_choices"] = [space.slimmest.choices[0], space.widest.choices[0] + 1]
        figures["dynamic"] = {
            key: [round(share, 4) for share in value] if key == "shares" else round(value, 3)
            for key, value in asdict(dynamic_figures(net, outcomes, space)).items()
        }
    return figures


def table(figures: dict[str, Any], title: str) -> Table:
    """Every path, then the gate with what it is to be measured against at the same multiply-adds."""
    result = Table(title=title, title_justify="left")
    for column in ("", "MAdds (M)", "accuracy (%)", "share (%)"):
        result.add_column(column, justify="right" if column else "left")
    dynamic = figures.get("dynamic")
    low = figures["gate_choices"][0] if dynamic else 0
    shares = {str(low + index): share for index, share in enumerate(dynamic["shares"])} if dynamic else {}
    for path in figures["paths"]:
        share = shares.get(path["path"])
        cells = f"{path['madds'] / 1e6:.2f}", f"{path['accuracy']:.2f}", "" if share is None else f"{100 * share:.1f}"
        result.add_row(f"path {path['path']}" + ("" if path["routable"] else " (teacher)"), *cells)
    if dynamic:
        madds = f"{dynamic['madds'] / 1e6:.2f}"
        result.add_section()
        result.add_row("gate", madds, f"{dynamic['accuracy']:.2f}", "100.0")
        result.add_row("best static, interpolated", madds, f"{dynamic['static_accuracy']:.2f}", "")
        random = f"{dynamic['random_accuracy']:.2f} ± {dynamic['random_std']:.2f}"
        result.add_row("same shares at random", madds, random, "")
        result.add_row(
            "oracle: cheapest correct", f"{dynamic['oracle_madds'] / 1e6:.2f}", f"{dynamic['oracle_accuracy']:.2f}", ""
        )
    return result
