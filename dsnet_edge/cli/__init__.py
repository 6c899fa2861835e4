"""The `dsnet-edge` command. Each subcommand is a module; heavy imports happen inside it."""

from __future__ import annotations

import sys

from dsnet_edge.errors import DsnetError


def main() -> None:
    """Runs the command line. Bad input ends in one line on standard error and exit code 2, never in a traceback."""
    try:
        from dsnet_edge.cli.app import app

        app()
    except DsnetError as error:
        _print(str(error))
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(141)


def _print(error: str) -> None:
    from rich.console import Console
    from rich.markup import escape

    line = escape(" ".join(error.split()))
    Console(stderr=True, soft_wrap=True, highlight=False).print(f"[bold red]error:[/] {line}")
