"""The noise that int8 adds to the demo model layer by layer, before and after the mends of docs/precision.md, on one path.
Writes JSON and prints the table: decibels that an op adds by itself, and that have accumulated behind it.

    python benchmarks/layers.py --data DATA --json benchmarks/results/layers.json

DATA holds cifar10.tar.xz; calibrated on 64 training images, measured on 32 test images. Before: ranges that hold every number
found and uncorrected bias (sliced), ranges of their own tools (ExecuTorch, LiteRT). After: what `dsnet-edge convert` writes.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path as FilePath

import numpy as np

from dsnet_convert.bundle import write_bundle
from dsnet_convert.cache import Cache
from dsnet_convert.calibration import Calibration, in_precision
from dsnet_convert.layers import exact_values, snr_db
from dsnet_convert.layers_executorch import executorch_outputs
from dsnet_convert.layers_litert import litert_outputs
from dsnet_convert.layers_sliced import sliced_outputs
from dsnet_convert.samples import Samples
from dsnet_edge import demo
from dsnet_edge.plan import Plan
from dsnet_edge.plan.calibrate import calibrate
from dsnet_edge.plan.estimate import Estimator
from dsnet_edge.plan.quantize import quantize
from dsnet_edge.runtime.bundle import open_bundle
from dsnet_edge.train.sources import cifar10

# For the manifest of a bundle that is thrown away: it cannot say that the images are no files.
ABOUT = {"images": 64, "synthetic_seed": 0, "use": "speed only"}

Outputs = tuple[dict[str, np.ndarray], dict[str, np.ndarray]]  # own and accumulated, by value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=FilePath, required=True)
    parser.add_argument("--json", type=FilePath, required=True)
    parser.add_argument("--path", type=int, default=6)
    arguments = parser.parse_args()
    plan = Plan.from_checkpoint(demo.CHECKPOINT).choose([arguments.path])
    (train, _), (test, _), _ = cifar10(arguments.data)
    calibration, images = (
        normalise(plan, part[:: len(part) // n][:n]).astype(np.float32) for part, n in ((train, 64), (test, 32))
    )
    exact = exact_values(plan, images, plan.program.paths[0])
    columns = {
        "sliced before": sliced(quantize(plan, calibrate(plan, calibration, "minmax")), exact),
        "sliced": sliced(in_precision(plan, "int8", Calibration(calibration, ABOUT)), exact),
        "ExecuTorch before": executorch_outputs(plan, Samples(calibration, None), exact, 0),
        "ExecuTorch": executorch_outputs(plan, Samples(calibration), exact, 0),
        "LiteRT before": litert(plan, calibration, exact, None),
        "LiteRT": litert(plan, calibration, exact, "variance"),
    }
    table = {
        name: {op.name: [_rounded(snr_db(part[op.output], exact[op.output])) for part in found] for op in plan.program.ops}
        for name, found in columns.items()
    }
    record = {"network": plan.program.name, "path": arguments.path, "images": len(images), "own_and_accumulated_db": table}
    arguments.json.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    print(f"| op | {' | '.join(table)} |\n|---|{'---:|' * len(table)}")
    for op in plan.program.ops:
        print(f"| `{op.name}` | {' | '.join('{}, {}'.format(*column[op.name]) for column in table.values())} |")


def normalise(plan: Plan, images: np.ndarray) -> np.ndarray:
    """uint8 `[n, h, w, 3]` of the network's own size as it sees them."""
    return (images / np.float32(255) - np.array(plan.input.mean, np.float32)) / np.array(plan.input.std, np.float32)


def sliced(int8: Plan, exact: dict[str, np.ndarray]) -> Outputs:
    return sliced_outputs(int8, exact, int8.program.paths[0])


def litert(plan: Plan, calibration: np.ndarray, exact: dict[str, np.ndarray], estimator: Estimator | None) -> Outputs:
    with tempfile.TemporaryDirectory() as folder:
        source, about = {"checkpoint": demo.CHECKPOINT.name, "sha256": "0" * 64}, Calibration(calibration, ABOUT, estimator)
        bundle = FilePath(folder) / "bundle"
        write_bundle(plan, bundle, ["litert"], source, precision="int8", calibration=about, cache=Cache.of_user())
        return litert_outputs(open_bundle(bundle), plan, exact, 0)


def _rounded(decibels: float | None) -> float | None:
    return None if decibels is None else round(decibels, 1)


if __name__ == "__main__":
    main()
