"""The `sliced` backend: our native runtime over one memory-mapped `model.dsnet`. Needs nothing but NumPy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dsnet_edge import __version__, _native
from dsnet_edge.errors import BundleError
from dsnet_edge.runtime.bundle import Bundle


class SlicedBackend:
    """The features stay inside the session, so what `prefix` and `gate` hand out is only a token."""

    def __init__(self, bundle: Bundle, threads: int, cores: Sequence[int] = ()) -> None:
        file = bundle.file(bundle.backend_files("sliced")["file"])
        try:
            self.model = _native.Model(str(file))
            self.session = _native.Session(self.model, threads, cores=list(cores))
        except _native.Error as error:
            raise BundleError(str(error)) from error
        self.runtime = f"dsnet_edge {__version__}, {self.session.isa}"
        found = (self.model.height, self.model.width, self.model.n_gates, self.model.n_paths, self.model.n_classes)
        expected = (bundle.input.height, bundle.input.width, len(bundle.n_choices), bundle.n_paths, len(bundle.labels))
        if found != expected:
            raise BundleError(
                f"{file}: height, width, gates, paths, classes are {found}, the manifest says {expected}; convert it again"
            )

    def prefix(self, image: np.ndarray) -> None:
        self.session.prefix(image)

    def gate(self, feature: None, taken: tuple[int, ...] = ()) -> tuple[np.ndarray, None]:
        return self.session.gate(), None

    def segment(self, feature: None, attention: None, taken: tuple[int, ...]) -> None:
        self.session.segment(taken[-1])

    def suffix(self, feature: None, attention: None, path: int) -> np.ndarray:
        return self.session.suffix(path)
