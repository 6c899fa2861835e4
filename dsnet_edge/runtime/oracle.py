"""The `numpy` backend: the Plan interpreter, run on the Plan that `model.dsnet` holds."""

from __future__ import annotations

import numpy as np

from dsnet_edge.plan.model_file import read_sliced
from dsnet_edge.plan.oracle import run_segment
from dsnet_edge.runtime.bundle import Bundle

Values = dict[str, np.ndarray]


class OracleBackend:
    runtime = f"numpy {np.__version__}"

    def __init__(self, bundle: Bundle, threads: int) -> None:
        del threads  # NumPy decides
        self.plan = read_sliced(bundle.file(bundle.backend_files("sliced")["file"]))

    def prefix(self, image: np.ndarray) -> Values:
        program = self.plan.program
        return run_segment(self.plan, "prefix", {program.image: image[None].astype(np.float64)}, program.paths[0])

    def gate(self, feature: Values) -> tuple[np.ndarray, Values]:
        program = self.plan.program
        values = run_segment(self.plan, "gate", feature, program.paths[0])
        return values[program.scores][0].astype(np.float32), values

    def suffix(self, feature: Values, attention: Values, path: int) -> np.ndarray:
        program = self.plan.program
        values = run_segment(self.plan, "suffix", attention, program.paths[path])
        return values[program.logits][0].astype(np.float32)
