"""`dsnet-edge verify`: every path of every backend against the oracle."""

from __future__ import annotations

import json
from pathlib import Path as FilePath
from typing import Annotated

import typer


def verify(
    bundle: Annotated[FilePath, typer.Argument(help="A bundle folder.")],
    images: Annotated[
        list[FilePath] | None, typer.Option(help="A photo or a folder of photos; may be repeated. Without: the golden images.")
    ] = None,
    backend: Annotated[list[str] | None, typer.Option(help="Only this backend; may be repeated.")] = None,
    threads: Annotated[int, typer.Option(min=1, max=64)] = 1,
    as_json: Annotated[FilePath | None, typer.Option("--json", help="Also write the results to this file.")] = None,
) -> None:
    """Compare every path of every backend with the NumPy oracle; exit code 1 on a miss."""
    from rich.console import Console

    from dsnet_convert.photos import find_photos
    from dsnet_convert.verify import verify_bundle

    report = verify_bundle(bundle, find_photos(images or []), backend or [], threads)
    Console().print(report.table())
    if as_json:
        as_json.write_text(json.dumps(report.to_dict(), indent=1) + "\n", "utf-8")
    if not report.passed:
        raise typer.Exit(1)
