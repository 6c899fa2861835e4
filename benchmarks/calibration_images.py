"""How many photos int8 needs: top-1 of the demo model on CIFAR-10's test images against the number of images that its ranges were
learnt from, several random draws each. Writes JSON and prints the table of docs/precision.md.

    python benchmarks/calibration_images.py --data DATA --json benchmarks/results/calibration-images.json

DATA holds cifar10.tar.xz. The figures are those of the network on the native runtime, not of a machine.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from dsnet_convert.calibration import Calibration, in_precision
from dsnet_convert.sliced import write_sliced
from dsnet_edge import _native, demo
from dsnet_edge.plan import Plan
from dsnet_edge.train.sources import cifar10

_COUNTS = (1, 2, 4, 8, 16, 32, 64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=FilePath, required=True)
    parser.add_argument("--json", type=FilePath, required=True)
    parser.add_argument("--draws", type=int, default=5)
    arguments = parser.parse_args()
    plan = Plan.from_checkpoint(demo.CHECKPOINT).routable()
    (train, _), (test, labels), _ = cifar10(arguments.data)
    images = normalise(plan, test)
    exact = top1(plan, images, labels)
    generator = np.random.default_rng(0)
    rows = []
    for count in _COUNTS:
        draws = [normalise(plan, train[generator.choice(len(train), count, replace=False)]) for _ in range(arguments.draws)]
        found = [top1(in_precision(plan, "int8", Calibration(draw, {})), images, labels) - exact for draw in draws]
        rows.append({"calibration_images": count, "difference": [[round(float(path), 2) for path in draw] for draw in found]})
    record = {"network": plan.program.name, "test_images": len(images), "fp32_top1": exact.round(2).tolist(), "rows": rows}
    arguments.json.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    print("\n".join(markdown(rows)))


def normalise(plan: Plan, images: np.ndarray) -> np.ndarray:
    """uint8 `[n, h, w, 3]` of the network's own size as it sees them."""
    return (images / np.float32(255) - np.array(plan.input.mean, np.float32)) / np.array(plan.input.std, np.float32)


def top1(plan: Plan, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Per cent on each path."""
    right = np.zeros(len(plan.program.paths))
    with tempfile.TemporaryDirectory() as folder:
        write_sliced(plan, FilePath(folder) / "model.dsnet")
        session = _native.Session(_native.Model(f"{folder}/model.dsnet"))
        for image, label in zip(images, labels, strict=True):
            session.prefix(image)
            session.gate()
            right += [session.suffix(path).argmax() == label for path in range(len(right))]
    return 100 * right / len(images)


def markdown(rows: list[dict[str, Any]]) -> Iterator[str]:
    yield "| images | mean over draws and paths | worst draw, mean over paths | worst draw and path |\n|---:|---:|---:|---:|"
    for row in rows:
        found = np.array(row["difference"])
        yield f"| {row['calibration_images']} | {found.mean():+.2f} | {found.mean(axis=1).min():+.2f} | {found.min():+.2f} |"


if __name__ == "__main__":
    main()
