"""A report for the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from dsnet_edge.bench.bars import bars
from dsnet_edge.bench.report import Network, Report, Run
from dsnet_edge.bench.rounds import Summary
from dsnet_edge.profiling.machine import machine_line

if TYPE_CHECKING:
    from rich.table import Table


def tables(report: Report) -> Iterator[Table]:
    for network in report.networks:
        for run in network.runs:
            yield times_table(network, run)
            yield ratios_table(network, run)
        yield fresh_table(network)
    yield bars_table(report)


def times_table(network: Network, run: Run) -> Table:
    """A row for the prefix, the gate, and each path's whole network."""
    from rich.table import Table

    cases = ("sliced", "ideal", *network.peers)
    runs = run.time("sliced", "network", 0).runs
    caption = f"ms: median of {runs} runs of each path, and half its interquartile range; a path is prefix + gate + suffix"
    table = Table(title=_title(network, run), caption=caption, caption_justify="left")
    _add_columns(table, cases)
    for stage in run.shared_stages:
        table.add_row(stage, *(_time(run.time(case, stage)) for case in cases))
    table.add_section()
    for path in range(run.n_paths):
        table.add_row(str(path), *(_time(run.time(case, "network", path)) for case in cases))
    return table


def ratios_table(network: Network, run: Run) -> Table:
    """The same rows: sliced over each other case, round by round."""
    from rich.table import Table

    others = ("ideal", *network.peers)
    table = Table(title=_title(network, run), caption="medians over the rounds", caption_justify="left")
    _add_columns(table, (*(f"sliced\n/ {other}" for other in others), "switch\n/ stay"))
    for stage in run.shared_stages:
        table.add_row(stage, *(f"{run.ratio(other, stage).median:.3f}" for other in others))
    table.add_section()
    for path in range(run.n_paths):
        found = [run.ratio(other, "network", path).median for other in others]
        switching = 1 / run.ratio("switching", "network", path).median
        table.add_row(str(path), *(f"{ratio:.3f}" for ratio in (*found, switching)))
    return table


def _add_columns(table: Table, names: Iterable[str]) -> None:
    for name in ("path", *names):
        table.add_column(name, justify="right", no_wrap=True)


def _title(network: Network, run: Run) -> str:
    return f"{network.name}, {network.precision}, {run.threads} thread{'s' if run.threads > 1 else ''}"


def _time(time: Summary) -> str:
    """Three significant digits, but at most three behind the point: six contenders fit into 80 columns."""
    digits = max(0, min(3, 2 - math.floor(math.log10(time.median_ms))))
    return f"{time.median_ms:.{digits}f} ±{(time.q3_ms - time.q1_ms) / 2 / time.median_ms:.0%}"


def fresh_table(network: Network) -> Table:
    from rich.table import Table

    caption = "fresh processes, one thread; MB after all paths have run: allocated, mapped from files"
    table = Table(title=f"{network.name}, {network.precision}: opening and memory", caption=caption, caption_justify="left")
    for column in ("backend", "first result, ms", "all paths, ms", "allocated", "mapped", "total MB"):
        table.add_column(column, justify="left" if column == "backend" else "right")
    for opening, memory in zip(network.openings, network.memories, strict=True):
        sizes = (f"{size / 1e6:.1f}" for size in (memory.anonymous, memory.file, memory.total))
        table.add_row(opening.backend, f"{opening.first_ms:.1f}", f"{opening.all_ms:.0f}", *sizes)
    return table


def bars_table(report: Report) -> Table:
    from rich.table import Table

    table = Table(title="must hold", caption=f"ratios: medians over the rounds. {machine_line()}", caption_justify="left")
    for column in ("what", "bar", "measured", "", "detail"):
        table.add_column(column, justify="right" if column in ("bar", "measured") else "left")
    for bar in bars(report):
        verdict = "[green]pass[/]" if bar.passed else "[red]FAIL[/]"
        table.add_row(bar.name, f"{bar.limit:g}{bar.unit}", f"{bar.measured:.3f}{bar.unit}", verdict, bar.detail)
    return table
