"""The stages as runs over a folder: what `dsnet-edge train` calls."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from dsnet_edge.arch import PathSpace
from dsnet_edge.errors import DsnetError
from dsnet_edge.nn import SlimmableNet
from dsnet_edge.plan.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from dsnet_edge.train.convert import to_checkpoint, to_net
from dsnet_edge.train.cost import CostSource, madds_costs, measured_costs
from dsnet_edge.train.data import Data, open_data
from dsnet_edge.train.distributed import Group, alone
from dsnet_edge.train.evaluate import evaluate
from dsnet_edge.train.gate import gate_space, train_gate, with_gate
from dsnet_edge.train.pretrained import Pretrained
from dsnet_edge.train.recalibrate import recalibrate
from dsnet_edge.train.recipe import Recipe, recipe_to_dict
from dsnet_edge.train.report import Reporter
from dsnet_edge.train.summary import summary, table
from dsnet_edge.train.supernet import SupernetTrainer
from dsnet_edge.train.target import make_target

STATE, SUPERNET, FINAL = "state.pt", "supernet.safetensors", "model.safetensors"
_EARLY_BATCHES = 20  # of recalibration, for a checkpoint on the way


@dataclass(frozen=True)
class Run:
    """What every stage works with."""

    recipe: Recipe
    data: Data
    group: Group
    reporter: Reporter

    @staticmethod
    def open(recipe: Recipe, data_folder: FilePath | None, group: Group, log_folder: FilePath | None = None) -> Run:
        reporter = Reporter(group.leads, log_folder)
        data = open_data(recipe.data, data_folder)
        sizes = f"{len(data.train)} training and {len(data.test)} test images of {len(data.labels)} classes"
        reporter.line(f"{recipe.name}: {sizes}")
        return Run(recipe, data, group, reporter)

    def read(self, source: FilePath) -> tuple[Checkpoint, SlimmableNet]:
        """A checkpoint that this run's data fits."""
        checkpoint = read_checkpoint(source)
        if checkpoint.labels != self.data.labels:
            n, name = len(checkpoint.labels), self.recipe.data.name
            raise DsnetError(f"{source}: its {n} labels are not those of {name}; use the recipe it was trained with")
        return checkpoint, to_net(checkpoint, self.group.device)

    def recalibrate(self, net: SlimmableNet, n_batches: int) -> None:
        batch = self.recipe.supernet.batch
        recalibrate(net, self.data.train, net.arch.paths, batch=batch, n_batches=n_batches, reporter=self.reporter)

    def write(self, net: SlimmableNet, training: dict[str, Any], out: FilePath, space: PathSpace | None = None) -> dict[str, Any]:
        """The checkpoint with its test figures, the figures as JSON beside it, and the table; returns the figures."""
        figures = summary(net, evaluate(net, self.data.test, net.arch.paths, self.reporter), space)
        write_checkpoint(to_checkpoint(net, self.data, training | figures), out)
        out.with_suffix(".json").write_text(json.dumps(figures, indent=1) + "\n")
        self.reporter.console.print(table(figures, f"{net.arch.name} on {figures['test_images']} test images"))
        self.reporter.line(f"wrote {out} and {out.with_suffix('.json').name}")
        return figures


def run_supernet(run: Run, out: FilePath, *, resume: bool = False, every: int = 0, source: Pretrained | None = None) -> None:
    """Stage I. Leaves `state.pt` after each epoch, `supernet.safetensors`, recalibrated, each `every` epochs and at the end.

    With a `source` it begins with what that has learned.
    """
    trainer = SupernetTrainer.start(run.recipe, len(run.data.labels), run.group, source)
    if source is not None:
        run.reporter.line(f"begins with {source.file}, which knows {len(source.checkpoint.labels)} other classes")
    if resume:
        trainer.resume(out / STATE)
        run.reporter.line(f"going on after epoch {trainer.epoch}")
    epochs = run.recipe.supernet.epochs
    while trainer.epoch < epochs:
        figures = trainer.train_epoch(run.data, run.reporter)
        run.reporter.line(
            f"epoch {trainer.epoch}/{epochs}: loss {figures['loss']:.4f}, "
            f"training accuracy {figures['slimmest']:.2f} % (slimmest) {figures['teacher']:.2f} % (teacher), "
            f"{figures['images_per_s']:.0f} images/s"
        )
        run.reporter.scalars(trainer.epoch, **{f"supernet_epoch__{name}": value for name, value in figures.items()})
        trainer.save(out)
        if every and trainer.epoch % every == 0 and trainer.epoch < epochs:
            net = make_target(trainer.result)  # a copy: training must not depend on who looks
            _finish_supernet(run, net, trainer.epoch, _EARLY_BATCHES, out, source)
    _finish_supernet(run, trainer.result, trainer.epoch, run.recipe.supernet.recalibration_batches, out, source)
    run.reporter.close()


def _finish_supernet(run: Run, net: SlimmableNet, epoch: int, n_batches: int, out: FilePath, source: Pretrained | None) -> None:
    """One process recalibrates and writes; the others wait for it."""
    if run.group.leads:
        run.recalibrate(net, n_batches)
        training = {"recipe": recipe_to_dict(run.recipe), "stage": "supernet", "epoch": epoch}
        if source is not None:
            training["begun_with"] = source.file.name
        run.write(net, training, out / SUPERNET)
    run.group.wait()


def run_recalibrate(recipe: Recipe, data_folder: FilePath | None, source: FilePath, out: FilePath, n_batches: int | None) -> None:
    """New statistics for every path of a checkpoint."""
    run = Run.open(recipe, data_folder, alone())
    checkpoint, net = run.read(source)
    run.recalibrate(net, n_batches or recipe.supernet.recalibration_batches)
    run.write(net, dict(checkpoint.training), out)


def run_gate(
    recipe: Recipe, data_folder: FilePath | None, source: FilePath, out: FilePath, cost: CostSource | None = None
) -> None:
    """Stage II on a recalibrated supernet. Leaves `model.safetensors` and `model.json`. Without `cost`, MAdds count."""
    arch = read_checkpoint(source).arch
    space = gate_space(arch, recipe.gate)
    costs = measured_costs(cost, arch, space) if cost else madds_costs(arch, space)
    run = Run.open(recipe, data_folder, alone(), out / "tensorboard")
    if cost:
        spread = f"{costs.values[0]:.3g} to {costs.values[-1]:.3g} {cost.unit}"
        run.reporter.line(f"paths cost {spread} on {costs.record['device']}, {cost.backend} x{cost.threads}, by {cost.file}")
    checkpoint, supernet = run.read(source)
    net = with_gate(supernet, recipe.gate, recipe.seed)
    train_gate(net, run.data.train, recipe.gate, recipe.seed, run.reporter, costs)
    both = checkpoint.training.get("recipe", {}) | {"gate": recipe_to_dict(recipe)["gate"]}
    training = {**checkpoint.training, "recipe": both, "stage": "gate", "gate_cost": costs.record}
    figures = run.write(net, training, out / FINAL, space)
    if cost:
        mean = sum(share * value for share, value in zip(figures["dynamic"]["shares"], costs.values, strict=True))
        run.reporter.line(f"on the test images the gate's choices cost {mean:.3g} {cost.unit} on average")
    run.reporter.close()
