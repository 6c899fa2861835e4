"""A meter in the supply, as lines of text that arrive on this machine: from a serial line, a pipe, or a file that grows.

    seconds,watts
    0.000,3.214
    0.100,3.220

A header names the columns: watts, or volts and amps; seconds of the meter's own clock may be missing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path as FilePath

from dsnet_edge.devices.device import Frame
from dsnet_edge.devices.readings import number
from dsnet_edge.energy.account import Account, integrated
from dsnet_edge.energy.errors import MeterError, NoMeterError
from dsnet_edge.energy.lines import TEXT, watch_lines
from dsnet_edge.energy.meter import Meter

_COLUMNS = ("seconds", "watts", "volts", "amps")
_BAD = 0.1  # of the lines may be something else


def stream_meter(choice: str) -> Meter:
    """Of `csv:FILE`, or `csv:FILE:volts,amps` where no header says the columns. Raises NoMeterError."""
    place, _, last = choice.removeprefix("csv:").rpartition(":")
    columns = _header(last)
    file = FilePath(place if columns and place else choice.removeprefix("csv:"))
    if not file.exists() or file.is_dir():
        raise NoMeterError(f"{file}: no such device, pipe or file; name the meter's with --energy csv:FILE")
    name = f"csv:{file.name}"
    account = partial(_account, name, columns if place else ())
    return Meter(name, "supply", f"all that the meter behind {file} feeds", partial(watch_lines, file), account)


def _account(what: str, columns: Sequence[str], frames: Sequence[Frame]) -> Account:
    """The meter's own clock starts anywhere: the line that came soonest after its moment says how far it is from the device's."""
    rows: list[tuple[float, list[float]]] = []  # (arrival, numbers)
    bad, example = 0, ""
    lines = [(frame.uptime_s, line) for frame in frames for line in frame.files.get(TEXT, "").splitlines() if line.strip()]
    for index, (arrival, line) in enumerate(lines):
        numbers = [number(entry) for entry in re.split(r"[,;\t]", line)]
        row = [entry for entry in numbers if entry is not None]
        if header := _header(line):
            columns = columns or header
        elif index == 0:
            continue  # it may have begun before us
        elif columns and len(row) == len(numbers) == len(columns):
            rows.append((arrival, row))
        else:
            bad, example = bad + 1, line
    if not columns:
        raise MeterError(
            f"{what}: no header names its columns; name them at the end of --energy, as :seconds,watts or :volts,amps"
        )
    if bad > max(2.0, _BAD * (bad + len(rows))):
        raise MeterError(f"{what}: {bad} lines are not {','.join(columns)}, such as {example[:60]!r}; correct the meter's output")
    if not rows:
        raise MeterError(f"{what}: not one line; is the meter on, and its file the right one?")
    named = [(arrival, dict(zip(columns, row, strict=True))) for arrival, row in rows]
    late = min(arrival - row["seconds"] for arrival, row in named) if "seconds" in columns else 0.0
    return integrated([(row["seconds"] + late if "seconds" in row else arrival, _watts(row)) for arrival, row in named], what)


def _watts(row: dict[str, float]) -> float:
    return row["watts"] if "watts" in row else row["volts"] * row["amps"]


def _header(line: str) -> tuple[str, ...]:
    """The columns that a line names, if they are enough for a power; else none."""
    columns = tuple(entry.strip().lower() for entry in re.split(r"[,;\t]", line))
    known = len(set(columns)) == len(columns) and set(columns) <= set(_COLUMNS)
    return columns if known and ("watts" in columns or {"volts", "amps"} <= set(columns)) else ()
