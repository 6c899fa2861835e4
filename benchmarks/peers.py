"""Sliced against LiteRT and ExecuTorch: every path of a full-size bundle, one process, alternating.

    python benchmarks/peers.py [BUNDLE] [--rounds 30] [--threads 1] [--json FILE]

Without a bundle it converts `dsmbnet14` with random, data-standardised weights into build/dsmbnet14 first.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path as FilePath
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from dsnet_edge.profiling.machine import describe_machine, machine_line
from dsnet_edge.profiling.timing import Cell, time_paths
from dsnet_edge.runtime import Runner, open_bundle

PEERS = ("litert", "executorch")


def main(
    bundle: Annotated[FilePath | None, typer.Argument()] = None,
    rounds: Annotated[int, typer.Option(min=1)] = 30,
    threads: Annotated[int, typer.Option(min=1)] = 1,
    json_file: Annotated[FilePath | None, typer.Option("--json")] = None,
) -> None:
    opened = open_bundle(bundle or _full_size_bundle())
    runners = {backend: Runner(opened, backend, threads) for backend in ("sliced", *PEERS)}
    images = np.load(opened.file(opened.manifest["golden"]["images"]))
    with Progress(transient=True) as progress:
        task = progress.add_task("timing every path", total=1.0)
        cells = time_paths(runners, images, rounds, progress=lambda fraction: progress.update(task, completed=fraction))
    Console(width=120).print(_table(opened.name, threads, cells))
    if json_file:
        record = {
            "machine": describe_machine(),
            "network": opened.name,
            "threads": threads,
            "cells": [c.to_dict() for c in cells],
        }
        json_file.write_text(json.dumps(record, indent=1))


def _full_size_bundle() -> FilePath:
    folder = FilePath("build/dsmbnet14")
    if not folder.exists():
        command = ["convert", "--arch", "dsmbnet14", "--random", "0", "-o", str(folder), "--to", "sliced,executorch,litert"]
        subprocess.run([sys.executable, "-m", "dsnet_edge", *command], check=True)
    return folder


def _table(name: str, threads: int, cells: list[Cell]) -> Table:
    """Median (minimum) in ms, and the ratios of sliced to each peer by both."""
    by_cell = {(cell.backend, cell.path): cell for cell in cells}
    n_paths = 1 + max(cell.path for cell in cells)
    plural = "s" if threads > 1 else ""
    caption = f"whole network, ms: median (minimum) of {cells[0].runs}; {machine_line()}"
    table = Table(title=f"{name}, fp32, {threads} thread{plural}", caption=caption, caption_justify="left")
    for column in ("path", "sliced", *PEERS, *(f"sliced / {peer}" for peer in PEERS)):
        table.add_column(column, justify="right")
    worst = dict.fromkeys(PEERS, (0.0, 0.0))
    for path in range(n_paths):
        row = {backend: by_cell[backend, path] for backend in ("sliced", *PEERS)}
        ratios = []
        for peer in PEERS:
            ratio = row["sliced"].median_ms / row[peer].median_ms, row["sliced"].min_ms / row[peer].min_ms
            ratios.append("{:.2f} ({:.2f})".format(*ratio))
            worst[peer] = max(worst[peer][0], ratio[0]), max(worst[peer][1], ratio[1])
        table.add_row(str(path), *(f"{cell.median_ms:.2f} ({cell.min_ms:.2f})" for cell in row.values()), *ratios)
    table.add_section()
    table.add_row("worst", "", "", "", *("{:.2f} ({:.2f})".format(*ratio) for ratio in worst.values()))
    return table


if __name__ == "__main__":
    typer.run(main)
