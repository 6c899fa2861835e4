"""What a process on a device prints about a block: untrusted, whatever ran there."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dsnet_edge.devices.device import DeviceError
from dsnet_edge.profile.values import PathSamples

_LONGEST_MS = 1e7  # an inference of three hours
_SLACK = 1.05  # of sums of rounded times


@dataclass(frozen=True)
class RawBlock:
    """Begin and end are of the timed rounds, on the clock of /proc/uptime."""

    runtime: str
    runs: int  # of each path
    begin_uptime_s: float
    end_uptime_s: float
    open_ms: float
    first_run_ms: float
    anonymous_bytes: int
    file_bytes: int
    prefix_ms: tuple[float, ...] = ()
    gate_ms: tuple[float, ...] = ()
    paths: tuple[PathSamples, ...] = ()

    @property
    def seconds(self) -> float:
        return self.end_uptime_s - self.begin_uptime_s


def read_raw(text: bytes, paths: Sequence[int], samples: bool, source: str) -> RawBlock:
    """Raises DeviceError for what is not the record of a block on these paths."""
    try:
        record = json.loads(text, parse_constant=_refuse)
        block = _block(record, samples)
        _check(block, paths, samples)
    except (KeyError, IndexError, TypeError) as error:
        raise DeviceError(f"{source}: its record has no usable field {error}; is another dsnet-edge installed there?") from None
    except (ValueError, RecursionError) as error:
        shown = "".join(letter if letter.isprintable() else "?" for letter in str(error)[:200])
        raise DeviceError(f"{source}: its record is not that of a block: {shown}; profile again") from None
    return block


def _block(record: dict[str, Any], samples: bool) -> RawBlock:
    first, memory = record["first_result_ms"], record["memory_bytes"]
    runtime = record.get("runtime") or f"dsnet-bench, {record['isa']}"
    measured = record["samples"] if samples else {"prefix_ms": (), "gate_ms": (), "paths": ()}
    return RawBlock(
        runtime="".join(letter for letter in str(runtime)[:200] if letter.isprintable()),
        runs=int(_number(record["runs"], 1e9)),
        begin_uptime_s=_number(record["begin_uptime_s"], 1e10),
        end_uptime_s=_number(record["end_uptime_s"], 1e10),
        open_ms=_number(first["open"]) + _number(first["session"]),
        first_run_ms=_number(first["run"]),
        anonymous_bytes=int(_number(memory["anonymous"], 1e15)),
        file_bytes=int(_number(memory["file"], 1e15)),
        prefix_ms=_times(measured["prefix_ms"]),
        gate_ms=_times(measured["gate_ms"]),
        paths=tuple(
            PathSamples(int(_number(entry["path"], 1e6)), _times(entry["suffix_ms"]), _times(entry["total_ms"]))
            for entry in measured["paths"]
        ),
    )


def _check(block: RawBlock, paths: Sequence[int], samples: bool) -> None:
    if block.runs < 1 or block.seconds <= 0:
        raise ValueError(f"{block.runs} runs in {block.seconds:.6g} s")
    if not samples:
        return
    if [entry.path for entry in block.paths] != list(paths):
        raise ValueError(f"paths {[entry.path for entry in block.paths]}, expected {list(paths)}")
    by_path = {len(times) for entry in block.paths for times in (entry.suffix_ms, entry.total_ms)}
    by_all = {len(times) for times in (block.prefix_ms, block.gate_ms)}
    if by_path != {block.runs} or by_all != {block.runs * len(paths)}:
        raise ValueError(f"{block.runs} runs, but some samples are missing")
    total_s = sum(sum(entry.total_ms) for entry in block.paths) / 1e3
    if total_s > _SLACK * block.seconds + 0.05:
        raise ValueError(f"inferences of {total_s:.3g} s altogether within {block.seconds:.3g} s: its clock jumped")


def _times(values: Any) -> tuple[float, ...]:
    if not isinstance(values, list | tuple):
        raise ValueError("samples that are no list")
    return tuple(_number(value) for value in values)


def _number(value: Any, largest: float = _LONGEST_MS) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not 0 <= value <= largest:
        raise ValueError(f"a number from 0 to {largest:g} was expected, found {str(value)[:40]!r}")
    return float(value)


def _refuse(text: str) -> None:
    raise ValueError(f"{text} is not JSON")
