"""`dsnet-edge bench`: a bundle against other runtimes, and against the best its own kernels could do."""

from __future__ import annotations

import json
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated

import typer

from dsnet_edge.errors import DsnetError, require

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.progress import Progress, TaskID


def bench(
    bundles: Annotated[list[FilePath], typer.Argument(help="Bundle folders, say one in fp32 and one in int8.")],
    peers: Annotated[
        str, typer.Option(help="Runtimes to compare with, separated by commas; empty for none.")
    ] = "litert,executorch",
    threads: Annotated[str, typer.Option(help="Numbers of threads, separated by commas; a process each.")] = "1,2",
    rounds: Annotated[int, typer.Option(min=1, help="Timed inferences of every path in every case.")] = 60,
    processes: Annotated[int, typer.Option(min=1, help="Fresh processes in which the opening is timed.")] = 5,
    cores: Annotated[
        str, typer.Option(help="Keep every process to as many of these as it has threads, such as 4-7 or 0,2.")
    ] = "",
    as_json: Annotated[FilePath | None, typer.Option("--json", help="Also write the results to this file.")] = None,
    plot: Annotated[FilePath | None, typer.Option(help="Also draw them into this file, such as bench.png.")] = None,
) -> None:
    """Time every path of every bundle, interleaved with its peers, and print what must hold beside what was measured."""
    import tempfile

    from rich.console import Console
    from rich.progress import Progress

    from dsnet_convert.one_path import write_one_path_files
    from dsnet_edge.bench.run import make_report, measure_network
    from dsnet_edge.bench.tables import tables
    from dsnet_edge.cli.numbers import whole_numbers
    from dsnet_edge.profiling.contenders import check_peers, peers_of
    from dsnet_edge.runtime.bundle import open_bundle
    from dsnet_edge.runtime.cores import parse_cores

    if plot:
        require("matplotlib", "plot")  # before the minutes of work
    names = tuple(dict.fromkeys(name.strip() for name in peers.split(",") if name.strip()))
    counts = whole_numbers(threads, "--threads")
    chosen_cores = parse_cores(cores) if cores else []
    if cores and len(chosen_cores) < max(counts):
        raise DsnetError(f"--cores names {len(chosen_cores)} for {max(counts)} threads; name more, or lower --threads")
    opened = [open_bundle(folder) for folder in bundles]
    check_peers(names)
    peers_by_bundle = [peers_of(bundle, names) for bundle in opened]  # refused now rather than minutes later
    networks = []
    with Progress(transient=True) as bars:
        for bundle, found in zip(opened, peers_by_bundle, strict=True):
            with tempfile.TemporaryDirectory(prefix="dsnet-edge-ideal-") as folder:
                sliced, ideal = write_one_path_files(bundle.file(bundle.backend_files("sliced")["file"]), FilePath(folder))
                networks.append(
                    measure_network(
                        bundle,
                        sliced,
                        ideal,
                        found,
                        threads=counts,
                        rounds=rounds,
                        processes=processes,
                        cores=chosen_cores,
                        progress=_progress(bars),
                    )
                )
    report = make_report(networks, chosen_cores)
    console = Console()
    for table in tables(report):
        console.print(table)
    if as_json:
        as_json.write_text(json.dumps(report.to_dict(), indent=1) + "\n", "utf-8")
    if plot:
        from dsnet_edge.bench.plot import plot_bench

        plot_bench(report, plot)


def _progress(bars: Progress) -> Callable[[str, float], None]:
    """A bar for each part of the work, as it is first heard of."""
    tasks: dict[str, TaskID] = {}

    def progress(what: str, fraction: float) -> None:
        if what not in tasks:
            tasks[what] = bars.add_task(what, total=1.0)
        bars.update(tasks[what], completed=fraction)

    return progress
