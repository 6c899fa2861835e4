"""`dsnet-edge table1`: full, masking, indexing, slicing and ideal on the machine at hand."""

from __future__ import annotations

import json
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated

import typer

from dsnet_edge.errors import DsnetError, require

if TYPE_CHECKING:
    from rich.table import Table

    from dsnet_edge.bench.table1 import Table1


def table1(
    bundle: Annotated[FilePath, typer.Argument(help="A bundle folder.")],
    threads: Annotated[int | None, typer.Option(min=1, max=64, help="1 unless given.")] = None,
    cores: Annotated[str, typer.Option(help="Pin one thread to each of these, such as 4-7 or 0,2.")] = "",
    rounds: Annotated[int, typer.Option(min=1, help="Timed inferences of every path by every strategy.")] = 60,
    as_json: Annotated[FilePath | None, typer.Option("--json", help="Also write the results to this file.")] = None,
    plot: Annotated[FilePath | None, typer.Option(help="Also draw them into this file, such as table1.png.")] = None,
) -> None:
    """The paper's Table 1: what a path costs, by the way it gets its weights; ratios to a network of that path alone."""
    import tempfile

    from rich.console import Console
    from rich.progress import Progress

    from dsnet_convert.one_path import write_one_path_files
    from dsnet_edge.bench.table1 import measure_table1
    from dsnet_edge.profiling.machine import describe_machine
    from dsnet_edge.runtime.bundle import open_bundle
    from dsnet_edge.runtime.cores import parse_cores

    if plot:
        require("matplotlib", "plot")  # before the minutes of work
    chosen_cores = parse_cores(cores) if cores else []
    if threads is not None and cores:
        raise DsnetError("--cores already says how many threads there are; leave out --threads")
    opened = open_bundle(bundle)
    with tempfile.TemporaryDirectory(prefix="dsnet-edge-ideal-") as folder, Progress(transient=True) as bars:
        sliced, ideal = write_one_path_files(opened.file(opened.backend_files("sliced")["file"]), FilePath(folder))
        task = bars.add_task("timing every path", total=1.0)
        result = measure_table1(
            opened,
            sliced,
            ideal,
            describe_machine(),
            threads or len(chosen_cores) or 1,
            rounds,
            chosen_cores,
            lambda fraction: bars.update(task, completed=fraction),
        )
    Console().print(_table(result))
    if as_json:
        as_json.write_text(json.dumps(result.to_dict(), indent=1) + "\n", "utf-8")
    if plot:
        from dsnet_edge.bench.plot import plot_table1

        plot_table1(result, plot)


def _table(result: Table1) -> Table:
    from rich.table import Table

    from dsnet_edge.bench.table1 import STRATEGIES
    from dsnet_edge.profiling.machine import machine_line

    caption = (
        "whole network, ms (median), and over ideal (median over the rounds)\nfull: the widest path; masking: its width, masked; "
        f"indexing: weights copied before each op;\nideal: a file of this path alone. {machine_line()}"
    )
    title = f"{result.name}, {result.precision}, {result.threads} thread{'s' if result.threads > 1 else ''}"
    table = Table(title=title, caption=caption, caption_justify="left")
    table.add_column("path", justify="right")
    for strategy in STRATEGIES:
        table.add_column(strategy, justify="right", no_wrap=True)
    for path in range(result.n_paths):
        cells = []
        for strategy in STRATEGIES:
            ratio = "" if strategy == "ideal" else f" {result.over_ideal(strategy, path):5.3f}"
            cells.append(f"{result.median_ms(strategy, path):.2f}{ratio}")
        table.add_row(str(path), *cells)
    return table
