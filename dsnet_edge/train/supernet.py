"""Stage I: one network whose every path predicts well (paper, section 3.2)."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path as FilePath

import numpy as np
import torch
from torch import Tensor, nn

from dsnet_edge.arch import Path, preset
from dsnet_edge.errors import DsnetError
from dsnet_edge.nn import SlimmableNet
from dsnet_edge.train.data import Data
from dsnet_edge.train.distributed import Group
from dsnet_edge.train.losses import sandwich_loss
from dsnet_edge.train.optimizer import learning_rate, make_sgd
from dsnet_edge.train.pretrained import Pretrained
from dsnet_edge.train.recipe import Recipe, recipe_to_dict
from dsnet_edge.train.report import Reporter
from dsnet_edge.train.sandwich import Sandwich, sandwich_logits
from dsnet_edge.train.state import TrainerState, read_state, write_state
from dsnet_edge.train.target import make_target, move_target


@dataclass
class SupernetTrainer:
    """The state of a Stage I run. All processes of a group hold the same one."""

    recipe: Recipe
    net: SlimmableNet
    target: SlimmableNet
    optimizer: torch.optim.Optimizer
    group: Group
    epoch: int = 0
    step: int = 0

    @staticmethod
    def start(recipe: Recipe, n_classes: int, group: Group, source: Pretrained | None = None) -> SupernetTrainer:
        """The network of the recipe's seed, or what another data set has taught it, before its first step."""
        with torch.random.fork_rng():
            torch.manual_seed(recipe.seed)
            net = SlimmableNet(preset(recipe.arch, n_classes))
        if source is not None:
            source.give(net)
        net.to(group.device)
        net.gate.requires_grad_(False)  # the slimming head is Stage II's (paper, section 3.2)
        return SupernetTrainer(recipe, net, make_target(net), make_sgd(net, recipe.supernet.optimizer), group)

    def state(self) -> TrainerState:
        return TrainerState(
            recipe_to_dict(self.recipe),
            self.epoch,
            self.step,
            self.net.state_dict(),
            self.target.state_dict(),
            self.optimizer.state_dict(),
        )

    def resume(self, path: FilePath) -> None:
        """Goes on from a state of the same architecture; other fields of the recipe may have changed (more epochs, say)."""
        state = read_state(path)
        if state.recipe["arch"] != self.recipe.arch:
            raise DsnetError(
                f"{path}: it is of a run of {state.recipe['arch']}, the recipe says {self.recipe.arch}; use its recipe"
            )
        self.net.load_state_dict(state.net)
        self.target.load_state_dict(state.target)
        self.optimizer.load_state_dict(state.optimizer)
        self.epoch, self.step = state.epoch, state.step

    def train_epoch(self, data: Data, reporter: Reporter) -> dict[str, float]:
        """One pass over the training split. Returns mean loss, and training accuracy of the teacher and the slimmest path."""
        supernet, seed = self.recipe.supernet, (self.recipe.seed, self.epoch)
        generator = np.random.default_rng((*seed, 1))  # the same paths on every process
        n_steps = len(data.train) // supernet.batch
        if n_steps == 0:
            raise DsnetError(
                f"{len(data.train)} training images do not fill a batch of {supernet.batch}; make supernet.batch smaller"
            )
        sandwich = _parallel(Sandwich(self.net), self.group)
        batches = data.train.train_batches(supernet.batch, seed, self.group)
        totals, started = torch.zeros(3), time.monotonic()
        for index, (x, y) in enumerate(reporter.track(batches, n_steps, f"epoch {self.epoch + 1}")):
            rate = learning_rate(supernet.optimizer, self.epoch + index / n_steps, supernet.epochs)
            sampled = [self.net.arch.space.sample(generator) for _ in range(supernet.random_paths)]
            figures = self._train_step(sandwich, x.to(self.group.device), y.to(self.group.device), sampled, rate)
            totals += figures
            if self.step % 50 == 0:
                reporter.scalars(self.step, supernet__loss=float(figures[0]), supernet__learning_rate=rate)
        self.epoch += 1
        loss, teacher, slimmest = (totals / n_steps).tolist()
        seconds = time.monotonic() - started
        return {
            "loss": loss,
            "teacher": 100 * teacher,
            "slimmest": 100 * slimmest,
            "images_per_s": n_steps * supernet.batch / seconds,
        }

    def _train_step(self, sandwich: nn.Module, x: Tensor, y: Tensor, sampled: list[Path], rate: float) -> Tensor:
        """One step on the teacher, the sampled and the slimmest path. Returns loss and two accuracies of this batch."""
        supernet, space = self.recipe.supernet, self.net.arch.space
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self.recipe.precision == "bf16"):
            target = None
            if supernet.scheme != "in_place":
                with torch.no_grad():
                    wanted = sampled if supernet.scheme == "ensemble" else []
                    target = sandwich_logits(self.target, x, [space.teacher, *wanted])
            logits = sandwich(x, [space.teacher, *sampled, space.slimmest])
        loss = sandwich_loss(
            logits,
            target,
            y,
            scheme=supernet.scheme,
            temperature=supernet.temperature,
            label_smoothing=supernet.label_smoothing,
        )
        if not math.isfinite(loss.item()):
            raise DsnetError(f"the loss became {loss.item()} in step {self.step}; lower the learning rate or clip the gradients")
        self.optimizer.zero_grad()
        loss.backward()
        if supernet.optimizer.clip_norm:
            trainable = [p for p in self.net.parameters() if p.requires_grad]
            nn.utils.clip_grad_norm_(trainable, supernet.optimizer.clip_norm, foreach=True)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        move_target(self.target, self.net, supernet.ema_decay, self.step)
        self.step += 1
        hits = [(logits[i].detach().argmax(1) == y).float().mean() for i in (0, -1)]
        return torch.stack([loss.detach(), *hits]).cpu()

    @property
    def result(self) -> SlimmableNet:
        """The network to deploy."""
        return self.target if self.recipe.supernet.weights == "ema" else self.net

    def save(self, folder: FilePath) -> None:
        if self.group.leads:
            write_state(self.state(), folder / "state.pt")


def _parallel(module: nn.Module, group: Group) -> nn.Module:
    """Gradients averaged over the group's processes."""
    if group.world == 1:
        return module
    return nn.parallel.DistributedDataParallel(module, forward_sync_buffers=False)
