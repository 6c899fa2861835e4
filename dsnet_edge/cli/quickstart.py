"""`dsnet-edge quickstart`: the whole way on the demo model, in a few minutes and five steps."""

from __future__ import annotations

import json
import time
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dsnet_edge.errors import DsnetError, require

if TYPE_CHECKING:
    from rich.table import Table

    from dsnet_edge.profiling.timing import Cell
    from dsnet_edge.runtime import Prediction, Runner

TARGETS = ("sliced", "executorch", "litert")


def quickstart(
    output: Annotated[FilePath, typer.Option("--output", "-o", help="Folder for the bundle, the JSON and the plot.")] = FilePath(
        "quickstart"
    ),
    rounds: Annotated[int, typer.Option(min=3, help="Timed runs of each path on each backend.")] = 50,
) -> None:
    """Convert the demo model to three targets, verify it, classify photos, time every path, draw the trade-off."""
    from rich.console import Console

    from dsnet_convert.bundle import write_bundle
    from dsnet_convert.source import from_checkpoint
    from dsnet_convert.verify import verify_bundle
    from dsnet_edge import demo
    from dsnet_edge.cli.run import predictions_table
    from dsnet_edge.plan.checkpoint import read_checkpoint
    from dsnet_edge.runtime import Runner

    require("matplotlib", "plot")  # before the minutes of work, not after them
    start = time.perf_counter()
    console = Console()
    bundle = output / "bundle"

    console.rule("1/5 convert the demo model to sliced, ExecuTorch and LiteRT")
    source = from_checkpoint(demo.CHECKPOINT)
    write_bundle(source.plan, bundle, TARGETS, source.description, photos=demo.photos(), console=console)

    console.rule("2/5 verify every path of every backend against the NumPy oracle")
    report = verify_bundle(bundle)
    console.print(report.table())
    if not report.passed:
        raise DsnetError(f"{bundle}: a path misses its tolerance, see the table above; please report this")

    console.rule("3/5 classify photos: the gate picks a width for each")
    runners = {target: Runner(bundle, target) for target in TARGETS}
    console.print(predictions_table(runners["sliced"], _classify(runners["sliced"], demo.photos()), top=1))
    console.print(_agreement(runners, demo.photos()))

    console.rule("4/5 time every path")
    cells = _time(runners, rounds)
    figures = dict(read_checkpoint(demo.CHECKPOINT).training)
    console.print(_paths_table(runners["sliced"], cells, figures))

    console.rule("5/5 the trade-off")
    record = _record(runners["sliced"], cells, figures, report.to_dict())
    (output / "quickstart.json").write_text(json.dumps(record, indent=1))
    _plot(record, output / "tradeoff.png")
    console.print(f"wrote {output / 'quickstart.json'} and {output / 'tradeoff.png'}")
    console.print(f"done in {time.perf_counter() - start:.0f} s. Try:  dsnet-edge run {bundle} YOUR_PHOTO.jpg")
    console.print(f"What it costs on your board:  dsnet-edge profile {bundle} --device ssh://pi@raspberrypi.local")


def _classify(runner: Runner, photos: list[FilePath]) -> list[tuple[str, Prediction]]:
    return [(str(photo), runner(photo)) for photo in photos]


def _agreement(runners: dict[str, Runner], photos: list[FilePath]) -> str:
    """One line: whether all backends give the same label and path for every photo."""
    answers = {name: [(p.label, p.path) for _, p in _classify(runner, photos)] for name, runner in runners.items()}
    first = next(iter(answers.values()))
    differing = [name for name, answer in answers.items() if answer != first]
    if differing:
        return f"[yellow]{', '.join(differing)} chose another label or path for some photo[/]"
    return f"{', '.join(answers)}: the same label and path for all {len(photos)} photos"


def _time(runners: dict[str, Runner], rounds: int) -> list[Cell]:
    import numpy as np
    from rich.progress import Progress

    from dsnet_edge.profiling.timing import time_paths

    bundle = next(iter(runners.values())).bundle
    images = np.load(bundle.file(bundle.manifest["golden"]["images"]))
    with Progress(transient=True) as progress:
        task = progress.add_task("timing", total=1.0)
        return time_paths(runners, images, rounds, progress=lambda fraction: progress.update(task, completed=fraction))


