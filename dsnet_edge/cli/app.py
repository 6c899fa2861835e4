"""The subcommands and their one-line summaries."""

from __future__ import annotations

from typing import Annotated

import typer

from dsnet_edge import __version__
from dsnet_edge.cli.android import app as android
from dsnet_edge.cli.bench import bench
from dsnet_edge.cli.camera import camera
from dsnet_edge.cli.compare import compare
from dsnet_edge.cli.convert import convert
from dsnet_edge.cli.import_ import import_
from dsnet_edge.cli.inspect import inspect
from dsnet_edge.cli.profile import profile
from dsnet_edge.cli.quickstart import quickstart
from dsnet_edge.cli.report import report
from dsnet_edge.cli.run import run
from dsnet_edge.cli.sweep import sweep
from dsnet_edge.cli.table1 import table1
from dsnet_edge.cli.train import app as train
from dsnet_edge.cli.verify import verify

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Dynamic slimmable networks on ARM CPUs: train, convert, verify and run networks that choose their width per input.",
)
app.add_typer(train, name="train", help="Train a supernet, recalibrate its paths, train its gate.")
app.add_typer(android, name="android", help="The Android app on a phone: install, measure, check.")
app.command()(convert)
app.command("import")(import_)
app.command()(verify)
app.command()(run)
app.command()(camera)
app.command()(inspect)
app.command()(bench)
app.command()(table1)
app.command()(profile)
app.command()(report)
app.command()(compare)
app.command()(sweep)
app.command()(quickstart)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dsnet-edge {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    pass
