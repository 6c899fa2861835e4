"""Stage II: the gate of a frozen supernet (paper, section 3.4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from dsnet_edge.arch import Arch, PathSpace
from dsnet_edge.errors import DsnetError
from dsnet_edge.nn import SlimmableNet
from dsnet_edge.train.cost import GateCosts, madds_costs
from dsnet_edge.train.data import Split
from dsnet_edge.train.distributed import Group
from dsnet_edge.train.gate_loss import gate_loss
from dsnet_edge.train.recipe import GateRecipe
from dsnet_edge.train.report import Reporter


@dataclass(frozen=True)
class GateBatch:
    """What the gate learns from: its input, and what every path it may choose makes of the images."""

    gate_input: Tensor  # as Cut has it
    path_logits: Tensor  # [P, N, classes]
    labels: Tensor  # [N]


def gate_space(arch: Arch, recipe: GateRecipe) -> PathSpace:
    """The paths the recipe lets the gate choose from. Raises DsnetError for a network that has not one gate."""
    if len(arch.gates) != 1:
        raise DsnetError(
            f"{arch.name} has {len(arch.gates) or 'no'} gates, and Stage II trains a network of one; choose another arch"
        )
    return arch.space.restrict(recipe.low, recipe.high or arch.gate.n_choices)


def with_gate(net: SlimmableNet, recipe: GateRecipe, seed: int) -> SlimmableNet:
    """The network with the gate that the recipe asks for: its own, where that is of this design, else an untrained one."""
    gate = replace(net.arch.gate, design=recipe.design, w1=recipe.w1)
    if gate == net.arch.gate and recipe.start == "checkpoint":
        return net
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        other = SlimmableNet(replace(net.arch, gates=(gate,)))
    kept = {name: tensor for name, tensor in net.state_dict().items() if not name.startswith("gate.")}
    other.load_state_dict(other.state_dict() | kept)
    return other.to(next(net.parameters()).device)


def train_gate(
    net: SlimmableNet, split: Split, recipe: GateRecipe, seed: int, reporter: Reporter, costs: GateCosts | None = None
) -> None:
    """Trains W2, or W1 and W2, and leaves every other parameter as it was. Without `costs`, of the recipe's paths, MAdds count.

    With `w2` nothing below the gate's input changes, so `recipe.views` passes over the augmented data are run once and kept;
    `views = 0` runs the network anew in every epoch, for data too large to keep, as `w1w2` always does.
    """
    if len(split) < recipe.batch:
        raise DsnetError(f"{len(split)} training images do not fill a batch of {recipe.batch}; make gate.batch smaller")
    if net.arch.gate.design == "scalar" and gate_space(net.arch, recipe) != net.arch.space:
        raise DsnetError("a scalar gate has one output for all choices and cannot be restricted; drop gate.low and gate.high")
    with_w1 = recipe.trainable == "w1w2" and net.arch.gate.w1 == "shared"  # a W1 of its own is always trained
    trainable = _unfreeze(net, with_w1)
    optimizer = torch.optim.SGD(trainable, lr=recipe.learning_rate, momentum=recipe.momentum, nesterov=recipe.momentum > 0)
    costs = costs or madds_costs(net.arch, gate_space(net.arch, recipe))
    objective = _Objective(net, recipe, costs, torch.Generator(trainable[0].device).manual_seed(seed))

    def batches(epoch: int) -> Iterator[GateBatch]:
        images = split.train_batches(recipe.batch, (seed, epoch), Group())
        for x, y in reporter.track(images, len(split) // recipe.batch, f"gate, pass {epoch + 1}"):
            yield outcomes_of_paths(net, x, y, objective.space, with_gradient=with_w1)

    keep = 0 if with_w1 else min(recipe.views, recipe.epochs)
    views = [list(batches(view)) for view in range(keep)]
    for epoch in range(recipe.epochs):
        for settings in optimizer.param_groups:
            settings["lr"] = recipe.learning_rate * recipe.epoch_decay**epoch
        figures = _train_epoch(objective, optimizer, views[epoch % keep] if keep else batches(epoch))
        reporter.line(f"gate epoch {epoch + 1}/{recipe.epochs}: " + ", ".join(f"{k} {v:.4f}" for k, v in figures.items()))
        reporter.scalars(epoch + 1, **{f"gate__{name}": value for name, value in figures.items()})
    _close_other_rows(net, objective.space)
    net.requires_grad_(True)


def outcomes_of_paths(net: SlimmableNet, images: Tensor, labels: Tensor, space: PathSpace, *, with_gradient: bool) -> GateBatch:
    """Every path of the space on the same features, with the statistics of inference."""
    device = next(net.parameters()).device
    with torch.set_grad_enabled(with_gradient):
        prefix = net.prefix(images.to(device))
        logits = [net.suffix(prefix.features, prefix.attention, path) for path in space.paths()]
        return GateBatch(prefix.gate_input, torch.stack(logits), labels.to(device))


class _Objective:
    """The loss of a batch, with the network's costs at hand."""

    def __init__(self, net: SlimmableNet, recipe: GateRecipe, costs: GateCosts, generator: torch.Generator) -> None:
        self.net, self.recipe, self.generator = net, recipe, generator
        self.space = gate_space(net.arch, recipe)
        self.costs, self.total, self.unit = torch.tensor(costs.values, device=generator.device), costs.total, costs.unit

    def __call__(self, batch: GateBatch) -> dict[str, Tensor]:
        """The parts of `gate_loss`, and the mean share of the total cost that the argmax of the scores would take."""
        scores = self.net.heads[0](batch.gate_input)[:, list(self.space.gates[0])]
        parts = gate_loss(
            scores, batch.path_logits, batch.labels, self.costs, total=self.total, recipe=self.recipe, generator=self.generator
        )
        return parts | {f"{self.unit}_of_total": self.costs[scores.argmax(1)].mean() / self.total}


def _train_epoch(objective: _Objective, optimizer: torch.optim.Optimizer, batches: Iterable[GateBatch]) -> dict[str, float]:
    """Means over the epoch of what the objective gives."""
    history = []
    for batch in batches:
        parts = objective(batch)
        optimizer.zero_grad()
        parts["loss"].backward()
        optimizer.step()
        history.append({name: value.detach() for name, value in parts.items()})
    return {name: torch.stack([parts[name] for parts in history]).mean().item() for name in history[0]}


@torch.no_grad()
def _close_other_rows(net: SlimmableNet, space: PathSpace) -> None:
    """Makes the gate of a restricted space never choose outside it, wherever it is deployed.

    The hidden vector is not negative, so a row below all open ones by 1 in every entry scores less than each of them.
    """
    if space == net.arch.space:
        return
    open_rows = list(space.gates[0])
    closed_rows = [row for row in range(net.arch.gate.n_choices) if row not in open_rows]
    for parameter in net.heads[0].parameters(recurse=False):  # not of a W1 of its own
        parameter[closed_rows] = parameter[open_rows].amin(0) - 1


def _unfreeze(net: SlimmableNet, with_w1: bool) -> list[torch.nn.Parameter]:
    """Only W2, and W1 if wanted, will take gradients."""
    net.requires_grad_(False)
    trainable = [*net.heads[0].parameters(), *(net.attention_of(0).reduce.parameters() if with_w1 else ())]
    for parameter in trainable:
        parameter.requires_grad_(True)
    return trainable
