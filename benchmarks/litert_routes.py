"""The demo model by both routes to LiteRT, litert-torch and onnx2tf: what converting costs, sizes, speed and accuracy.
Writes JSON and prints the tables of docs/litert.md.

    python benchmarks/litert_routes.py --data DATA --json benchmarks/results/litert-routes.json

DATA holds cifar10.tar.xz; `make onnx2tf-env` comes first. Converting is told in CPU seconds a stage of a process that has
imported its libraries, as the machine may do other things. For speed the routes take turns in one process, one thread, and what
is told is medians and their ratio. int8 is calibrated on 64 training images, as `convert` does it.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any

import numpy as np
import torch

from dsnet_convert.bundle import write_bundle
from dsnet_convert.cache import Cache, stage_keys
from dsnet_convert.calibration import Calibration
from dsnet_convert.onnx2tf_process import interpreter, worker
from dsnet_convert.samples import Samples
from dsnet_convert.source import Source, from_checkpoint
from dsnet_convert.stage import Stage, stages
from dsnet_convert.targets import LITERT_ROUTES, write_stage
from dsnet_edge import demo
from dsnet_edge.plan import Plan
from dsnet_edge.plan.elements import Precision
from dsnet_edge.profiling.machine import describe_machine, machine_line
from dsnet_edge.runtime import Runner
from dsnet_edge.train.sources import cifar10

_PRECISIONS: tuple[Precision, ...] = ("fp32", "int8")
Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=FilePath, required=True)
    parser.add_argument("--json", type=FilePath, required=True)
    parser.add_argument("--paths", default="0,6,13")
    parser.add_argument("--rounds", type=int, default=400)
    arguments = parser.parse_args()
    os.environ["LITERT_TORCH_SHOW_PROGRESS"] = "0"
    torch.set_num_threads(1)
    source = from_checkpoint(demo.CHECKPOINT, [int(choice) for choice in arguments.paths.split(",")])
    (train, _), (test, labels), _ = cifar10(arguments.data)
    images = normalise(source.plan, test)
    calibration = normalise(source.plan, train[:: len(train) // 64][:64])
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as scratch:
        runners: dict[tuple[str, Precision], Runner] = {}
        for precision in _PRECISIONS:
            for route in LITERT_ROUTES:
                folder = FilePath(scratch) / f"{route}-{precision}"
                seconds = convert(source, route, precision, calibration, folder)
                size = sum(file.stat().st_size for file in (folder / "litert").iterdir())
                rows.append({"route": route, "precision": precision, "cpu_seconds_a_stage": seconds, "bytes": size})
                runners[route, precision] = Runner(folder, "litert")
        found = {which: outputs(runner, images) for which, runner in runners.items()}
        exact = outputs(Runner(FilePath(scratch) / "litert-torch-fp32", "sliced"), images)
        speeds = milliseconds(runners, images[0], arguments.rounds)
    for row in rows:
        which = row["route"], row["precision"]
        row.update(accuracy(found[which], exact, labels), median_ms=speeds[which])
    record = {"network": source.plan.program.name, "choices": arguments.paths, "machine": describe_machine(), "rows": rows}
    arguments.json.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    print("\n".join(markdown(record)))


def convert(source: Source, route: str, precision: Precision, images: np.ndarray, folder: FilePath) -> float:
    """Writes the bundle; median CPU seconds of its stages, the first left out. Stages pass through a cache, to be timed alone."""
    target, plan = LITERT_ROUTES[route], source.plan
    calibration = Calibration(images, {"images": len(images), "sha256": "0" * 64}) if precision == "int8" else None
    samples = Samples(images) if calibration else None
    cache, keys = Cache(folder.with_suffix(".cache")), stage_keys(plan, target, precision, samples)
    file, seconds = folder.with_suffix(".tflite"), []
    for stage in (stages(plan)[0], *stages(plan)):
        seconds.append(cpu_seconds(plan, target, stage, file, precision, samples))
        cache.store(keys[stage.name], file)
    options: Row = {"precision": precision, "calibration": calibration, "litert_via": route, "cache": cache}
    write_bundle(plan, folder, ("litert",), source.description, **options)
    return round(float(np.median(seconds[1:])), 2)


def cpu_seconds(plan: Plan, target: str, stage: Stage, file: FilePath, precision: Precision, samples: Samples | None) -> float:
    """Of this process, and of the one of onnx2tf."""
    before = _cpu_clock(target)
    write_stage(plan, target, stage, file, precision, samples)
    return _cpu_clock(target) - before


def _cpu_clock(target: str) -> float:
    if target != "onnx2tf":
        return time.process_time()
    fields = FilePath(f"/proc/{worker(interpreter()).process.pid}/stat").read_text().rpartition(")")[2].split()
    return time.process_time() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime and stime


def normalise(plan: Plan, images: np.ndarray) -> np.ndarray:
    """uint8 `[n, h, w, 3]` of the network's own size as it sees them."""
    return (images / np.float32(255) - np.array(plan.input.mean, np.float32)) / np.array(plan.input.std, np.float32)


