"""How near an fp32 bundle comes to what one core of this machine can do at all, and what share of that its bar asks for.

    python benchmarks/roofline.py build/dsmbnet14 --json benchmarks/results/roofline.json

Every path's time is compared with the time that its multiply-adds alone take at the core's peak, both measured here: no
runtime that computes them all can be faster. Depthwise convolutions, activations and the reading of weights come on top.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path as FilePath
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from dsnet_convert.sliced import write_sliced
from dsnet_edge.bench.bars import AHEAD, RIVALS
from dsnet_edge.bench.rounds import Case, run_rounds
from dsnet_edge.plan.model_file import read_sliced
from dsnet_edge.profile.values import Peaks
from dsnet_edge.profiling.contenders import Sliced, open_peer
from dsnet_edge.profiling.machine import describe_machine, machine_line
from dsnet_edge.profiling.peaks import measure_peaks
from dsnet_edge.runtime.bundle import open_bundle


@dataclass(frozen=True)
class Row:
    """One path, one thread; milliseconds are minima over the rounds."""

    path: int
    mmadds: float
    weight_mb: float
    compute_ms: float  # its multiply-adds at the peak
    read_ms: float  # its weights from memory, which can go on meanwhile
    sliced_ms: float
    peer_ms: float
    bar_ms: float

    @property
    def reached(self) -> float:
        """The share of the peak in the whole network's time."""
        return self.compute_ms / self.sliced_ms

    @property
    def asked(self) -> float:
        """The same for a runtime that just clears the bar."""
        return self.compute_ms / self.bar_ms


def main(
    bundle: Annotated[FilePath, typer.Argument(help="An fp32 bundle with LiteRT and ExecuTorch.")],
    rounds: Annotated[int, typer.Option(min=1)] = 30,
    as_json: Annotated[FilePath | None, typer.Option("--json", help="Also write the results to this file.")] = None,
) -> None:
    opened = open_bundle(bundle)
    plan = read_sliced(opened.file(opened.backend_files("sliced")["file"]))
    images = np.load(opened.file(opened.manifest["golden"]["images"]))
    before = measure_peaks("fp32")
    with tempfile.TemporaryDirectory(prefix="dsnet-edge-roofline-") as folder, Progress(transient=True) as bars:
        task = bars.add_task("every path", total=1.0)
        file = FilePath(folder) / "model.dsnet"
        write_sliced(plan, file)  # fresh in the page cache, as `dsnet-edge bench` has it
        cases = [Case("sliced", Sliced(file, 1)), *(Case(peer, open_peer(opened, peer, 1)) for peer in RIVALS)]
        cells = run_rounds(cases, opened.n_paths, images, rounds, progress=lambda done: bars.update(task, completed=done)).cells
    after = measure_peaks("fp32")
    peaks = Peaks(*(max(pair) for pair in zip(asdict(before).values(), asdict(after).values(), strict=True)))
    minima = {(cell.case, cell.path): cell.time.min_ms for cell in cells if cell.stage == "network"}
    program = plan.program
    rows = []
    for index, path in enumerate(program.paths):
        madds, weight_bytes = program.madds(path), 4 * program.parameters(path)
        peer_ms = min(minima[peer, index] for peer in RIVALS)
        rows.append(
            Row(
                path=index,
                mmadds=madds / 1e6,
                weight_mb=weight_bytes / 1e6,
                compute_ms=madds / peaks.gmadds_per_s / 1e6,
                read_ms=weight_bytes / peaks.read_gb_per_s / 1e6,
                sliced_ms=minima["sliced", index],
                peer_ms=peer_ms,
                bar_ms=AHEAD["fp32", 1] * peer_ms,
            )
        )
    Console().print(as_table(peaks, rows))
    if as_json:
        result = {"machine": describe_machine(), "rounds": rounds, "peaks": asdict(peaks), "paths": [asdict(row) for row in rows]}
        as_json.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


def as_table(peaks: Peaks, rows: list[Row]) -> Table:
    measured = f"{2 * peaks.gmadds_per_s:.0f} GFLOP/s, {peaks.read_gb_per_s:.0f} GB/s read from memory"
    table = Table(
        title="fp32, one thread, against the peak of one core",
        caption=f"minima; peaks of one core: {measured}; {machine_line()}",
    )
    names = ("path", "MMAdds", "at the peak, ms", "weights MB", "read, ms", "sliced, ms", "% of peak", "bar, ms", "% of peak")
    for name in names:
        table.add_column(name, justify="right")
    for row in rows:
        times = f"{row.compute_ms:.2f}", f"{row.weight_mb:.1f}", f"{row.read_ms:.2f}", f"{row.sliced_ms:.2f}"
        table.add_row(str(row.path), f"{row.mmadds:.0f}", *times, f"{row.reached:.0%}", f"{row.bar_ms:.2f}", f"{row.asked:.0%}")
    return table


if __name__ == "__main__":
    typer.run(main)
