"""What the latest frames say: how many there are a second, and which paths they took."""

from __future__ import annotations

from collections import Counter, deque

_SECONDS = 5.0
_FRAMES = 256


class Rate:
    """Of events, over the latest five seconds."""

    def __init__(self) -> None:
        self._at_s: deque[float] = deque()

    def add(self, now: float) -> None:
        self._at_s.append(now)
        self._forget(now)

    def value(self, now: float) -> float:
        """A second. Intervals are counted, not events, or the rate would begin too high; what has stopped falls to 0."""
        self._forget(now)
        if len(self._at_s) < 2:
            return 0.0
        interval_s = (self._at_s[-1] - self._at_s[0]) / (len(self._at_s) - 1)
        return 1 / max(interval_s, now - self._at_s[-1], 1e-9)

    def _forget(self, now: float) -> None:
        while self._at_s and self._at_s[0] < now - _SECONDS:
            self._at_s.popleft()


class PathCounts:
    """How often each of `n_paths` was taken, of the latest 256 frames."""

    def __init__(self, n_paths: int) -> None:
        self._n_paths = n_paths
        self._latest: deque[int] = deque(maxlen=_FRAMES)

    def add(self, path: int) -> None:
        self._latest.append(path)

    def counts(self) -> tuple[int, ...]:
        found = Counter(self._latest)
        return tuple(found[path] for path in range(self._n_paths))
