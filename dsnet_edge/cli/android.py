"""`dsnet-edge android`: the app on a phone behind adb."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated

import typer

from dsnet_edge.cli.bar import progress_bar
from dsnet_edge.errors import DsnetError

if TYPE_CHECKING:
    from rich.console import Console

    from dsnet_edge.android.benchmark import Found

app = typer.Typer(no_args_is_help=True, help="The Android app on a phone behind adb.")

_Phone = Annotated[str, typer.Option(metavar="adb[:SERIAL]", help="The phone; a serial where there are several.")]
_Apk = Annotated[FilePath | None, typer.Option(help="The app; else the one of make android.")]


@app.command()
def install(
    bundle: Annotated[FilePath | None, typer.Argument(help="A bundle folder to put into the app.")] = None,
    apk: _Apk = None,
    name: Annotated[str | None, typer.Option(help="What the app calls the bundle; else the folder's name.")] = None,
    device: _Phone = "adb",
) -> None:
    """Install the app where it is given or missing, put a bundle into it, and start it."""
    from rich.console import Console

    from dsnet_edge.android.apk import find_apk, install_apk
    from dsnet_edge.android.app import MAIN, installed_app, open_phone, sdk_of
    from dsnet_edge.android.bundles import install_bundle
    from dsnet_edge.cli.interrupt import interruptible
    from dsnet_edge.devices.device import DeviceError, LostError
    from dsnet_edge.runtime.bundle import open_bundle

    console = Console()
    opened = open_bundle(bundle) if bundle else None
    called = name or (bundle.resolve().name if bundle else "")
    file = find_apk(apk) if apk or bundle is None else None
    with interruptible(FilePath(f"{called or 'the app'} on the phone")), open_phone(device) as phone:
        sdk_of(phone)
        try:
            if file is None:
                there = installed_app(phone)
        except LostError:
            raise
        except DeviceError:
            file = find_apk(apk)  # which says how to build one
        if file is not None:
            with progress_bar("installing the app", console) as told:
                there = install_apk(phone, file, told)
            console.print(f"installed {file.name}", highlight=False, markup=False)
        if opened:
            with progress_bar(f"copying {called}", console) as told:
                install_bundle(there, opened, called, told)
            console.print(f"installed the bundle {called}", highlight=False, markup=False)
        there.start(MAIN, {"bundle": called} if called else {})
    console.print("started the app; measure with: dsnet-edge android bench", highlight=False)


@app.command()
def bench(
    bundle: Annotated[str | None, typer.Argument(metavar="NAME", help="A bundle in the app; else its first.")] = None,
    device: _Phone = "adb",
    backend: Annotated[str, typer.Option(help="sliced, executorch, litert, separated by commas.")] = "sliced",
    threads: Annotated[str, typer.Option(help="Numbers of threads, separated by commas; a series each.")] = "1",
    blocks: Annotated[int, typer.Option(min=2, max=1000, help="Processes a series at the least; up to twice as many.")] = 8,
    seconds: Annotated[float, typer.Option(min=0.1, max=600, help="How long each of them measures.")] = 3.0,
    noise: Annotated[str, typer.Option(help="How well every path must be known to be called a result.")] = "3%",
    output: Annotated[FilePath, typer.Option("--output", "-o", help="The profile to write.")] = FilePath("profile.json"),
) -> None:
    """Let the app measure every path of a bundle, and write its profile. Exit code 1 if it is too noisy for a result."""
    from rich.console import Console

    from dsnet_edge.android.app import NAME, installed_app, open_phone
    from dsnet_edge.android.benchmark import Wanted, run_benchmark
    from dsnet_edge.android.status import Status
    from dsnet_edge.cli.interrupt import interruptible
    from dsnet_edge.cli.numbers import per_cent, whole_numbers

    console = Console()
    if bundle is not None and not NAME.fullmatch(bundle):
        raise DsnetError(f"{bundle[:40]!r} is no name of a bundle in the app; put one there with: dsnet-edge android install")
    counts = whole_numbers(threads, "--threads")
    wanted = Wanted(bundle, _backends(backend), counts, blocks, seconds, per_cent(noise, "--noise"))
    with interruptible(output), open_phone(device) as phone:
        there = installed_app(phone)
        with progress_bar("measuring on the phone", console) as measured:

            def tell(status: Status) -> None:
                measured(status.fraction)
                if status.told:
                    console.print(status.told, style="yellow", highlight=False, markup=False)

            found = run_benchmark(there, wanted, tell)
        if found.profile:
            _write(found.text, output)
    _show(found, output, console)
    if found.profile is None or any(series.verdict != "steady" for series in found.profile.series):
        raise typer.Exit(1)
    if len(found.profile.series) < len(found.lanes):
        raise typer.Exit(1)


@app.command()
def check(
    bundle: Annotated[str | None, typer.Argument(metavar="NAME", help="A bundle in the app; else its first.")] = None,
    apk: Annotated[FilePath | None, typer.Option(help="The app to install first; else the one that is there.")] = None,
    device: _Phone = "adb",
    backend: Annotated[str, typer.Option(help="Engines to try, separated by commas.")] = "sliced,executorch,litert",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of lines.")] = False,
) -> None:
    """Find out what only a phone can tell: does the app start, does every engine compute what it should. Exit code 1 if not."""
    import time

    from rich.console import Console

    from dsnet_edge.android.apk import find_apk
    from dsnet_edge.android.app import open_phone
    from dsnet_edge.android.checks import check_phone

    console = Console()
    file = find_apk(apk) if apk else None
    found = []
    with open_phone(device) as phone:
        for one in check_phone(phone, file, bundle, _backends(backend), time.sleep):
            found.append(one)
            if not as_json:
                style = {"passed": "green", "failed": "red", "told": "yellow"}[one.outcome]
                console.print(f"[{style}]{one.outcome:<6}[/] ", end="")
                console.print(f"{one.name}: {one.detail}", highlight=False, markup=False, soft_wrap=True)
    passed = all(one.outcome != "failed" for one in found)
    if as_json:
        record = {"format": "dsnet-edge android check", "version": 1, "passed": passed, "checks": [asdict(one) for one in found]}
        typer.echo(json.dumps(record, indent=1))
    if not passed:
        raise typer.Exit(1)


def _backends(text: str) -> tuple[str, ...]:
    from dsnet_edge.android.checks import BACKENDS

    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in BACKENDS]
    if unknown or not names:
        raise DsnetError(f"--backend takes engines of the app, {', '.join(BACKENDS)}, separated by commas, found {text[:40]!r}")
    return names


def _write(text: bytes, output: FilePath) -> None:
    """What the app wrote, to the byte, under a temporary name first."""
    part = output.with_name(output.name + ".part")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(text)
            part.replace(output)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise DsnetError(f"{output}: cannot be written ({error.strerror}); choose another place with -o") from error


def _show(found: Found, output: FilePath, console: Console) -> None:
    from dsnet_edge.profiling.tables import device_lines, series_table

    for lane in found.lanes:
        if lane.blocks == 0:
            told = lane.troubles[-1] if lane.troubles else "it was not measured"
            console.print(f"{lane}: {told}", style="red", highlight=False, markup=False)
    if found.profile is None:
        return
    for line in device_lines(found.profile):
        console.print(line, highlight=False, markup=False)
    for series in found.profile.series:
        console.print(series_table(found.profile, series))
    for warning in found.profile.warnings:
        console.print(f"warning: {warning}", style="yellow", highlight=False, markup=False)
    console.print(f"wrote {output}; look at it with: dsnet-edge report {output}", highlight=False, markup=False, soft_wrap=True)
