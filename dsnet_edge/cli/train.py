"""`dsnet-edge train`: the stages of training. torch is imported when a command runs, not before."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dsnet_edge.errors import require

app = typer.Typer(no_args_is_help=True, help="Train a dynamic slimmable network: supernet, then gate.")

RecipeFile = Annotated[Path, typer.Argument(help="A recipe, such as recipes/cifar10-small.toml.")]
CheckpointFile = Annotated[Path, typer.Argument(help="A checkpoint (.safetensors).")]
Out = Annotated[Path, typer.Option("--out", "-o", help="The run's folder: checkpoints, trainer state, TensorBoard log.")]
DataFolder = Annotated[Path | None, typer.Option("--data", help="Folder with the datasets; else $DSNET_EDGE_DATA.")]
Threads = Annotated[int, typer.Option(help="CPU threads of this process; 1 is fastest for small networks.")]


@app.command()
def supernet(
    recipe: RecipeFile,
    out: Out,
    data: DataFolder = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the state in the run's folder.")] = False,
    epochs: Annotated[int | None, typer.Option(help="Instead of the recipe's.")] = None,
    checkpoint_every: Annotated[int, typer.Option(help="Epochs between recalibrated checkpoints; 0: at the end only.")] = 0,
    threads: Threads = 1,
) -> None:
    """Stage I: sandwich rule with in-place ensemble bootstrapping, then batch-norm statistics of every path.

    Several processes: torchrun --nproc-per-node 2 -m dsnet_edge train supernet ...
    """
    require("torch", "train")
    import dataclasses

    import torch

    from dsnet_edge.train.distributed import joined
    from dsnet_edge.train.recipe import read_recipe
    from dsnet_edge.train.run import train_supernet

    read = read_recipe(recipe)
    if epochs is not None:
        read = dataclasses.replace(read, supernet=dataclasses.replace(read.supernet, epochs=epochs))
    torch.set_num_threads(threads)
    with joined() as group:
        train_supernet(read, data, out, resume, checkpoint_every, group)


@app.command()
def recalibrate(
    checkpoint: CheckpointFile,
    recipe: RecipeFile,
    out: Annotated[Path, typer.Option("--out", "-o", help="The checkpoint to write.")],
    data: DataFolder = None,
    batches: Annotated[int | None, typer.Option(help="Instead of the recipe's.")] = None,
    threads: Threads = 1,
) -> None:
    """Fill the batch-norm statistics of every path anew."""
    require("torch", "train")
    import torch

    from dsnet_edge.plan.checkpoint import read_checkpoint
    from dsnet_edge.train.distributed import Group
    from dsnet_edge.train.recipe import read_recipe
    from dsnet_edge.train.run import recalibrate_checkpoint

    read = read_recipe(recipe)
    torch.set_num_threads(threads)
    n_batches = batches or read.supernet.recalibration_batches
    recalibrate_checkpoint(read_checkpoint(checkpoint), read, data, n_batches, out, Group())
