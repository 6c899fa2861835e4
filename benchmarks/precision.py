"""What each precision costs the demo model: top-1 of every path on CIFAR-10's test images, and the noise it adds to the logits.

    python benchmarks/precision.py --data DATA --json benchmarks/results/precision.json

DATA holds cifar10.tar.xz. Computed by the NumPy oracle, with which the native runtime agrees (`dsnet-edge verify`), so the
figures depend on no machine. int8 is calibrated on 64 training images. `int8, float linear` keeps the weights of all linear
layers in fp32.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from dsnet_edge import demo
from dsnet_edge.plan import Plan
from dsnet_edge.plan.calibrate import calibrate
from dsnet_edge.plan.half import to_half
from dsnet_edge.plan.oracle import run_segment
from dsnet_edge.plan.quantize import quantize
from dsnet_edge.train.sources import cifar10

_BATCH = 250


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=FilePath, required=True)
    parser.add_argument("--json", type=FilePath, required=True)
    parser.add_argument("--calibration-images", type=int, default=64)
    arguments = parser.parse_args()
    plan = Plan.from_checkpoint(demo.CHECKPOINT).routable()
    (train, _), (test, labels), _ = cifar10(arguments.data)
    count = arguments.calibration_images
    calibration = normalise(plan, train[:: len(train) // count][:count])
    exact_logits, exact_scores = outputs(plan, normalise(plan, test))
    rows = [describe("fp32", exact_logits, exact_scores, exact_logits, exact_scores, labels)]
    for name, candidate in candidates(plan, calibration):
        logits, scores = outputs(candidate, normalise(candidate, test))
        rows.append(describe(name, logits, scores, exact_logits, exact_scores, labels))
        print(f"{name}: mean top-1 {np.mean(rows[-1]['top1']):.2f}, fp32 {np.mean(rows[0]['top1']):.2f}", flush=True)
    record = {"network": plan.program.name, "test_images": len(test), "calibration_images": count, "precisions": rows}
    arguments.json.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


def candidates(plan: Plan, calibration: np.ndarray) -> Iterator[tuple[str, Plan]]:
    int8 = quantize(plan, calibrate(plan, calibration))
    yield "int8", int8
    linear = [op.name for op in plan.program.ops if op.kind == "linear"]
    tensors = {**int8.tensors, **{f"{name}.weight": plan.tensors[f"{name}.weight"] for name in linear}}
    yield (
        "int8, float linear",
        replace(int8, tensors=tensors, epilogues={**int8.epilogues, **{n: plan.epilogues[n] for n in linear}}),
    )
    yield "bf16", to_half(plan, "bf16")
    yield "fp16", to_half(plan, "fp16")


def normalise(plan: Plan, images: np.ndarray) -> np.ndarray:
    """uint8 `[n, h, w, 3]` of the network's own size as it sees them."""
    return (images / np.float32(255) - np.array(plan.input.mean, np.float32)) / np.array(plan.input.std, np.float32)


def outputs(plan: Plan, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logits `[P, n, classes]` on every path and scores `[n, P]`; the prefix and gate run once."""
    program, logits, scores = plan.program, [], []
    for first in range(0, len(images), _BATCH):
        values = {program.image: images[first : first + _BATCH]}
        for segment in ("prefix", "gate"):
            values = run_segment(plan, segment, values, program.paths[0])
        scores.append(values[program.scores])
        logits.append([run_segment(plan, "suffix", values, path)[program.logits] for path in program.paths])
    return np.concatenate(logits, axis=1), np.concatenate(scores)


def describe(
    name: str, logits: np.ndarray, scores: np.ndarray, exact_logits: np.ndarray, exact_scores: np.ndarray, labels: np.ndarray
) -> dict[str, Any]:
    """Per cent and decibels, one for each path; `routed` is on the path that the precision's own gate chooses."""
    chosen = scores.argmax(1)
    noise = ((logits.astype(np.float64) - exact_logits) ** 2).sum(axis=(1, 2))
    signal = (exact_logits.astype(np.float64) ** 2).sum(axis=(1, 2))
    return {
        "precision": name,
        "top1": [round(100 * float((path.argmax(1) == labels).mean()), 2) for path in logits],
        "snr_db": [round(10 * float(np.log10(s / n)), 1) if n else None for s, n in zip(signal, noise, strict=True)],
        "same_label": [round(100 * float(s), 2) for s in (logits.argmax(2) == exact_logits.argmax(2)).mean(axis=1)],
        "routed_top1": round(100 * float((logits[chosen, np.arange(len(labels))].argmax(1) == labels).mean()), 2),
        "same_path": round(100 * float((chosen == exact_scores.argmax(1)).mean()), 2),
    }


if __name__ == "__main__":
    main()
