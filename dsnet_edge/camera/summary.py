"""What a run was like, told at its end."""

from __future__ import annotations

import statistics
import time
from collections import Counter, deque
from typing import TYPE_CHECKING

from dsnet_edge.camera.values import Result
from dsnet_edge.runtime.runner import Timing

if TYPE_CHECKING:
    from rich.table import Table

_TIMED = 4096  # the latest frames, whose medians are told
_STAGES = ("preprocess", "prefix", "gate", "suffix")


class Summary:
    """Counts as the loop goes; its memory does not grow with the frames."""

    def __init__(self) -> None:
        self.frames = 0
        self._begin_s = self._end_s = time.monotonic()
        self._paths: Counter[int] = Counter()
        self._latest: deque[tuple[int, Timing]] = deque(maxlen=_TIMED)

    def add(self, result: Result) -> None:
        self._end_s = time.monotonic()
        if not self.frames:
            self._begin_s = self._end_s
        self.frames += 1
        self._paths[result.prediction.path] += 1
        self._latest.append((result.prediction.path, result.prediction.timing))

    def table(self, given: int) -> Table:
        """`given` is how many pictures the source gave."""
        from rich.table import Table

        seconds = self._end_s - self._begin_s
        rate = f", {(self.frames - 1) / seconds:.1f} a second" if self.frames > 1 and seconds > 0 else ""
        seen = f"{self.frames} of {given} frames classified in {seconds:.1f} s{rate}"
        of = f" of the latest {_TIMED}" if self.frames > _TIMED else ""
        table = Table(title=seen, caption=f"medians{of} in milliseconds", caption_justify="left")
        for name in ("path", "frames", "%", *_STAGES, "sum"):
            table.add_column(name, justify="right", no_wrap=True)
        for path, count in sorted(self._paths.items()):
            timings = [timing for taken, timing in self._latest if taken == path]
            table.add_row(str(path), str(count), f"{100 * count / self.frames:.1f}", *_medians(timings))
        return table


def _medians(timings: list[Timing]) -> list[str]:
    """Of each stage, and of the sums of all stages; of a path that was not taken lately, none."""
    if not timings:
        return ["-"] * (len(_STAGES) + 1)
    rows = [[getattr(timing, f"{stage}_ms") for stage in _STAGES] for timing in timings]
    columns = [*zip(*rows, strict=True), [sum(row) for row in rows]]
    return [f"{statistics.median(column):.2f}" for column in columns]
