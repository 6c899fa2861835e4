"""What a run needs to go on exactly where it stopped: everything that is not in the recipe."""

from __future__ import annotations

import os
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
    os.replace(temporary, path)


def read_state(path: FilePath) -> TrainerState:
    if not path.is_file():
        raise DsnetError(f"{path}: no trainer state to resume from; start the run without --resume")
    try:
        return TrainerState(**torch.load(path, map_location="cpu", weights_only=True))
    except (RuntimeError, TypeError, ValueError, EOFError, OSError) as error:
        raise DsnetError(f"{path}: not a trainer state ({str(error).splitlines()[0]}); delete it and start again") from error
    except Exception as error:  # torch.load raises pickle's own errors, UnpicklingError among them
        raise DsnetError(f"{path}: not a trainer state ({type(error).__name__}); delete it and start again") from error
