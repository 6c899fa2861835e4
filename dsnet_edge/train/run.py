"""The stages as runs over a folder: what `dsnet-edge train` calls."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

from dsnet_edge.arch import Path
from dsnet_edge.nn import SlimmableNet
from dsnet_edge.plan import Program
from dsnet_edge.plan.checkpoint import Checkpoint, write_checkpoint
from dsnet_edge.train.convert import to_checkpoint, to_net
from dsnet_edge.train.data import Data, open_data
from dsnet_edge.train.distributed import Group
from dsnet_edge.train.evaluate import evaluate
from dsnet_edge.train.recalibrate import recalibrate
from dsnet_edge.train.recipe import Recipe, recipe_to_dict
from dsnet_edge.train.report import Reporter
from dsnet_edge.train.supernet import SupernetTrainer
from dsnet_edge.train.target import make_target

STATE, SUPERNET = "state.pt", "supernet.safetensors"
_EARLY_BATCHES = 20  # of recalibration, for a checkpoint on the way


def train_supernet(recipe: Recipe, data_folder: FilePath | None, out: FilePath, resume: bool, every: int, group: Group) -> None:
    """Stage I. Leaves `state.pt` after each epoch, and a recalibrated `supernet.safetensors` every so many epochs and at the end."""
    reporter = Reporter(group.leads, out / "tensorboard")
    data = _open(recipe, data_folder, reporter)
    trainer = SupernetTrainer.start(recipe, len(data.labels), group)
    if resume:
        trainer.resume(out / STATE)
        reporter.line(f"going on after epoch {trainer.epoch}")
    epochs = recipe.supernet.epochs
    while trainer.epoch < epochs:
        figures = trainer.train_epoch(data, reporter)
        reporter.line(
            f"epoch {trainer.epoch}/{epochs}: loss {figures['loss']:.4f}, training accuracy {figures['slimmest']:.2f} % (slimmest) "
            f"{figures['teacher']:.2f} % (teacher), {figures['images_per_s']:.0f} images/s"
        )
        reporter.scalars(trainer.epoch, **{f"supernet_epoch__{name}": value for name, value in figures.items()})
        trainer.save(out)
        if group.leads and every and trainer.epoch % every == 0 and trainer.epoch < epochs:
            net = make_target(trainer.result)  # a copy: training must not depend on who looks
            checkpoint_supernet(net, data, recipe, trainer.epoch, _EARLY_BATCHES, out / SUPERNET, reporter)
        group.wait()
    if group.leads:
        batches = recipe.supernet.recalibration_batches
        checkpoint_supernet(trainer.result, data, recipe, trainer.epoch, batches, out / SUPERNET, reporter)
    group.wait()
    reporter.close()


def recalibrate_checkpoint(
    checkpoint: Checkpoint, recipe: Recipe, data_folder: FilePath | None, batches: int, out: FilePath, group: Group
) -> None:
    """New statistics for every path of a checkpoint."""
    reporter = Reporter(group.leads)
    data = _open(recipe, data_folder, reporter)
    net = to_net(checkpoint, group.device)
    recalibrate(net, data.train, net.arch.paths, recipe.supernet.batch, batches, reporter)
    figures = path_figures(net, data, reporter)
    write_checkpoint(to_checkpoint(net, data, {**checkpoint.training, **figures}), out)
    reporter.line(f"wrote {out}")


def checkpoint_supernet(
    net: SlimmableNet, data: Data, recipe: Recipe, epoch: int, batches: int, out: FilePath, reporter: Reporter
) -> None:
    recalibrate(net, data.train, net.arch.paths, recipe.supernet.batch, batches, reporter)
    training = {"recipe": recipe_to_dict(recipe), "stage": "supernet", "epoch": epoch}
    write_checkpoint(to_checkpoint(net, data, training | path_figures(net, data, reporter)), out)
    reporter.line(f"wrote {out}")


def path_figures(net: SlimmableNet, data: Data, reporter: Reporter) -> dict[str, Any]:
    """Test accuracy and multiply-adds of every path."""
    program = Program.from_arch(net.arch)
    outcomes = evaluate(net, data.test, net.arch.paths, reporter)
    accuracies = [round(float(accuracy), 3) for accuracy in outcomes.accuracies]
    reporter.line("test accuracy of each path: " + " ".join(f"{accuracy:.2f}" for accuracy in accuracies))
    return {"paths": [_figure(path, program, accuracy) for path, accuracy in zip(net.arch.paths, accuracies, strict=True)]}


def _figure(path: Path, program: Program, accuracy: float) -> dict[str, Any]:
    return {"path": str(path), "madds": program.madds(path), "accuracy": accuracy}


def _open(recipe: Recipe, folder: FilePath | None, reporter: Reporter) -> Data:
    data = open_data(recipe.data, folder)
    reporter.line(f"{recipe.name}: {len(data.train)} training and {len(data.test)} test images of {len(data.labels)} classes")
    return data
