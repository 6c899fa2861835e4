"""Batch-norm statistics of every path, after the weights are final (paper, section 4.1)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch

from dsnet_edge.arch import Path
from dsnet_edge.errors import DsnetError
from dsnet_edge.nn import SlimmableNet, Statistics
from dsnet_edge.train.data import Split
from dsnet_edge.train.report import Reporter


@torch.no_grad()
def recalibrate(
    net: SlimmableNet, split: Split, paths: Sequence[Path], *, batch: int, n_batches: int, reporter: Reporter
) -> None:
    """Fills the statistics bank: for each path the cumulative average over the same batches, transformed as inference does.

    The k-th batch enters with momentum 1/k, so the first overwrites whatever was there, and a row that several paths share
    ends the same whichever comes last. The batches are a fixed random choice from the split.
    """
    device = next(net.parameters()).device
    images = list(itertools.islice(split.calibration_batches(batch), n_batches))
    if not images:
        raise DsnetError(f"{len(split)} training images do not fill a batch of {batch}; make supernet.batch smaller")
    for path in reporter.track(paths, len(paths), "recalibrating paths"):
        for k, x in enumerate(images, start=1):
            net(x.to(device), path, Statistics(from_batch=True, momentum=1 / k))
