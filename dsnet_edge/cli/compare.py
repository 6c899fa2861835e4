"""`dsnet-edge compare`: whether a second profile of a device is worse than the first."""

from __future__ import annotations

import json
from pathlib import Path as FilePath
from typing import Annotated

import typer


def compare(
    a: Annotated[FilePath, typer.Argument(metavar="A", help="A profile, the one to hold on to.")],
    b: Annotated[FilePath, typer.Argument(metavar="B", help="Another of the same device.")],
    threshold: Annotated[str, typer.Option(help="The largest difference that is let pass, such as 3%.")] = "3%",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Compare B with A, path by path; exit code 1 where B takes longer, or more energy, surely and by more than the threshold."""
    from dsnet_edge.cli.numbers import per_cent
    from dsnet_edge.profile import read_profile
    from dsnet_edge.report.compare import compare_profiles

    limit = per_cent(threshold, "--threshold")
    comparison = compare_profiles(read_profile(a), read_profile(b), limit)
    if as_json:
        typer.echo(json.dumps(comparison.to_dict(), indent=1, allow_nan=False))
    else:
        from rich.console import Console
        from rich.markup import escape

        from dsnet_edge.report.tables import comparison_tables
        from dsnet_edge.report.words import printable

        console = Console()
        for table in comparison_tables(comparison):
            console.print(table)
        for line in comparison.unjudged:
            console.print(f"[yellow]not judged:[/] {escape(printable(line))}", highlight=False)
        for line in comparison.warnings:
            console.print(f"[yellow]not measured alike:[/] {escape(printable(line))}", highlight=False)
        console.print(_conclusion(len(comparison.regressions), len(comparison.differences), threshold), highlight=False)
    if comparison.regressions:
        raise typer.Exit(1)


def _conclusion(worse: int, judged: int, threshold: str) -> str:
    color, count = ("red", str(worse)) if worse else ("green", "none")
    return f"[{color}]worse by more than {threshold}: {count} of {judged} measurements[/]"