def _paths_table(runner: Runner, cells: list[Cell], figures: dict[str, Any]) -> Table:
    """A row a path, and the dynamic network below: averages over the test images' own path shares."""
    from rich.table import Table

    from dsnet_edge.profiling.machine import machine_line

    medians = {(cell.backend, cell.path): cell.median_ms for cell in cells}
    caption = (
        f"ms: median of {cells[0].runs} runs, one thread, gate included\n{machine_line()}\n"
        f"accuracy on {figures['test_images']} CIFAR-10 test images; dynamic: averages at the gate's shares"
    )
    table = Table(title=f"{runner.bundle.name}, fp32", caption=caption, caption_justify="left")
    for column in ("path", "MAdds M", "accuracy %", "share %", *TARGETS):
        table.add_column(column, justify="right", no_wrap=True)
    dynamic, shares = figures["dynamic"], _shares(runner, figures)
    for path, share in enumerate(shares):
        accuracy = figures["paths"][path]["accuracy"]
        times = (f"{medians[target, path]:.3f}" for target in TARGETS)
        table.add_row(str(path), f"{runner.bundle.madds[path] / 1e6:.2f}", f"{accuracy:.1f}", f"{share:.0%}"[:-1], *times)
    table.add_section()
    average = _dynamic_latency(cells, shares)
    times = (f"{average[target]:.3f}" for target in TARGETS)
    table.add_row("dynamic", f"{dynamic['madds'] / 1e6:.2f}", f"{dynamic['accuracy']:.1f}", "100", *times)
    return table


def _shares(runner: Runner, figures: dict[str, Any]) -> list[float]:
    """How often the gate took each path of the bundle; it may have been trained to choose among some of them only."""
    first, behind = figures["gate_choices"]
    return [0.0] * first + figures["dynamic"]["shares"] + [0.0] * (runner.bundle.n_paths - behind)


def _dynamic_latency(cells: list[Cell], shares: list[float]) -> dict[str, float]:
    """Average ms of each backend when paths occur with these shares."""
    average = dict.fromkeys(TARGETS, 0.0)
    for cell in cells:
        average[cell.backend] += shares[cell.path] * cell.median_ms
    return average


def _record(runner: Runner, cells: list[Cell], figures: dict[str, Any], verified: dict[str, Any]) -> dict[str, Any]:
    from dsnet_edge.profiling.machine import describe_machine

    return {
        "machine": describe_machine(),
        "network": runner.bundle.name,
        "precision": runner.bundle.manifest["precision"],
        "threads": 1,
        "figures": figures,
        "cells": [cell.to_dict() for cell in cells],
        "dynamic_latency_ms": _dynamic_latency(cells, _shares(runner, figures)),
        "verify": verified,
    }


def _plot(record: dict[str, Any], file: FilePath) -> None:
    from dsnet_edge.profiling.machine import machine_line
    from dsnet_edge.profiling.plot import Tradeoff, plot_tradeoff

    figures, dynamic = record["figures"], record["figures"]["dynamic"]
    n_paths = 1 + max(cell["path"] for cell in record["cells"])
    latency: dict[str, list[float]] = {
        target: [cell["median_ms"] for cell in record["cells"] if cell["backend"] == target] for target in TARGETS
    }
    tradeoff = Tradeoff(
        accuracy=[path["accuracy"] for path in figures["paths"][:n_paths]],
        madds=[path["madds"] / 1e6 for path in figures["paths"][:n_paths]],
        latency_ms=latency,
        dynamic_accuracy=dynamic["accuracy"],
        dynamic_madds=dynamic["madds"] / 1e6,
        dynamic_latency_ms=record["dynamic_latency_ms"],
    )
    plot_tradeoff(tradeoff, f"{record['network']} on CIFAR-10: static paths and dynamic routing", machine_line(), file)
