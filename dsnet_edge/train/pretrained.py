"""Transfer: a supernet that another data set has trained (paper, section 4.3 and table 3)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path as FilePath

import torch

from dsnet_edge.arch import preset
from dsnet_edge.errors import DsnetError
from dsnet_edge.nn import SlimmableNet
from dsnet_edge.plan.checkpoint import Checkpoint, read_checkpoint

_CLASSIFIER = "classifier."


@dataclass(frozen=True)
class Pretrained:
    """A checkpoint whose features are kept, and its gate with them; whether Stage II begins with that is its recipe's `start`."""

    file: FilePath
    checkpoint: Checkpoint

    @staticmethod
    def read(file: FilePath, arch: str) -> Pretrained:
        """Raises DsnetError where it is no checkpoint of the architecture, whatever its classes and the design of its gate."""
        checkpoint = read_checkpoint(file)
        found, wanted = checkpoint.arch, preset(arch, checkpoint.arch.n_classes)
        if (found.image_size, found.blocks, found.norm) != (wanted.image_size, wanted.blocks, wanted.norm):
            raise DsnetError(
                f"{file}: it is a network of {found.name} unlike the recipe's {arch}; transfer takes the same, with other classes"
            )
        return Pretrained(file, checkpoint)

    def give(self, net: SlimmableNet) -> None:
        """Everything but the classifier, which stays as it is: other classes need another one, as do the same in another order.

        A gate goes along where it is of the network's design.
        """
        own = net.state_dict()
        given = {name: torch.from_numpy(tensor.copy()) for name, tensor in self.checkpoint.tensors.items()}
        same_gates = self.checkpoint.arch.gates == net.arch.gates
        kept = {
            name: tensor
            for name, tensor in given.items()
            if not name.startswith(_CLASSIFIER) and (same_gates or not name.startswith("gate."))
        }
        net.load_state_dict(own | kept)
