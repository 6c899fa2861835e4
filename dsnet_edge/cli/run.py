"""`dsnet-edge run`: photos in, labels and the width each one took out."""

from __future__ import annotations

import json
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dsnet_edge.errors import DsnetError, ImageError, PathError

if TYPE_CHECKING:
    from rich.table import Table

    from dsnet_edge.runtime import Prediction, Runner
    from dsnet_edge.runtime.thermal import CooledRunner


def run(
    bundle: Annotated[FilePath, typer.Argument(help="A bundle folder.")],
    images: Annotated[list[FilePath] | None, typer.Argument(help="Photos: JPEG, PNG, WebP, ...")] = None,
    path: Annotated[str, typer.Option(help="A path index, or auto: the gate decides.")] = "auto",
    top: Annotated[int, typer.Option(min=1, help="Labels to print for each photo.")] = 5,
    backend: Annotated[str, typer.Option(help="sliced, executorch, litert, onnxruntime, ncnn or numpy.")] = "sliced",
    threads: Annotated[int | None, typer.Option(min=1, max=64, help="As many as there are big cores, unless given.")] = None,
    cores: Annotated[str, typer.Option(help="Pin one thread to each of these, such as 4-7 or 0,2 (sliced only).")] = "",
    bias: Annotated[float | None, typer.Option(help="Lead the gate to cheaper paths (above 0) or dearer ones (below).")] = None,
    budget_ms: Annotated[float | None, typer.Option(help="Milliseconds a photo may take on average, by --profile.")] = None,
    budget_mj: Annotated[float | None, typer.Option(help="Millijoules a photo may take on average, by --profile.")] = None,
    profile: Annotated[
        FilePath | None, typer.Option(help="What the paths cost on this device: a file of dsnet-edge profile.")
    ] = None,
    sweep: Annotated[
        FilePath | None, typer.Option(help="Keep the budget by one bias from this file of dsnet-edge sweep.")
    ] = None,
    thermal: Annotated[bool, typer.Option("--thermal", help="Lower the budget while this device is hot or held back.")] = False,
    self_test: Annotated[
        bool, typer.Option("--self-test", help="Compare every path with the bundle's golden outputs; exit code 1 on a miss.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Classify photos; print labels, probabilities, the chosen path and the time of every stage. Or test the bundle itself."""
    from rich.console import Console

    from dsnet_edge import _native
    from dsnet_edge.runtime import Runner
    from dsnet_edge.runtime.cores import parse_cores, pinned

    chosen_cores = parse_cores(cores) if cores else []
    if threads is not None and cores:
        raise DsnetError("--cores already says how many threads there are; leave out --threads")
    if self_test == bool(images):
        raise DsnetError("give photos to classify, or --self-test and none: it has images of its own")
    chosen = _path(path)
    knob = {"bias": bias, "budget_ms": budget_ms, "budget_mj": budget_mj, "profile": profile, "sweep": sweep}
    if (chosen is not None or self_test) and any(value is not None for value in knob.values()):
        raise DsnetError("a bias or a budget leads the gate, which does not choose with --path or --self-test; leave one out")
    runner = Runner(
        bundle,
        backend,
        threads or len(_native.big_cores()),
        chosen_cores,
        bias=bias,
        budget_ms=budget_ms,
        budget_mj=budget_mj,
        profile=profile,
        sweep=sweep,
    )
    classify = _cooled(runner) if thermal else runner
    if self_test:
        with pinned(chosen_cores):
            _self_test(runner, as_json)
        return
    runner.check_path(chosen)
    results: list[tuple[str, Prediction]] = []
    failed = False
    with pinned(chosen_cores):
        for image in images or ():
            try:
                results.append((str(image), classify(image, chosen)))
            except ImageError as error:  # one bad photo does not hide the others
                Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(f"error: {error}")
                failed = True
    if as_json:
        typer.echo(json.dumps([_record(runner, file, prediction, top) for file, prediction in results], indent=2))
    elif results:
        Console().print(predictions_table(runner, results, top))
    if failed:
        raise typer.Exit(2)


def _cooled(runner: Runner) -> CooledRunner:
    from dsnet_edge.devices.tree import FileTree
    from dsnet_edge.profiling.conditions import read_conditions
    from dsnet_edge.runtime.thermal import CooledRunner

    return CooledRunner(runner, lambda: read_conditions(FileTree()))


def _self_test(runner: Runner, as_json: bool) -> None:
    from rich.console import Console

    from dsnet_edge.cli.self_test import self_test_record, self_test_table
    from dsnet_edge.runtime.self_test import self_test

    found = self_test(runner)
    if as_json:
        typer.echo(json.dumps(self_test_record(str(runner.bundle.folder), found), indent=2, allow_nan=False))
    else:
        Console().print(self_test_table(runner.bundle.name, found))
    if not found.passed:
        raise typer.Exit(1)


def _path(text: str) -> int | None:
    if text == "auto":
        return None
    try:
        return int(text)
    except ValueError:
        raise PathError(f"--path takes a path index or auto, found {text!r}") from None


def predictions_table(runner: Runner, results: list[tuple[str, Prediction]], top: int) -> Table:
    """Fits a terminal of 80 columns: the four times share one."""
    from rich.table import Table

    caption = "\n".join((_routing(runner, results[-1][1]), runner.backend.runtime))
    table = Table(title=f"{runner.bundle.name} on {runner.backend_name}", caption=caption, caption_justify="left")
    table.add_column("photo", overflow="fold")
    table.add_column(f"top {top}" if top > 1 else "label", overflow="fold")
    table.add_column("path", justify="right", no_wrap=True)
    table.add_column("ms: prepare prefix gate suffix", no_wrap=True)
    for file, prediction in results:
        timing = prediction.timing
        table.add_row(
            FilePath(file).name,
            "\n".join(f"{probability:4.0%} {label}" for label, probability in prediction.top(top)),
            str(prediction.path),
            f"{timing.preprocess_ms:11.2f}{timing.prefix_ms:7.2f}{timing.gate_ms:5.2f}{timing.suffix_ms:7.2f}",
        )
    return table


def _routing(runner: Runner, last: Prediction) -> str:
    """Who chose the paths, and what they cost so far where there is a budget."""
    if not last.routed:
        return "path fixed by the caller, not by the gate"
    budget = runner.policy.budget
    if budget is None:
        return "path chosen by the gate" + (f" with a bias of {last.bias:.3g}" if last.bias else "")
    if budget.amount >= budget.costs[-1]:
        return f"budget of {budget.amount:g} {budget.unit}: more than the widest path costs, so always that"
    return f"budget of {budget.amount:g} {budget.unit}: {last.spent:.3g} {budget.unit} a photo so far, by the profile"


def _record(runner: Runner, file: str, prediction: Prediction, top: int) -> dict[str, Any]:
    timing = prediction.timing
    return {
        "image": file,
        "label": prediction.label,
        "probability": prediction.probability,
        "top": [{"label": label, "probability": probability} for label, probability in prediction.top(top)],
        "path": prediction.path,
        "routed": prediction.routed,
        "madds": prediction.madds,
        "bias": prediction.bias,
        "spent": prediction.spent,
        "scores": [float(score) for score in prediction.scores],
        "preprocess_ms": timing.preprocess_ms,
        "prefix_ms": timing.prefix_ms,
        "gate_ms": timing.gate_ms,
        "suffix_ms": timing.suffix_ms,
        "runtime": runner.backend.runtime,
    }
