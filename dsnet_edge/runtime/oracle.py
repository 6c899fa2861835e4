"""The `numpy` backend: the Plan interpreter, run on the Plan that `model.dsnet` holds."""

from __future__ import annotations

import numpy as np

from dsnet_edge.arch import Path
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
        return self._run(0, {program.image: image[None].astype(np.float64)}, program.paths[0])

    def gate(self, feature: Values, taken: tuple[int, ...] = ()) -> tuple[np.ndarray, Values]:
        if not self.plan.program.gates:
            return np.zeros(0, np.float32), feature
        values = self._run(2 * len(taken) + 1, feature, self._path(taken))
        return values[self.plan.program.gates[len(taken)]][0].astype(np.float32), values

    def segment(self, feature: Values, attention: Values, taken: tuple[int, ...]) -> Values:
        return self._run(2 * len(taken), attention, self._path(taken))

    def suffix(self, feature: Values, attention: Values, path: int) -> np.ndarray:
        program = self.plan.program
        return self._run(-1, attention if program.gates else feature, program.paths[path])[program.logits][0].astype(np.float32)

    def _run(self, segment: int, values: Values, path: Path) -> Values:
        return run_segment(self.plan, self.plan.program.segments[segment], values, path)

    def _path(self, taken: tuple[int, ...]) -> Path:
        """One that makes these choices."""
        gates = self.plan.program.space.gates
        return Path(tuple(gate[index] for gate, index in zip(gates, (*taken, *[0] * len(gates)), strict=False)))
