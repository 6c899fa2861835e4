"""`dsnet-edge train`: the stages of training. torch is imported when a command runs, not before."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dsnet_edge.errors import require

if TYPE_CHECKING:
    from dsnet_edge.train.recipe import Recipe

app = typer.Typer(no_args_is_help=True, help="Train a dynamic slimmable network: supernet, then gate.")

RecipeFile = Annotated[Path, typer.Argument(help="A recipe, such as recipes/cifar10-small.toml.")]
CheckpointFile = Annotated[Path, typer.Argument(help="A checkpoint (.safetensors).")]
RunFolder = Annotated[Path, typer.Option("--out", "-o", help="The run's folder: checkpoints, trainer state, TensorBoard log.")]
DataFolder = Annotated[Path | None, typer.Option("--data", help="Folder with the datasets; else $DSNET_EDGE_DATA.")]
Epochs = Annotated[int | None, typer.Option(help="Instead of the recipe's.", min=1)]
Threads = Annotated[int, typer.Option(help="CPU threads of each process; 1 is fastest for small networks.", min=1)]


@app.command()
def supernet(
    recipe: RecipeFile,
    *,
    out: RunFolder,
    data: DataFolder = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the state in the run's folder.")] = False,
    epochs: Epochs = None,
    checkpoint_every: Annotated[int, typer.Option(help="Epochs between recalibrated checkpoints; 0: one at the end.", min=0)] = 0,
    threads: Threads = 1,
) -> None:
    """Stage I: sandwich rule with in-place ensemble bootstrapping, then the statistics of every path.

    On several processes or machines: torchrun --nproc-per-node N -m dsnet_edge train supernet ...
    """
    read = _prepare(recipe, threads)
    from dsnet_edge.train.distributed import joined
    from dsnet_edge.train.run import Run, run_supernet

    if epochs is not None:
        read = dataclasses.replace(read, supernet=dataclasses.replace(read.supernet, epochs=epochs))
    with joined() as group:
        run_supernet(Run.open(read, data, group, out / "tensorboard"), out, resume=resume, every=checkpoint_every)


@app.command()
def recalibrate(
    checkpoint: CheckpointFile,
    recipe: RecipeFile,
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The checkpoint to write.")],
    data: DataFolder = None,
    batches: Annotated[int | None, typer.Option(help="Instead of the recipe's.", min=1)] = None,
    threads: Threads = 1,
) -> None:
    """Batch-norm statistics of every path anew, as a cumulative average over training images."""
    read = _prepare(recipe, threads)
    from dsnet_edge.train.run import run_recalibrate

    run_recalibrate(read, data, checkpoint, out, batches)


@app.command()
def gate(
    checkpoint: CheckpointFile,
    recipe: RecipeFile,
    *,
    out: RunFolder,
    data: DataFolder = None,
    threads: Threads = 1,
) -> None:
    """Stage II: the gate of a frozen, recalibrated supernet, by sandwich gate sparsification."""
    read = _prepare(recipe, threads)
    from dsnet_edge.train.run import run_gate

    run_gate(read, data, checkpoint, out)


def _prepare(recipe: Path, threads: int) -> Recipe:
    """Reads the recipe and tells torch its threads. More than one a process is slower for small networks."""
    require("torch", "train").set_num_threads(threads)
    from dsnet_edge.train.recipe import read_recipe

    return read_recipe(recipe)
