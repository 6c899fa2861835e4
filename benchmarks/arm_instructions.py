"""Instructions that the native kernels execute on ARM, counted under qemu-user: a measure that needs no clock and no board.

    python benchmarks/arm_instructions.py            # count every path, write the record, print it as Markdown
    python benchmarks/arm_instructions.py --check    # count a few paths and compare with the record

Counts are exact and repeatable; they say nothing about caches or stalls. Build first: scripts/native-tests.sh arm.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path as FilePath
from typing import Annotated

import typer

from dsnet_convert.random_weights import random_plan
from dsnet_convert.sliced import write_sliced
from dsnet_edge.arch import preset
from dsnet_edge.plan import Plan

ROOT = FilePath(__file__).resolve().parent.parent
BUILD = ROOT / "build/native-arm"
RECORD = ROOT / "benchmarks/results/arm-instructions.json"
CPUS = ("cortex-a72", "cortex-a76")
NETWORK, CHECKED_PATHS = "dsmbnet14", (0, 6, 13)
TOLERANCE = 0.005
# What XNNPACK's kernels take for the same layers on a Cortex-A76 (fp32 gemm 6x8), millions.
LAYER_BARS = {"224": 3.24, "416": 11.0, "640": 26.0}

Counts = dict[str, dict[str, int]]  # group -> name -> instructions


def main(check: Annotated[bool, typer.Option("--check", help="Compare with the record; write nothing.")] = False) -> None:
    plan = random_plan(preset(NETWORK), seed=0)
    model = _write(plan, "all")
    paths = CHECKED_PATHS if check else tuple(range(len(plan.program.paths)))
    found = {cpu: _count(cpu, "layers") | _count(cpu, "ops", model, *paths) for cpu in CPUS}
    failures = [*_over_the_bar(found), *_slicing_costs(plan, found)]
    if check:
        failures += _changes(json.loads(RECORD.read_text())["counts"], found)
    else:
        RECORD.write_text(json.dumps({"network": NETWORK, "tools": _tools(), "counts": found}, indent=1) + "\n")
        print(_markdown(found, paths))
    if failures:
        sys.exit("\n".join(failures))
    print(f"{len(CPUS)} processors, paths {', '.join(map(str, paths))}: instruction counts are as recorded and slicing adds none")


def _write(plan: Plan, name: str) -> FilePath:
    file = BUILD / f"{NETWORK}-{name}.dsnet"
    write_sliced(plan, file)
    return file


def _count(cpu: str, *arguments: object) -> Counts:
    """Runs count-instructions; groups are `layers sliced`, `layers ideal`, `prefix`, `gate` and `suffix PATH`."""
    plugin = _plugin()
    program = BUILD / "tests/native/count-instructions"
    command = ["qemu-aarch64", "-cpu", cpu, "-plugin", str(plugin), str(program), *map(str, arguments)]
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    counts: Counts = {}
    for line in lines:
        kind, *fields, count = line.split("\t")
        if kind == "layer":
            name, group = fields[0], f"layers {fields[1]}"
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


def _over_the_bar(found: dict[str, Counts]) -> Iterable[str]:
    for cpu, counts in found.items():
        for channels, bar in LAYER_BARS.items():
            count = counts["layers sliced"][channels]
            if count > bar * 1e6:
                yield f"{cpu}: a {channels} -> {channels} layer takes {count:,} instructions, more than XNNPACK's {bar} million"


def _slicing_costs(plan: Plan, found: dict[str, Counts]) -> Iterable[str]:
    """A path of the shared arena against a model of that path alone, packed by itself: the same instructions, op by op."""
    middle = CHECKED_PATHS[1]
    alone = _write(plan.select((plan.program.paths[middle],)), f"path{middle}")
    for cpu, counts in found.items():
        pairs = ((counts[f"suffix {middle}"], _count(cpu, "ops", alone, 0)["suffix 0"]),)
        for sliced, ideal in (*pairs, (counts["layers sliced"], counts["layers ideal"])):
            for name in ideal:
                if sliced[name] != ideal[name]:
                    yield f"{cpu}: {name} takes {sliced[name]:,} instructions sliced, {ideal[name]:,} packed by itself"


def _changes(recorded: dict[str, Counts], found: dict[str, Counts]) -> Iterable[str]:
    for cpu, groups in found.items():
        for group, counts in groups.items():
            for name, count in counts.items():
                expected = recorded[cpu][group].get(name, 0)
                if abs(count - expected) > TOLERANCE * expected:
                    yield (
                        f"{cpu}, {group}, {name}: {count:,} instructions, recorded {expected:,}; "
                        f"if that is meant, run python {FilePath(__file__).relative_to(ROOT)}"
                    )


def _tools() -> list[str]:
    commands = (["clang++-19", "--version"], ["qemu-aarch64", "--version"])
    return [subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[0] for command in commands]


def _markdown(found: dict[str, Counts], paths: Iterable[int]) -> str:
    millions = "{:.3f}".format
    rows: list[list[object]] = [["layer", *CPUS, "XNNPACK on A76"]]
    rows += [[c, *(millions(found[cpu]["layers sliced"][c] / 1e6) for cpu in CPUS), bar] for c, bar in LAYER_BARS.items()]
    totals: list[list[object]] = [["path", *CPUS]]
    for path in paths:
        groups = ("prefix", "gate", f"suffix {path}")
        totals.append([path, *(millions(sum(sum(found[cpu][g].values()) for g in groups) / 1e6) for cpu in CPUS)])
    return _table(rows) + "\n\n" + _table(totals) + "\n"


def _table(rows: list[list[object]]) -> str:
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---:|" * len(rows[0]), *lines[1:]])


if __name__ == "__main__":
    typer.run(main)
