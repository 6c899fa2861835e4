"""`dsnet-edge sweep`: accuracy against cost of one bundle, over biases of its gate."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated

import typer

from dsnet_edge.errors import DsnetError, require_installed

if TYPE_CHECKING:
    from dsnet_edge.runtime import Runner
    from dsnet_edge.sweep.images import Labelled
    from dsnet_edge.sweep.outcomes import Outcomes


def sweep(
    bundle: Annotated[FilePath, typer.Argument(help="A bundle folder.")],
    images: Annotated[FilePath, typer.Argument(help="A folder with a folder of photos for each class, named like its label.")],
    output: Annotated[FilePath, typer.Option("--output", "-o", help="The file to write.")] = FilePath("sweep.json"),
    backend: Annotated[str, typer.Option(help="sliced, executorch, litert, onnxruntime, ncnn or numpy.")] = "sliced",
    threads: Annotated[int, typer.Option(min=1, max=64, help="Also those of the profiles' figures.")] = 1,
    biases: Annotated[str, typer.Option(help="Such as -1,0,0.5,2; else they are chosen by --points.")] = "",
    points: Annotated[int, typer.Option(min=2, max=1000, help="Biases, evenly spaced by the multiply-adds they lead to.")] = 13,
    limit: Annotated[int | None, typer.Option(min=1, help="So many of the photos, evenly spaced.")] = None,
    profile: Annotated[
        list[FilePath] | None, typer.Option(help="Also show milliseconds and millijoules by this profile; may be repeated.")
    ] = None,
    plot: Annotated[FilePath | None, typer.Option(help="Also draw the curve into this file, such as sweep.png.")] = None,
) -> None:
    """Run every path on labelled photos once; print and write what accuracy and cost become as a bias leads the gate."""
    from rich.console import Console

    from dsnet_edge import __version__
    from dsnet_edge.cli.interrupt import interruptible
    from dsnet_edge.profile import Sweep, write_sweep
    from dsnet_edge.runtime import Runner
    from dsnet_edge.sweep.costs import columns
    from dsnet_edge.sweep.curve import curve, even_biases
    from dsnet_edge.sweep.images import labelled_photos
    from dsnet_edge.sweep.plot import plot_sweep
    from dsnet_edge.sweep.tables import dynamic_table, static_table

    asked = _parse(biases) if biases else None
    if plot:
        require_installed("matplotlib", "plot")
    console = Console()
    with interruptible(output):
        runner = Runner(bundle, backend, threads)
        costs = columns(runner.bundle, backend, threads, profile or [])
        photos = labelled_photos(images, runner.bundle.labels, limit)
        outcomes = _run(runner, photos)
        madds = runner.bundle.madds
        found = Sweep(
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            tool=f"dsnet-edge {__version__}",
            bundle=runner.bundle.info,
            images=len(photos),
            source=f"{images.resolve().name}: {len({photo.label for photo in photos})} classes",
            backend=backend,
            static_accuracy=tuple(outcomes.static_accuracy.tolist()),
            dynamic=curve(outcomes, madds, even_biases(outcomes, madds, points) if asked is None else asked),
        )
        write_sweep(found, output)
    console.print(static_table(found, costs))
    console.print(dynamic_table(found, costs))
    console.print(f"wrote {output}", highlight=False, markup=False, soft_wrap=True)
    if plot:
        plot_sweep(found, costs, plot)
        console.print(f"wrote {plot}", highlight=False, markup=False, soft_wrap=True)


def _run(runner: Runner, photos: list[Labelled]) -> Outcomes:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from dsnet_edge.sweep.outcomes import run_paths

    shown = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*shown, transient=True) as progress:
        return run_paths(runner, progress.track(photos, description="every path of every image"))


def _parse(text: str) -> list[float]:
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = [math.nan]
    if not all(map(math.isfinite, found)):
        raise DsnetError(f"--biases takes numbers separated by commas, such as -1,0,0.5,2, found {text[:60]!r}")
    return found
