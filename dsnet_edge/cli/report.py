"""`dsnet-edge report`: profiles as one page for people."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Annotated

import typer


def report(
    profiles: Annotated[list[FilePath], typer.Argument(help="Profiles, say of two boards, or before and after a change.")],
    output: Annotated[FilePath, typer.Option("--output", "-o", help="The page, such as report.html.")],
    sweep: Annotated[
        list[FilePath] | None, typer.Option(help="What dsnet-edge sweep wrote about a profile's bundle; may be repeated.")
    ] = None,
) -> None:
    """Write a page about profiles: time, accuracy and energy of every path, conditions and warnings; it opens anywhere."""
    from dsnet_edge.profile import read_profile
    from dsnet_edge.profile.sweep import read_sweep
    from dsnet_edge.report.page import write_report

    write_report([read_profile(file) for file in profiles], [read_sweep(file) for file in sweep or []], output)
    typer.echo(str(output))
