"""The `dsnet-edge` command. Each subcommand is a module; heavy imports happen inside it."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line. Bad input ends in one line on standard error and exit code 2, never in a traceback."""
    from rich.console import Console

    from dsnet_edge.cli.app import app
    from dsnet_edge.errors import DsnetError

    try:
        app()
    except DsnetError as error:
        Console(stderr=True, soft_wrap=True, highlight=False).print(f"[bold red]error:[/] {_escape(str(error))}")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(141)


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(" ".join(text.split()))
