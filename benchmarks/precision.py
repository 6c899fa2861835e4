"""What each precision costs the demo model: top-1 of every path on CIFAR-10's test images, and the noise it adds to the logits.
Writes JSON and prints the tables of docs/precision.md.

    python benchmarks/precision.py --data DATA --json benchmarks/results/precision.json

DATA holds cifar10.tar.xz. fp32 and int8 run on the native runtime, the others on the NumPy oracle, which agree
(`dsnet-edge verify`): the figures are those of the network, not of a machine. int8 is calibrated on 64 training images.
`int8, float linear` keeps the weights of all linear layers in fp32.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from dsnet_convert.sliced import write_sliced
from dsnet_edge import _native, demo
from dsnet_edge.plan import Plan
from dsnet_edge.plan.calibrate import calibrate
from dsnet_edge.plan.half import to_half
from dsnet_edge.plan.oracle import run_segment
from dsnet_edge.plan.quantize import quantize
from dsnet_edge.train.sources import cifar10

_NATIVE = ("fp32", "int8")  # what the native runtime runs; the others take the oracle
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
    record = {"network": plan.program.name, "test_images": len(test), "calibration_images": count, "precisions": rows}
    arguments.json.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    print("\n".join(markdown(rows)))


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
    return native_outputs(plan, images) if plan.program.precision in _NATIVE else oracle_outputs(plan, images)


def native_outputs(plan: Plan, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    with tempfile.TemporaryDirectory() as folder:
        write_sliced(plan, FilePath(folder) / "model.dsnet")
        session = _native.Session(_native.Model(f"{folder}/model.dsnet"))
        logits, scores = [], []
        for image in images:
            session.prefix(image)
            scores.append(session.gate())
            logits.append([session.suffix(path) for path in range(len(plan.program.paths))])
    return np.array(logits).transpose(1, 0, 2), np.array(scores)


def oracle_outputs(plan: Plan, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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


def markdown(rows: list[dict[str, Any]]) -> Iterator[str]:
    exact, int8 = rows[0], rows[1]
    yield "| path | fp32 | int8 | difference | SNR dB | same label % |\n|---|---|---|---|---|---|"
    for path, (before, after) in enumerate(zip(exact["top1"], int8["top1"], strict=True)):
        snr, same = int8["snr_db"][path], int8["same_label"][path]
        yield f"| {path} | {before:.2f} | {after:.2f} | {after - before:+.2f} | {snr} | {same:.1f} |"
    yield "\n| | mean over paths | routed by its own gate | same path as fp32 % |\n|---|---|---|---|"
    for row in rows:
        yield f"| {row['precision']} | {np.mean(row['top1']):.2f} | {row['routed_top1']:.2f} | {row['same_path']:.1f} |"


if __name__ == "__main__":
    main()
