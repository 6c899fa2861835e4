"""What each precision costs the demo model: top-1 of every path on CIFAR-10's test images, and the noise it adds to the logits.
Writes JSON and prints the tables of docs/precision.md.

    python benchmarks/precision.py --data DATA --json benchmarks/results/precision.json

DATA holds cifar10.tar.xz. The plan's own precisions run on the native runtime (fp32, int8) or the NumPy oracle, which agree
(`dsnet-edge verify`); ExecuTorch, LiteRT and ONNX Runtime run bundles: the figures are those of the network, not of a machine.
int8 is calibrated on 64 training images. Most of the time goes into converting: `--only ROW` measures some rows again and keeps
the others.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from dsnet_convert.bundle import write_bundle
from dsnet_convert.cache import Cache
from dsnet_convert.calibration import Calibration
from dsnet_convert.sliced import write_sliced
from dsnet_edge import _native, demo
from dsnet_edge.plan import Plan
from dsnet_edge.plan.calibrate import calibrate
from dsnet_edge.plan.correct import correct_bias
from dsnet_edge.plan.estimate import ESTIMATORS, Estimator
from dsnet_edge.plan.half import to_half
from dsnet_edge.plan.oracle import run_segment
from dsnet_edge.plan.quantize import quantize
from dsnet_edge.runtime.bundle import open_bundle
from dsnet_edge.runtime.runner import open_backend
from dsnet_edge.train.sources import cifar10

_NATIVE = ("fp32", "int8")  # what the native runtime runs; the others take the oracle
_STATIC = {"executorch": "executorch", "litert": "litert", "onnx": "onnxruntime"}  # backend of every target
_BATCH = 250
_SOME = (0, 6, 13)  # the paths on which static graphs are compared that nobody should ship

# For the manifests of bundles that are thrown away: they cannot say that the images are no files.
CALIBRATION = {"images": 64, "synthetic_seed": 0, "use": "speed only"}

Outputs = tuple[np.ndarray, np.ndarray]  # logits [P, n, classes] and scores [n, P]


@dataclass(frozen=True)
class Row:
    name: str
    measure: Callable[[np.ndarray], Outputs]  # of normalised test images
    paths: tuple[int, ...]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=FilePath, required=True)
    parser.add_argument("--json", type=FilePath, required=True)
    parser.add_argument("--calibration-images", type=int, default=64)
    parser.add_argument("--only", action="append", default=[], help="a row; may be repeated")
    arguments = parser.parse_args()
    plan = Plan.from_checkpoint(demo.CHECKPOINT).routable()
    (train, _), (test, labels), _ = cifar10(arguments.data)
    count = arguments.calibration_images
    rows = all_rows(plan, normalise(plan, train[:: len(train) // count][:count]))
    record = {"network": plan.program.name, "test_images": len(test), "calibration_images": count, "rows": {}}
    if arguments.only and arguments.json.exists():
        record = json.loads(arguments.json.read_text("utf-8"))
    images = normalise(plan, test)
    exact = outputs(plan, images)
    for row in rows:
        if not arguments.only or row.name in arguments.only:
            record["rows"][row.name] = describe(row.paths, row.measure(images), exact, labels)
            arguments.json.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    print("\n".join(markdown(record["rows"])))


def all_rows(plan: Plan, calibration: np.ndarray) -> list[Row]:
    """`int8` is what `convert` writes for the sliced backend; the names of the others say what differs."""
    every = tuple(range(len(plan.program.paths)))
    int8 = partial(sliced_int8, plan, calibration)
    plans: dict[str, Callable[[], Plan]] = {
        "fp32": lambda: plan,
        "int8": int8,
        "int8, float linear": lambda: float_linear(plan, int8()),
        "bf16": partial(to_half, plan, "bf16"),
        "fp16": partial(to_half, plan, "fp16"),
    }
    plans |= {f"int8, uncorrected, {estimator}": partial(int8, estimator, False) for estimator in ESTIMATORS}
    rows = [Row(name, partial(plan_outputs, make), every) for name, make in plans.items()]
    for target in _STATIC:
        static = partial(static_outputs, plan, target, calibration)
        rows.append(Row(f"{target} int8", partial(static, "variance", every), every))
        if target != "onnx":  # whose ranges are its tool's own in any case
            rows.append(Row(f"{target} int8, own ranges", partial(static, None, _SOME), _SOME))
            others = (estimator for estimator in ESTIMATORS if estimator != "variance")
            rows += [Row(f"{target} int8, {estimator}", partial(static, estimator, _SOME), _SOME) for estimator in others]
    return rows


def sliced_int8(plan: Plan, images: np.ndarray, estimator: Estimator = "variance", corrected: bool = True) -> Plan:
    ranges = calibrate(plan, images, estimator)
    return quantize(correct_bias(plan, ranges, images) if corrected else plan, ranges)


def float_linear(plan: Plan, int8: Plan) -> Plan:
    """With the fp32 weights of all linear layers."""
    linear = [op.name for op in plan.program.ops if op.kind == "linear"]
    tensors = {**int8.tensors, **{f"{name}.weight": plan.tensors[f"{name}.weight"] for name in linear}}
    return replace(int8, tensors=tensors, epilogues={**int8.epilogues, **{n: plan.epilogues[n] for n in linear}})


def normalise(plan: Plan, images: np.ndarray) -> np.ndarray:
    """uint8 `[n, h, w, 3]` of the network's own size as it sees them."""
    return (images / np.float32(255) - np.array(plan.input.mean, np.float32)) / np.array(plan.input.std, np.float32)


