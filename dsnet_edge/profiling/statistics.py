"""Summaries of repeated measurements, and whether they are good enough to be called a result."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dsnet_edge.profile.values import Summary

_RESAMPLES = 400


def summarize(blocks: Sequence[Sequence[float]], seed: int = 0) -> Summary:
    """Of the samples of every block together.

    The 95 % interval of the median is a bootstrap in two stages, blocks and then the samples of each: samples of one process
    resemble each other more than those of another, and drawing samples alone would promise too much. At least one sample.
    """
    arrays = [np.asarray(block, np.float64) for block in blocks if len(block)]
    samples = np.concatenate(arrays)
    generator = np.random.default_rng(seed)
    medians = np.empty(_RESAMPLES)
    for index in range(_RESAMPLES):
        chosen = generator.integers(0, len(arrays), len(arrays))
        medians[index] = np.median(np.concatenate([generator.choice(arrays[block], len(arrays[block])) for block in chosen]))
    low, high = np.percentile(medians, (2.5, 97.5))
    median, p90, p99 = np.percentile(samples, (50, 90, 99))
    numbers = (float(f"{number:.6g}") for number in (median, min(low, median), max(high, median), p90, p99, samples.min()))
    return Summary(samples.size, *numbers)


def half_width(summary: Summary) -> float:
    """Of the interval, relative to the median."""
    return (summary.high - summary.low) / (2 * summary.median) if summary.median else 0.0
