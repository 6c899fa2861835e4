"""`dsnet-edge inspect`: what every path of a network costs."""

from __future__ import annotations

import json
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated

import typer

from dsnet_edge.errors import BundleError

if TYPE_CHECKING:
    from dsnet_edge.plan import Plan


def inspect(
    network: Annotated[str, typer.Argument(help="A preset such as dsmbnet14, a checkpoint (.safetensors), or a bundle.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Print multiply-adds, parameters and weight bytes of every path, and of prefix and gate."""
    from rich.console import Console

    from dsnet_edge.plan.summary import summarise

    summary = summarise(_plan(network))
    if as_json:
        typer.echo(json.dumps(summary.to_dict(), indent=2))
    else:
        Console().print(summary.table())


def _plan(network: str) -> Plan:
    from dsnet_edge.arch import PRESETS, preset
    from dsnet_edge.plan import Plan
    from dsnet_edge.plan.blank import blank_plan
    from dsnet_edge.runtime.bundle import open_bundle
    from dsnet_edge.runtime.oracle import OracleBackend

    if network in PRESETS:
        return blank_plan(preset(network))
    file = FilePath(network)
    if file.is_dir():
        return OracleBackend(open_bundle(file), threads=1).plan
    if file.is_file():
        return Plan.from_checkpoint(file)
    raise BundleError(f"{network}: neither a file nor a folder nor a preset; the presets are {', '.join(PRESETS)}")