def plan_outputs(make: Callable[[], Plan], images: np.ndarray) -> Outputs:
    return outputs(make(), images)


def outputs(plan: Plan, images: np.ndarray) -> Outputs:
    """On every path; the prefix and gate run once."""
    return native_outputs(plan, images) if plan.program.precision in _NATIVE else oracle_outputs(plan, images)


def native_outputs(plan: Plan, images: np.ndarray) -> Outputs:
    with tempfile.TemporaryDirectory() as folder:
        write_sliced(plan, FilePath(folder) / "model.dsnet")
        session = _native.Session(_native.Model(f"{folder}/model.dsnet"))
        logits, scores = [], []
        for image in images:
            session.prefix(image)
            scores.append(session.gate())
            logits.append([session.suffix(path) for path in range(len(plan.program.paths))])
    return np.array(logits).transpose(1, 0, 2), np.array(scores)


def oracle_outputs(plan: Plan, images: np.ndarray) -> Outputs:
    program, logits, scores = plan.program, [], []
    for first in range(0, len(images), _BATCH):
        values = {program.image: images[first : first + _BATCH]}
        for segment in ("prefix", "gate"):
            values = run_segment(plan, segment, values, program.paths[0])
        scores.append(values[program.scores])
        logits.append([run_segment(plan, "suffix", values, path)[program.logits] for path in program.paths])
    return np.concatenate(logits, axis=1), np.concatenate(scores)


def static_outputs(
    plan: Plan, target: str, calibration: np.ndarray, estimator: Estimator | None, paths: tuple[int, ...], images: np.ndarray
) -> Outputs:
    """Of an int8 bundle of these paths."""
    with tempfile.TemporaryDirectory() as folder:
        write_bundle(
            plan.choose(paths), FilePath(folder) / "bundle", [target], {"checkpoint": demo.CHECKPOINT.name, "sha256": "0" * 64},
            precision="int8", calibration=Calibration(calibration, CALIBRATION, estimator), cache=Cache.of_user(),
        )  # fmt: skip
        backend = open_backend(_STATIC[target])(open_bundle(FilePath(folder) / "bundle"), 1)
        logits, scores = [], []
        for image in np.ascontiguousarray(images, np.float32):
            feature = backend.prefix(image)
            found, attention = backend.gate(feature)
            scores.append(found)
            logits.append([backend.suffix(feature, attention, path) for path in range(len(paths))])
    return np.array(logits).transpose(1, 0, 2), np.array(scores)


def describe(paths: tuple[int, ...], found: Outputs, exact: Outputs, labels: np.ndarray) -> dict[str, Any]:
    """Per cent and decibels, one for each path; `routed` is on the path that the precision's own gate chooses."""
    (logits, scores), (exact_logits, exact_scores) = found, (exact[0][list(paths)], exact[1][:, paths])
    chosen = scores.argmax(1)
    noise = ((logits.astype(np.float64) - exact_logits) ** 2).sum(axis=(1, 2))
    signal = (exact_logits.astype(np.float64) ** 2).sum(axis=(1, 2))
    return {
        "paths": list(paths),
        "top1": [round(100 * float((path.argmax(1) == labels).mean()), 2) for path in logits],
        "snr_db": [round(10 * float(np.log10(s / n)), 1) if n else None for s, n in zip(signal, noise, strict=True)],
        "same_label": [round(100 * float(s), 2) for s in (logits.argmax(2) == exact_logits.argmax(2)).mean(axis=1)],
        "routed_top1": round(100 * float((logits[chosen, np.arange(len(labels))].argmax(1) == labels).mean()), 2),
        "same_path": round(100 * float((chosen == exact_scores.argmax(1)).mean()), 2),
    }


def markdown(rows: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Every path of what is shipped, then every row in short; differences are to fp32, in points of top-1."""
    exact = rows["fp32"]
    shipped = [name for name in ("int8", *(f"{target} int8" for target in _STATIC)) if name in rows]
    yield f"| path | fp32 | {' | '.join(shipped)} |\n|---|---|{'---|' * len(shipped)}"
    for path, before in enumerate(exact["top1"]):
        yield f"| {path} | {before:.2f} | {' | '.join(f'{lost(rows[name], exact)[path]:+.2f}' for name in shipped)} |"
    yield "\n| | mean over paths | worst path | SNR dB | routed by its own gate | same path as fp32 % |"
    yield "|---|---|---|---|---|---|"
    for name, row in rows.items():
        points = lost(row, exact)
        snr = "" if name == "fp32" else f"{np.mean(row['snr_db']):.1f}"
        whole = len(points) == len(exact["top1"])
        some = "" if whole else f" (paths {', '.join(map(str, row['paths']))})"
        gate = f"{row['routed_top1']:.2f} | {row['same_path']:.1f}" if whole else "|"
        yield f"| {name}{some} | {np.mean(points):+.2f} | {min(points):+.2f} | {snr} | {gate} |"


def lost(row: dict[str, Any], exact: dict[str, Any]) -> list[float]:
    return [after - exact["top1"][path] for path, after in zip(row["paths"], row["top1"], strict=True)]


if __name__ == "__main__":
    main()
