"""`dsnet-edge verify`: every path of every backend against the oracle, or against the trained network."""

from __future__ import annotations

import json
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dsnet_edge.errors import DsnetError

if TYPE_CHECKING:
    from dsnet_convert.layers import LayerReport


def verify(
    bundle: Annotated[FilePath, typer.Argument(help="A bundle folder.")],
    images: Annotated[
        list[FilePath] | None, typer.Option(help="A photo or a folder of photos; may be repeated. Without: the golden images.")
    ] = None,
    samples: Annotated[
        int, typer.Option(min=1, max=100_000, help="Photos of each folder, evenly spaced through its sub-folders.")
    ] = 16,
    backend: Annotated[list[str] | None, typer.Option(help="Only this backend; may be repeated.")] = None,
    against: Annotated[FilePath | None, typer.Option(help="A checkpoint, whose PyTorch network replaces the oracle.")] = None,
    min_agreement: Annotated[
        float | None, typer.Option(min=0, max=100, help="Per cent of images with the fp32 network's label, on every path.")
    ] = None,
    min_snr: Annotated[float | None, typer.Option(help="dB of the logits against the fp32 network's, on every path.")] = None,
    per_layer: Annotated[
        bool, typer.Option("--per-layer", help="Instead: what every op of an int8 bundle adds in noise to the fp32 network.")
    ] = False,
    path: Annotated[
        list[int] | None, typer.Option(help="With --per-layer: this path; may be repeated. Without: the widest.")
    ] = None,
    calibrate: Annotated[
        FilePath | None, typer.Option(help="With --per-layer, for executorch: the folder that the bundle was calibrated on.")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, max=64)] = 1,
    as_json: Annotated[FilePath | None, typer.Option("--json", help="Also write the results to this file.")] = None,
) -> None:
    """Compare every path of every backend with the NumPy oracle, or a checkpoint's PyTorch network; exit code 1 on a miss."""
    from rich.console import Console

    from dsnet_convert.verify import Floors, verify_bundle
    from dsnet_convert.verify_progress import Bars

    console = Console()
    if per_layer:
        layers = _layers(bundle, _photos(images or [], samples), against, calibrate, path or [], backend or [])
        console.print(layers.table())
        _write(as_json, layers.to_dict())
        return
    if path or calibrate:
        raise DsnetError("--path and --calibrate are for --per-layer; leave them out")
    floors = Floors(None if min_agreement is None else min_agreement / 100, min_snr)
    with Bars(console) as bars:
        report = verify_bundle(
            bundle, _photos(images or [], samples), backend or [], threads, against=against, floors=floors, tick=bars.tick
        )
    console.print(report.table())
    _write(as_json, report.to_dict())
    if not report.passed:
        raise typer.Exit(1)


def _layers(
    bundle: FilePath,
    photos: list[FilePath],
    against: FilePath | None,
    calibrate: FilePath | None,
    paths: list[int],
    backends: list[str],
) -> LayerReport:
    from dsnet_convert.golden import photo_images
    from dsnet_convert.layers import bundle_samples, exact_plan, layer_report
    from dsnet_edge.runtime.bundle import open_bundle
    from dsnet_edge.runtime.golden import read_images

    opened = open_bundle(bundle)
    images = photo_images(opened.input, photos) if photos else read_images(opened)
    calibrated_on = None if calibrate is None else bundle_samples(opened, calibrate)
    return layer_report(opened, exact_plan(opened, against), images, paths, backends, calibrated_on)


def _write(file: FilePath | None, report: dict[str, Any]) -> None:
    if file:
        file.write_text(json.dumps(report, indent=1, allow_nan=False) + "\n", "utf-8")


def _photos(places: list[FilePath], samples: int) -> list[FilePath]:
    from dsnet_convert.photos import sample_photos

    return [photo for place in places for photo in (sample_photos(place, samples) if place.is_dir() else [place])]
