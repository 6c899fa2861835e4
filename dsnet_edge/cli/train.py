"""`dsnet-edge train`: the stages of training. torch is imported when a command runs, not before."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dsnet_edge.errors import DsnetError, require

if TYPE_CHECKING:
    from dsnet_edge.train.cost import CostSource
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
    begin_with: Annotated[
        Path | None, typer.Option("--from", help="A checkpoint of the same architecture, trained on other classes.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the state in the run's folder.")] = False,
    epochs: Epochs = None,
    checkpoint_every: Annotated[int, typer.Option(help="Epochs between recalibrated checkpoints; 0: one at the end.", min=0)] = 0,
    threads: Threads = 1,
) -> None:
    """Stage I: sandwich rule with in-place ensemble bootstrapping, then the statistics of every path.

    --from transfers a supernet to other classes: its features and gate, with a new classifier.

    On several processes or machines: torchrun --nproc-per-node N -m dsnet_edge train supernet ...
    """
    read = _prepare(recipe, threads)
    from dsnet_edge.train.distributed import joined
    from dsnet_edge.train.pretrained import Pretrained
    from dsnet_edge.train.run import Run, run_supernet

    if epochs is not None:
        read = dataclasses.replace(read, supernet=dataclasses.replace(read.supernet, epochs=epochs))
    if resume and begin_with is not None:
        raise DsnetError("--resume goes on from the run's own state; leave out --from, which is where the run began")
    source = None if begin_with is None else Pretrained.read(begin_with, read.arch)
    with joined() as group:
        run = Run.open(read, data, group, out / "tensorboard")
        run_supernet(run, out, resume=resume, every=checkpoint_every, source=source)


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
    cost: Annotated[
        Path | None, typer.Option(help="A profile, whose figures replace multiply-adds in the complexity loss.")
    ] = None,
    cost_unit: Annotated[str | None, typer.Option(help="With --cost: ms or mj. [default: ms]")] = None,
    cost_backend: Annotated[str | None, typer.Option(help="With --cost: whose figures. [default: sliced]")] = None,
    cost_threads: Annotated[int | None, typer.Option(help="With --cost: at how many threads. [default: 1]", min=1)] = None,
    force: Annotated[bool, typer.Option("--force", help="With --cost: take figures that are noisy or throttled.")] = False,
    threads: Threads = 1,
) -> None:
    """Stage II: the gate of a frozen, recalibrated supernet, by sandwich gate sparsification."""
    source = _cost(cost, cost_unit, cost_backend, cost_threads, force)
    read = _prepare(recipe, threads)
    from dsnet_edge.train.run import run_gate

    run_gate(read, data, checkpoint, out, source)


def _cost(file: Path | None, unit: str | None, backend: str | None, threads: int | None, force: bool) -> CostSource | None:
    from dsnet_edge.profile.costs import UNITS
    from dsnet_edge.train.cost import CostSource

    if file is None:
        if unit or backend or threads or force:
            raise DsnetError("--cost-unit, --cost-backend, --cost-threads and --force say what to take of a profile; give --cost")
        return None
    for known in UNITS:
        if known == (unit or "ms").lower():
            return CostSource(file, known, backend or "sliced", threads or 1, force)
    raise DsnetError(f"--cost-unit takes {' or '.join(UNITS)}, found {unit!r}")


def _prepare(recipe: Path, threads: int) -> Recipe:
    """Reads the recipe and tells torch its threads. More than one a process is slower for small networks."""
    require("torch", "train").set_num_threads(threads)
    from dsnet_edge.train.recipe import read_recipe

    return read_recipe(recipe)
