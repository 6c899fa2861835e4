"""What a run needs to go on exactly where it stopped: everything that is not in the recipe."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import torch

from dsnet_edge.errors import DsnetError


@dataclass(frozen=True)
class TrainerState:
    """Between two epochs. Sampling and augmentation are drawn from (seed, epoch), so there is no generator to save."""

    recipe: dict[str, Any]
    epoch: int  # epochs done
    step: int  # optimiser steps done
    net: dict[str, torch.Tensor]
    target: dict[str, torch.Tensor]
    optimizer: dict[str, Any]


def write_state(state: TrainerState, path: FilePath) -> None:
    """Temporary file and rename: an interrupted write leaves the state of the epoch before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    torch.save(vars(state), temporary)
    temporary.replace(path)


def read_state(path: FilePath) -> TrainerState:
    if not path.is_file():
        raise DsnetError(f"{path}: no trainer state to resume from; start the run without --resume")
    try:
        return TrainerState(**torch.load(path, map_location="cpu", weights_only=True))
    except (RuntimeError, TypeError, ValueError, EOFError, OSError, pickle.UnpicklingError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise DsnetError(f"{path}: not a trainer state ({reason}); delete it and start again") from error
