"""The README's tables of speed, as Markdown, from the records of `make bench`.

python benchmarks/readme_tables.py

`bench-emerald-rapids.json` is a run on another machine, against the two rivals only; of it the README has the bars.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path as FilePath

from dsnet_edge.bench.bars import RIVALS, bars
from dsnet_edge.bench.report import Network, Report, Summary
from dsnet_edge.bench.table1 import STRATEGIES, Table1

RESULTS = FilePath(__file__).with_name("results")
NAMES = {"litert": "LiteRT", "executorch": "ExecuTorch", "onnxruntime": "ONNX Runtime", "ncnn": "ncnn"}


def bar_lines(report: Report) -> Iterator[str]:
    yield "| | bar | measured | | where, and how others do |"
    yield "|---|---:|---:|---|---|"
    for bar in bars(report):
        verdict = "holds" if bar.passed else "**does not hold**"
        yield f"| {bar.name} | {bar.limit:g}{bar.unit} | {bar.measured:.3g}{bar.unit} | {verdict} | {bar.detail} |"


def path_lines(network: Network, threads: int) -> Iterator[str]:
    """Median (minimum) milliseconds of every runtime; the ratios are medians over the rounds."""
    run = network.run(threads)
    if run is None:
        return
    rivals = [peer for peer in RIVALS if peer in network.peers]
    peers = " | ".join(NAMES[peer] for peer in network.peers)
    yield f"| path | sliced | {peers} | sliced / best of {' and '.join(NAMES[peer] for peer in rivals)} |"
    yield "|---:|" + "---:|" * (len(network.peers) + 2)
    for stage, path in [("prefix", -1), *(("network", path) for path in range(run.n_paths))]:
        cells = [_time(run.time(case, stage, path)) for case in ("sliced", *network.peers)]
        ratio = run.ratio(run.best(rivals, stage, path), stage, path).median
        yield f"| {'prefix' if path < 0 else path} | {' | '.join(cells)} | {ratio:.2f} |"


def table1_lines(result: Table1, paths: tuple[int, ...]) -> Iterator[str]:
    """Milliseconds of `ideal`, and what the other strategies take of it."""
    others = STRATEGIES[1:]
    yield f"| path | ideal ms | {' | '.join(others)} |"
    yield "|---:|" + "---:|" * (len(others) + 1)
    for path in paths:
        ratios = " | ".join(f"{result.over_ideal(strategy, path):.3f}" for strategy in others)
        yield f"| {path} | {result.median_ms('ideal', path):.2f} | {ratios} |"


def _time(time: Summary) -> str:
    return f"{time.median_ms:.2f} ({time.min_ms:.2f})"


def main() -> None:
    report = Report.from_dict(json.loads((RESULTS / "bench.json").read_text()))
    print(*bar_lines(report), sep="\n", end="\n\n")
    for network in report.networks:
        for threads in (1, 2):
            print(f"{network.precision}, {threads} thread{'s' if threads > 1 else ''}:\n")
            print(*path_lines(network, threads), sep="\n", end="\n\n")
    other = Report.from_dict(json.loads((RESULTS / "bench-emerald-rapids.json").read_text()))
    print("Emerald Rapids:\n")
    print(*bar_lines(other), sep="\n", end="\n\n")
    for file in (RESULTS / "table1.json", RESULTS / "table1-int8.json"):
        result = Table1.from_dict(json.loads(file.read_text()))
        print(f"{result.precision}:\n")
        print(*table1_lines(result, (0, result.n_paths // 2 - 1, result.n_paths - 1)), sep="\n", end="\n\n")


if __name__ == "__main__":
    main()
