"""Instructions that the native kernels execute on ARM, counted under qemu-user: a measure that needs no clock and no board.

    python benchmarks/arm_instructions.py            # count every path, write the record, print it as Markdown
    python benchmarks/arm_instructions.py --check    # count a few paths and compare with the record

Counts are exact and repeatable; they say nothing about caches or stalls. Build first: scripts/native-tests.sh arm.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from itertools import product
from pathlib import Path as FilePath
from typing import Annotated

import typer

from dsnet_convert.calibration import Calibration, in_precision
from dsnet_convert.golden import golden_images
from dsnet_convert.random_weights import random_plan
from dsnet_convert.sliced import write_sliced
from dsnet_edge.arch import preset
from dsnet_edge.plan import Plan
from dsnet_edge.plan.elements import Precision

ROOT = FilePath(__file__).resolve().parent.parent
BUILD = ROOT / "build/native-arm"
RECORD = ROOT / "benchmarks/results/arm-instructions.json"
PROCESSORS: dict[Precision, tuple[str, ...]] = {
    "fp32": ("cortex-a72", "cortex-a76"),
    "int8": ("cortex-a72", "cortex-a76", "max"),
    "bf16": ("cortex-a72", "max"),
    "fp16": ("cortex-a72", "cortex-a76"),
}
NETWORK, CHECKED_PATHS, MIDDLE = "dsmbnet14", (0, 6, 13), 6
HALF = ("bf16", "fp16")  # of which fewer paths are counted
TOLERANCE = 0.005
SLACK = 24  # instructions: what leads to a kernel, such as the choice among its kinds
# What XNNPACK's kernels take for the same layers on a Cortex-A76, millions: fp32 gemm 6x8, int8 dot product.
LAYER_BARS = {"fp32": {"224": 3.24, "416": 11.0, "640": 26.0}, "int8": {"224": 0.85, "416": 2.78, "640": 6.45}}
BARRED = {"fp32": PROCESSORS["fp32"], "int8": ("cortex-a76", "max")}

Counts = dict[str, dict[str, int]]  # group -> name -> instructions
Record = dict[str, dict[str, Counts]]  # precision -> processor


def main(check: Annotated[bool, typer.Option("--check", help="Compare with the record; write nothing.")] = False) -> None:
    fp32 = random_plan(preset(NETWORK), seed=0)
    middle = fp32.program.paths[MIDDLE]
    found: Record = {}
    failures: list[str] = []
    for precision, processors in PROCESSORS.items():
        paths = _paths(precision, check, len(fp32.program.paths))
        model = _write(fp32, precision, "all")
        alone = _write(fp32.select((middle,)), precision, f"path{MIDDLE}")
        found[precision] = {cpu: _count_layers(cpu, precision) | _count(cpu, "ops", model, *paths) for cpu in processors}
        for cpu in processors:
            failures += _slicing_costs(f"{precision}, {cpu}", found[precision][cpu], _count(cpu, "ops", alone, 0)["suffix 0"])
    failures += _over_the_bar(found)
    if check:
        failures += _changes(json.loads(RECORD.read_text())["counts"], found)
    else:
        RECORD.write_text(_as_json({"network": NETWORK, "tools": _tools(), "counts": found}))
        print(_markdown(found))
    if failures:
        sys.exit("\n".join(failures))
    print("instruction counts are as recorded, and slicing adds none")


def _paths(precision: Precision, check: bool, n_paths: int) -> tuple[int, ...]:
    if precision in HALF:
        return (MIDDLE,) if check else CHECKED_PATHS
    return CHECKED_PATHS if check else tuple(range(n_paths))


def _write(plan: Plan, precision: Precision, name: str) -> FilePath:
    """The model of an fp32 plan in that precision; int8 ranges come from one image, as counts do not depend on them."""
    file = BUILD / f"{NETWORK}-{precision}-{name}.dsnet"
    write_sliced(in_precision(plan, precision, Calibration(golden_images(plan, [])[:1], {})), file)
    return file


def _count_layers(cpu: str, precision: str) -> Counts:
    groups = _count(cpu, "layers")
    return {f"layers {packing}": groups[f"{precision} {packing}"] for packing in ("sliced", "ideal")}


def _count(cpu: str, *arguments: object) -> Counts:
    """Runs count-instructions; groups are `PRECISION sliced`, `PRECISION ideal`, `prefix`, `gate` and `suffix PATH`."""
    program = BUILD / "tests/native/count-instructions"
    command = ["qemu-aarch64", "-cpu", cpu, "-plugin", str(_plugin()), str(program), *map(str, arguments)]
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    counts: Counts = {}
    for line in lines:
        kind, *fields, count = line.split("\t")
        if kind == "layer":
            precision, name, packing = fields
            group = f"{precision} {packing}"
        else:
            segment, path, name = fields
            group = f"suffix {path}" if segment == "suffix" else segment
        counts.setdefault(group, {})[name] = int(count)
    return counts


def _plugin() -> FilePath:
    source, library = ROOT / "tests/native/instruction_counter.c", BUILD / "instruction_counter.so"
    if not library.exists() or library.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-o", str(library), str(source)], check=True)
    return library


def _over_the_bar(found: Record) -> Iterable[str]:
    for precision, bars in LAYER_BARS.items():
        for cpu, (channels, bar) in product(BARRED[precision], bars.items()):
            count = found[precision][cpu]["layers sliced"][channels]
            if count > bar * 1e6:
                yield f"{precision}, {cpu}, layer of {channels}: {count:,} instructions, more than XNNPACK's {bar} million"


def _slicing_costs(where: str, counts: Counts, alone: dict[str, int]) -> Iterable[str]:
    """A slice against weights that are packed by themselves: the same instructions, for a layer and each op of a path."""
    pairs = ((counts["layers sliced"], counts["layers ideal"]), (counts[f"suffix {MIDDLE}"], alone))
    for sliced, ideal in pairs:
        for name in ideal:
            if sliced[name] != ideal[name]:
                yield f"{where}, {name}: {sliced[name]:,} instructions sliced, {ideal[name]:,} packed by itself"


def _changes(recorded: Record, found: Record) -> Iterable[str]:
    for precision, processors in found.items():
        for cpu, groups in processors.items():
            for group, counts in groups.items():
                for name, count in counts.items():
                    expected = recorded[precision][cpu][group].get(name, 0)
                    if abs(count - expected) > max(SLACK, TOLERANCE * expected):
                        yield (
                            f"{precision}, {cpu}, {group}, {name}: {count:,} instructions, recorded {expected:,}; "
                            f"if that is meant, run python {FilePath(__file__).relative_to(ROOT)}"
                        )


def _as_json(record: dict[str, object]) -> str:
    """A line for each group of counts."""
    text = json.dumps(record, indent=1)
    return re.sub(r"\{[^{}]*\}", lambda group: " ".join(group[0].split()), text) + "\n"


def _tools() -> list[str]:
    commands = (["clang++-19", "--version"], ["qemu-aarch64", "--version"])
    return [subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[0] for command in commands]


def _markdown(found: Record) -> str:
    return "\n\n".join(text for precision in found for text in (_layer_table(precision, found), _path_table(precision, found)))


def _layer_table(precision: str, found: Record) -> str:
    bars = LAYER_BARS.get(precision, {})
    rows: list[list[object]] = [[f"{precision} layer", *found[precision], *(["XNNPACK on A76"] if bars else [])]]
    for channels in LAYER_BARS["fp32"]:
        bar = [bars[channels]] if bars else []
        rows.append([channels, *(_millions([counts["layers sliced"][channels]]) for counts in found[precision].values()), *bar])
    return _table(rows)


def _path_table(precision: str, found: Record) -> str:
    rows: list[list[object]] = [[f"{precision} path", *found[precision]]]
    for suffix in (group for group in next(iter(found[precision].values())) if group.startswith("suffix ")):
        path = suffix.removeprefix("suffix ")
        groups = ("prefix", "gate", suffix)
        totals = ([n for group in groups for n in counts[group].values()] for counts in found[precision].values())
        rows.append([path, *map(_millions, totals)])
    return _table(rows)


def _millions(counts: Iterable[int]) -> str:
    return f"{sum(counts) / 1e6:.3f}"


def _table(rows: list[list[object]]) -> str:
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---:|" * len(rows[0]), *lines[1:]])


if __name__ == "__main__":
    typer.run(main)
