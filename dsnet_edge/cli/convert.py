"""`dsnet-edge convert`: a checkpoint, or an architecture with random weights, becomes a bundle."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dsnet_edge.errors import DsnetError, PathError

if TYPE_CHECKING:
    from rich.table import Table


def convert(
    *,
    output: Annotated[FilePath, typer.Option("--output", "-o", help="The bundle folder to write, or to replace.")],
    checkpoint: Annotated[FilePath | None, typer.Argument(help="A checkpoint (.safetensors).")] = None,
    to: Annotated[str, typer.Option(help="Targets, separated by commas; sliced is always written.")] = "sliced,executorch,litert",
    golden: Annotated[list[FilePath] | None, typer.Option(help="A photo for the golden inputs; may be repeated.")] = None,
    paths: Annotated[str | None, typer.Option(help="LOW:HIGH, only the choices LOW <= choice < HIGH of the gate.")] = None,
    arch: Annotated[str | None, typer.Option(help="With --random: a preset instead of a checkpoint.")] = None,
    random: Annotated[int | None, typer.Option(min=0, help="With --arch: the seed of random, standardised weights.")] = None,
) -> None:
    """Convert a checkpoint to a bundle; an interrupted run leaves an old bundle whole."""
    from rich.console import Console

    from dsnet_convert.bundle import write_bundle
    from dsnet_convert.source import from_checkpoint, from_random

    console = Console()
    targets = tuple(dict.fromkeys(name.strip() for name in to.split(",") if name.strip()))
    limits = _limits(paths)
    if checkpoint is not None and arch is None and random is None:
        source = from_checkpoint(checkpoint)
    elif checkpoint is None and arch is not None and random is not None:
        source = from_random(arch, random)
    else:
        raise DsnetError("give either a CHECKPOINT, or --arch with --random SEED")
    plan = source.plan.restrict(*limits) if limits else source.plan
    written = write_bundle(plan, output, targets, source.description, photos=golden or [], console=console)
    console.print(_table(written.manifest))
    console.print(f"wrote {written.folder}", soft_wrap=True, highlight=False, markup=False)


def _limits(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    low, _, high = text.partition(":")
    try:
        return int(low), int(high)
    except ValueError:
        raise PathError(f"--paths takes LOW:HIGH, such as 0:7, found {text!r}") from None


def _table(manifest: dict[str, Any]) -> Table:
    """Each target's files and their size beside the arena's: what it costs to hold every path."""
    from rich.table import Table

    arena, files, n_paths = manifest["arena_bytes"], manifest["files"], len(manifest["paths"])
    title = f"{manifest['name']}: {n_paths} paths, arena {arena / 1e6:.2f} MB"
    table = Table(title=title)
    table.add_column("target")
    for name in ("files", "MB", "x arena"):
        table.add_column(name, justify="right")
    for backend, entry in manifest["backends"].items():
        names = [name for value in entry.values() for name in (value if isinstance(value, list) else [value])]
        size = sum(files[name]["bytes"] for name in names)
        table.add_row(
            backend, names[0] if len(names) == 1 else f"{len(names)} .tflite", f"{size / 1e6:.2f}", f"{size / arena:.2f}"
        )
    return table
