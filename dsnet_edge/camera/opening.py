"""A runner that is opened beside the one at work."""

from __future__ import annotations

import threading

import numpy as np

from dsnet_edge.errors import DsnetError
from dsnet_edge.runtime.bundle import Bundle
from dsnet_edge.runtime.runner import Runner


class Opening:
    """A thread that opens a runner and, if there is a frame, runs its slimmest and widest path once, as what is not there yet is
    made for the first image."""

    def __init__(self, bundle: Bundle, backend: str, threads: int, pixels: np.ndarray | None) -> None:
        self.backend, self.threads = backend, threads
        self._bundle, self._pixels = bundle, pixels
        self._runner: Runner | None = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="opening", daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    def result(self) -> Runner:
        """Waits for it. DsnetError where it could not be opened."""
        self._thread.join()
        if self._runner is None:
            raise DsnetError(f"{self.backend} x{self.threads} cannot be used: {self._error}") from self._error
        return self._runner

    def _run(self) -> None:
        try:
            runner = Runner(self._bundle, self.backend, self.threads)
            if self._pixels is not None:
                for path in (0, self._bundle.n_paths - 1):
                    runner(self._pixels, path)
            self._runner = runner
        except Exception as error:  # a backend's library may raise anything
            self._error = error
