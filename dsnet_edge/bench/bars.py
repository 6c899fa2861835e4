"""The bars a release must clear, each with what was measured and whether it passes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dsnet_edge.bench.report import Network, Report, Run

RIVALS = ("litert", "executorch")  # the peers to be ahead of; the others are measured beside
AHEAD = {("fp32", 1): 0.90, ("int8", 1): 0.80, ("fp32", 2): 0.95, ("int8", 2): 0.95}  # by precision and threads


@dataclass(frozen=True)
class Bar:
    name: str
    limit: float
    measured: float
    unit: str  # after the number
    detail: str

    @property
    def passed(self) -> bool:
        return self.measured <= self.limit


def bars(report: Report) -> list[Bar]:
    return [bar for network in report.networks for bar in _of_network(network)]


def _of_network(network: Network) -> Iterator[Bar]:
    for run in network.runs:
        yield from _ahead(network, run)
    if one := network.run(1):
        yield _worst(f"sliced / ideal, {network.precision}, every path", 1.02, one, "ideal")
        yield _switching(network, one)
        if "gate" in one.shared_stages:
            routing = one.time("routed", "gate").median_ms / one.time("sliced", "network", 0).median_ms
            yield Bar(f"gate + routing / slimmest path, {network.precision}", 2.0, 100 * routing, " %", "")
    for opening in network.openings:
        if opening.backend == "sliced":
            others = ", ".join(f"{o.backend} {o.first_ms:.0f} ms" for o in network.openings if o is not opening)
            yield Bar(f"open to first result, {network.precision}", 10.0, opening.first_ms, " ms", others)
    for memory in network.memories:
        if memory.backend == "sliced":
            ratio = memory.total / (memory.arena + memory.activations)
            others = ", ".join(f"{m.backend} {m.total / 1e6:.0f} MB" for m in network.memories if m is not memory)
            detail = f"{memory.total / 1e6:.1f} MB" + (f"; {others}" if others else "")
            yield Bar(f"memory, all paths run / arena + activations, {network.precision}", 1.1, ratio, "", detail)


def _ahead(network: Network, run: Run) -> Iterator[Bar]:
    """The worst of the prefix and of every path, each against the rival that is fastest at it."""
    rivals = [peer for peer in network.peers if peer in RIVALS]
    if not rivals or (network.precision, run.threads) not in AHEAD:
        return
    prefix = [("prefix", -1)] if "prefix" in run.shared_stages else []
    cells = [*prefix, *(("network", path) for path in range(run.n_paths))]
    found = []
    for cell in cells:
        best = run.best(rivals, *cell)
        found.append((run.ratio(best, *cell).median, run.of_medians(best, *cell), best, cell))
    ratio, of_medians, best, cell = max(found)
    where = "prefix" if cell[0] == "prefix" else f"path {cell[1]}"
    ahead = sum(ratio <= AHEAD[network.precision, run.threads] for ratio, *_ in found)
    plural = "s" if run.threads > 1 else ""
    name = f"sliced / best of {' and '.join(rivals)}, {network.precision}, {run.threads} thread{plural}, prefix and every path"
    detail = f"{where} against {best}; of medians {of_medians:.3f}; {ahead} of {len(found)} pass"
    yield Bar(name, AHEAD[network.precision, run.threads], ratio, "", detail)


def _worst(name: str, limit: float, run: Run, other: str) -> Bar:
    found = [(run.ratio(other, "network", path).median, path) for path in range(run.n_paths)]
    ratio, path = max(found)
    suffix, where = max((run.ratio(other, "suffix", path).median, path) for path in range(run.n_paths))
    mean = sum(ratio for ratio, _ in found) / len(found)
    detail = f"path {path}; of medians {run.of_medians(other, 'network', path):.3f}; mean of paths {mean:.3f}; "
    return Bar(name, limit, ratio, "", detail + f"suffix alone {suffix:.3f} (path {where})")


def _switching(network: Network, run: Run) -> Bar:
    """Of the paths together: who switches takes all of them."""
    ratios = [1 / run.ratio("switching", "network", path).median for path in range(run.n_paths)]
    worst = max(range(run.n_paths), key=lambda path: ratios[path])
    totals = [sum(run.time(case, "network", path).median_ms for path in range(run.n_paths)) for case in ("switching", "sliced")]
    detail = f"mean of paths; of medians {totals[0] / totals[1]:.3f}; worst {ratios[worst]:.3f} (path {worst})"
    name = f"switching the path at every inference / staying on it, {network.precision}"
    return Bar(name, 1.02, sum(ratios) / len(ratios), "", detail)