def outputs(runner: Runner, images: np.ndarray) -> np.ndarray:
    """Logits `[P, n, classes]`."""
    return np.array([[runner.infer(image, path).logits for image in images] for path in range(runner.bundle.n_paths)])


def milliseconds(runners: dict[tuple[str, Precision], Runner], image: np.ndarray, rounds: int) -> dict[Any, list[float]]:
    """Median of the whole network on every path. The runners take turns in changing order, as what ran before counts."""
    columns, generator = list(runners.values()), np.random.default_rng(0)
    n_paths = columns[0].bundle.n_paths
    times = np.empty((rounds, n_paths, len(runners)))
    for turn in range(-10, rounds):  # the first ones warm up
        for path in range(n_paths):
            for column in generator.permutation(len(columns)):
                done = columns[column].infer(image, path)
                if turn >= 0:
                    times[turn, path, column] = done.prefix_ms + done.gate_ms + done.suffix_ms
    medians = np.median(times, axis=0).round(4)
    return {which: medians[:, column].tolist() for column, which in enumerate(runners)}


def accuracy(found: np.ndarray, exact: np.ndarray, labels: np.ndarray) -> Row:
    """Against the native runtime's fp32, one number a path."""
    noise = ((found.astype(np.float64) - exact) ** 2).sum((1, 2))
    return {
        "relative_error": (np.abs(found - exact).max((1, 2)) / np.abs(exact).max((1, 2))).tolist(),
        "snr_db": (10 * np.log10((exact.astype(np.float64) ** 2).sum((1, 2)) / noise)).round(1).tolist(),
        "top1": (100 * (found.argmax(2) == labels).mean(1)).round(2).tolist(),
    }


def markdown(record: Row) -> Iterator[str]:
    yield f"{record['network']}, choices {record['choices']} of the gate; {machine_line()}\n"
    yield "| precision | route | CPU s a stage | MB | ms | error of logits | SNR dB | top-1 % |"
    yield "|---|---|---:|---:|---|---:|---|---|"
    for row in record["rows"]:
        speed, snr, top1 = (" / ".join(f"{x:.{digits}f}" for x in row[key]) for key, digits in _COLUMNS)
        size, error = row["bytes"] / 1e6, max(row["relative_error"])
        cells = (row["precision"], row["route"], row["cpu_seconds_a_stage"], f"{size:.2f}", speed, f"{error:.1g}", snr, top1)
        yield "| " + " | ".join(map(str, cells)) + " |"
    for precision in _PRECISIONS:
        first, second = (row["median_ms"] for row in record["rows"] if row["precision"] == precision)
        ratios = " / ".join(f"{b / a:.3f}" for a, b in zip(first, second, strict=True))
        yield f"\n{precision}: onnx2tf takes {ratios} of litert-torch's time."


_COLUMNS = (("median_ms", 3), ("snr_db", 1), ("top1", 2))

if __name__ == "__main__":
    main()
