"""`dsnet-edge profile`: what every path costs on a device, in milliseconds and millijoules."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated

import typer

from dsnet_edge.cli.bar import progress_bar
from dsnet_edge.errors import DsnetError

if TYPE_CHECKING:
    from rich.console import Console

    from dsnet_edge.devices.device import Device
    from dsnet_edge.energy.meter import Meter
    from dsnet_edge.profile.values import Layers, Profile
    from dsnet_edge.profiling.campaign import Step
    from dsnet_edge.runtime.bundle import Bundle

_CUT_OFF = "holds what was measured until now; go on with --resume"


def profile(
    bundle: Annotated[FilePath, typer.Argument(help="A bundle folder.")],
    device: Annotated[str, typer.Option(help="local, ssh://[USER@]HOST[:PORT] or adb[:SERIAL].")] = "local",
    backend: Annotated[str, typer.Option(help="sliced, litert, executorch, ..., separated by commas.")] = "sliced",
    paths: Annotated[str, typer.Option(help="Path indices such as 0,6,13, or all.")] = "all",
    threads: Annotated[str, typer.Option(help="Numbers of threads, separated by commas; a series each.")] = "1",
    cores: Annotated[
        str, typer.Option(help="auto: a big core a thread; none: wherever the system wants; or such as 4-7.")
    ] = "auto",
    energy: Annotated[str, typer.Option(help="auto, none, the name of a meter, or csv:FILE of one in the supply.")] = "auto",
    energy_seconds: Annotated[float, typer.Option(min=1, max=600, help="Of every path's loop, and of every rest.")] = 10.0,
    blocks: Annotated[int, typer.Option(min=2, max=1000, help="Processes a series at the least; up to twice as many.")] = 8,
    seconds: Annotated[float, typer.Option(min=0.1, max=600, help="How long each of them measures.")] = 3.0,
    noise: Annotated[str, typer.Option(help="How well every path must be known to be called a result.")] = "3%",
    per_layer: Annotated[bool, typer.Option("--per-layer", help="Also time every layer, against the roofline.")] = False,
    seed: Annotated[int, typer.Option(min=0, max=10**6, help="Of the order in which things run.")] = 0,
    output: Annotated[FilePath, typer.Option("--output", "-o", help="The profile to write.")] = FilePath("profile.json"),
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a profile that was cut off.")] = False,
    bench: Annotated[FilePath | None, typer.Option("--dsnet-bench", help="The one to push; else the one of make arm.")] = None,
    python: Annotated[str, typer.Option(help="The Python of the device that has dsnet-edge, if one has.")] = "python3",
) -> None:
    """Measure every path of a bundle on a device, print tables, write a profile. Exit code 1 if it is too noisy for a result."""
    from rich.console import Console

    from dsnet_edge.cli.interrupt import interruptible
    from dsnet_edge.cli.numbers import per_cent, whole_numbers
    from dsnet_edge.devices.address import open_device
    from dsnet_edge.devices.device import LostError
    from dsnet_edge.energy.errors import MeterError
    from dsnet_edge.profile import read_profile
    from dsnet_edge.profile.values import Settings
    from dsnet_edge.profiling.campaign import Wanted, begin, measure
    from dsnet_edge.profiling.lanes import Tools, open_lanes
    from dsnet_edge.profiling.layers import BACKENDS as TELLING
    from dsnet_edge.runtime.bundle import open_bundle
    from dsnet_edge.runtime.cores import parse_cores

    console = Console()
    opened = open_bundle(bundle)
    wanted = _paths(paths, opened)
    backends = list(dict.fromkeys(name.strip() for name in backend.split(",") if name.strip()))
    if per_layer and not set(backends) & set(TELLING):
        raise DsnetError(f"--per-layer: {', '.join(backends)} does not tell its layers; add one of {', '.join(TELLING)}")
    counts = whole_numbers(threads, "--threads")
    settings = Settings(seed, blocks, seconds, per_cent(noise, "--noise"))
    chosen = None if cores == "auto" else () if cores == "none" else tuple(parse_cores(cores))
    tools = Tools(bench, _program(python), chosen)
    earlier = read_profile(output) if resume else None
    if output.exists() and not resume and not read_profile(output).complete:
        raise DsnetError(f"{output}: a profile that was cut off; go on with --resume, or delete it")
    with interruptible(output, _CUT_OFF), open_device(device) as target:
        started = begin(target, opened, settings, earlier, str(output))
        with progress_bar("copying to the device", console) as copied:
            ready = open_lanes(target, opened, backends, counts, started.device.cores, tools, copied)
        meter = _meter(target, energy, console)
        try:
            work = Wanted(tuple(wanted), per_layer, meter, energy_seconds)
            found = _follow(measure(started, ready, work, target), output, console)
        except MeterError as error:
            raise DsnetError(f"{error}; the times are in {output}, go on with --resume and another --energy") from error
        except LostError as error:
            kept = f"{output} {_CUT_OFF}" if output.exists() else "nothing was measured yet"
            raise DsnetError(f"{error}; {kept}") from error
    _show(found, output, console)
    if any(series.verdict != "steady" for series in found.series):
        raise typer.Exit(1)


def _follow(steps: Iterable[Step], output: FilePath, console: Console) -> Profile:
    """Writes what is known after every step, so that nothing is lost with the connection."""
    from dsnet_edge.profile import write_profile

    last = None
    with progress_bar("measuring", console) as measured:
        for step in steps:
            last = step.profile
            write_profile(last, output)
            measured(step.fraction)
            if step.told:
                console.print(step.told, style="yellow", highlight=False, markup=False)
    assert last is not None  # the last step is always there
    return last


def _show(found: Profile, output: FilePath, console: Console) -> None:
    from dsnet_edge.profiling.tables import device_lines, series_table

    for line in device_lines(found):
        console.print(line, highlight=False, markup=False)
    for series in found.series:
        console.print(series_table(found, series))
    if found.layers:
        _show_layers(found.layers, console)
    for warning in found.warnings:
        console.print(f"warning: {warning}", style="yellow", highlight=False, markup=False)
    if found.preprocess_ms:
        console.print(
            f"a 640 x 480 frame becomes the input in {found.preprocess_ms.median:.2f} ms, not in the totals", highlight=False
        )
    console.print(f"wrote {output}; look at it with: dsnet-edge report {output}", highlight=False, markup=False, soft_wrap=True)


def _show_layers(layers: Layers, console: Console) -> None:
    """Of each series the widest path, and what it takes more than the slimmest; the profile has every path."""
    from itertools import groupby

    from dsnet_edge.profiling.layers_table import difference_table, layers_table

    for _, group in groupby(layers.paths, lambda path: (path.backend, path.threads)):
        slimmest, *others = group
        console.print(layers_table(layers, others[-1] if others else slimmest))
        if others:
            console.print(difference_table(slimmest, others[-1]))


def _meter(device: Device, choice: str, console: Console) -> Meter | None:
    """With auto, a device without one is no error."""
    from dsnet_edge.energy.errors import NoMeterError
    from dsnet_edge.energy.find import find_meter

    try:
        meter = find_meter(device.tree, choice)
    except NoMeterError as error:
        if choice != "auto":
            raise
        console.print(f"energy is not measured: {str(error).removeprefix('--energy auto: ')}", highlight=False, markup=False)
        return None
    if meter:
        console.print(f"energy by {meter.name}: {meter.about}", highlight=False, markup=False)
    return meter


def _paths(text: str, bundle: Bundle) -> list[int]:
    if text == "all":
        return list(range(bundle.n_paths))
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch(r"[0-9]{1,6}", part) and int(part) < bundle.n_paths for part in parts):
        raise DsnetError(f"--paths takes all, or path indices from 0 to {bundle.n_paths - 1} such as 0,6, found {text[:40]!r}")
    return sorted(set(map(int, parts)))


def _program(text: str) -> str:
    if text.startswith("-") or not text.isprintable() or not text:
        raise DsnetError(f"--python takes the name of a program on the device, found {text[:40]!r}")
    return text
