"""`dsnet-edge convert`: a checkpoint, or an architecture with random weights, becomes a bundle."""

from __future__ import annotations

import time
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dsnet_edge.cli.choices import parse_choices
from dsnet_edge.cli.interrupt import interruptible
from dsnet_edge.errors import DsnetError
from dsnet_edge.runtime.manifest import files_of

if TYPE_CHECKING:
    from rich.table import Table

    from dsnet_convert.calibration import Calibration
    from dsnet_edge.plan import Plan


def convert(
    *,
    output: Annotated[FilePath, typer.Option("--output", "-o", help="The bundle folder to write, or to replace.")],
    checkpoint: Annotated[FilePath | None, typer.Argument(help="A checkpoint (.safetensors).")] = None,
    to: Annotated[str, typer.Option(help="Targets, separated by commas; sliced is always written.")] = "sliced,executorch,litert",
    golden: Annotated[list[FilePath] | None, typer.Option(help="A photo for the golden inputs; may be repeated.")] = None,
    paths: Annotated[str | None, typer.Option(help="Only these choices of the gate, such as 0,6,13 or 0:7.")] = None,
    arch: Annotated[str | None, typer.Option(help="With --random: a preset instead of a checkpoint.")] = None,
    random: Annotated[int | None, typer.Option(min=0, help="With --arch: the seed of random, standardised weights.")] = None,
    precision: Annotated[str, typer.Option(help="fp32, int8, bf16 or fp16.")] = "fp32",
    calibrate: Annotated[
        FilePath | None, typer.Option(help="For int8: a folder of typical photos; with --random, noise serves without.")
    ] = None,
    samples: Annotated[int, typer.Option(min=1, max=4096, help="How many of these photos, evenly spaced.")] = 64,
    ranges: Annotated[
        str, typer.Option(help="For int8, how to choose the ranges of activations: variance, mse, percentile or minmax.")
    ] = "variance",
    split: Annotated[
        bool, typer.Option("--split", help="ExecuTorch: a file for prefix, gate and every path, not one for all.")
    ] = False,
    merge: Annotated[bool, typer.Option("--merge", help="LiteRT: one file with a signature for each of these.")] = False,
    litert_via: Annotated[
        str, typer.Option(help="What writes LiteRT's files: litert-torch, or onnx2tf in the environment of make onnx2tf-env.")
    ] = "litert-torch",
    use_cache: Annotated[
        bool, typer.Option("--cache/--no-cache", help="Reuse what was converted before from the same weights.")
    ] = True,
) -> None:
    """Convert a checkpoint to a bundle; an interrupted run leaves an old bundle whole."""
    with interruptible(output):
        from rich.console import Console

        from dsnet_convert.bundle import write_bundle
        from dsnet_convert.cache import Cache
        from dsnet_convert.source import from_checkpoint, from_random
        from dsnet_edge.plan.elements import precision_named

        console, start = Console(), time.perf_counter()
        targets = tuple(dict.fromkeys(name.strip() for name in to.split(",") if name.strip()))
        if litert_via != "litert-torch" and "litert" not in targets:
            raise DsnetError(f"--litert-via is for --to litert, found --to {to}; leave it out")
        if litert_via == "onnx2tf" and precision == "int8" and ranges != "variance":
            console.print(
                f"note: --ranges {ranges} does not reach onnx2tf, which takes the extremes of the photos", soft_wrap=True
            )
        choices = None if paths is None else parse_choices(paths)
        if checkpoint is not None and arch is None and random is None:
            source = from_checkpoint(checkpoint, choices)
        elif checkpoint is None and arch is not None and random is not None:
            source = from_random(arch, random, choices)
        else:
            raise DsnetError("give either a CHECKPOINT, or --arch with --random SEED")
        written = write_bundle(
            source.plan,
            output,
            targets,
            source.description,
            precision=precision_named(precision),
            calibration=_calibration(source.plan, precision, calibrate, samples, random, ranges),
            photos=golden or [],
            merged=_merged(split, merge),
            litert_via=litert_via,
            cache=Cache.of_user() if use_cache else None,
            console=console,
        )
        console.print(_table(written.manifest))
        known = f", {written.from_cache} files from the cache" if written.from_cache else ""
        done = f"wrote {written.folder} in {time.perf_counter() - start:.0f} s{known}"
        console.print(done, soft_wrap=True, highlight=False, markup=False)


def _merged(split: bool, merge: bool) -> set[str]:
    """The targets that get one file for all stages."""
    return {target for target, one in (("executorch", not split), ("litert", merge)) if one}


def _calibration(
    plan: Plan, precision: str, folder: FilePath | None, samples: int, seed: int | None, ranges: str
) -> Calibration | None:
    from dsnet_convert.calibration import Calibration
    from dsnet_edge.plan.estimate import estimator_named

    estimator = estimator_named(ranges)
    if precision != "int8":
        if folder is not None:
            raise DsnetError(f"--calibrate is for --precision int8, found --precision {precision}; leave it out")
        return None
    if folder is not None:
        calibration = Calibration.from_folder(folder, plan.input, samples, estimator)
        for warning in calibration.warnings:
            typer.echo(f"warning: {warning}", err=True)
        return calibration
    return None if seed is None else Calibration.synthetic(plan.input, samples, seed, estimator)


def _table(manifest: dict[str, Any]) -> Table:
    """Each backend's files and their size beside the arena's: what it costs to hold every path."""
    from rich.table import Table

    arena, files, n_paths = manifest["arena_bytes"], manifest["files"], len(manifest["paths"])
    title = f"{manifest['name']}, {manifest['precision']}: {n_paths} paths, arena {arena / 1e6:.2f} MB"
    table = Table(title=title)
    table.add_column("backend")
    for name in ("files", "MB", "x arena"):
        table.add_column(name, justify="right")
    for backend, entry in manifest["backends"].items():
        if "file" in entry:
            names, shown = [entry["file"]], entry["file"]
        else:
            folder = files_of(entry)[0].partition("/")[0]
            names = [name for name in files if name.startswith(f"{folder}/")]
            shown = f"{len(names)} in {folder}/"
        size = sum(files[name]["bytes"] for name in names)
        table.add_row(backend, shown, f"{size / 1e6:.2f}", f"{size / arena:.2f}")
    return table
