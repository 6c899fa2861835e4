"""`dsnet-edge import`: the checkpoint that the authors of the paper released becomes one of ours."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Annotated

import typer


def import_(
    checkpoint: Annotated[FilePath, typer.Argument(help="The released file, such as DS_MBNet-70_1.pth.tar.")],
    output: Annotated[FilePath, typer.Option("--output", "-o", help="The checkpoint to write (.safetensors).")],
    labels: Annotated[FilePath | None, typer.Option(help="A text file with the name of each class, one a line.")] = None,
) -> None:
    """Import the DS-MBNet supernet that the authors of the paper released."""
    from dsnet_convert.released import GATE_CHOICES, import_released
    from dsnet_edge.errors import DsnetError
    from dsnet_edge.plan.checkpoint import write_checkpoint

    try:
        names = None if labels is None else tuple(labels.read_text("utf-8").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise DsnetError(f"--labels {labels}: not a readable text file ({error})") from error
    imported = import_released(checkpoint, names)
    write_checkpoint(imported.checkpoint, output)
    typer.echo(f"wrote {output}: {imported.checkpoint.arch.name}, 14 paths, from {imported.state}")
    typer.echo(
        f"its gate chooses among the {GATE_CHOICES} slimmest paths only: convert it with --paths 0:{GATE_CHOICES}, or train a "
        "gate for all with: dsnet-edge train gate"
    )
    typer.echo("its teacher path has statistics that were never filled, so it means nothing; no bundle has it")
