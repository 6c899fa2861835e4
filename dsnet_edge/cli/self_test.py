"""What `dsnet-edge run --self-test` prints."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from dsnet_edge.runtime.self_test import SelfTest


def self_test_table(bundle: str, found: SelfTest) -> Table:
    """Fits a terminal of 80 columns."""
    from rich.table import Table

    verdict = "passed" if found.passed else "[red]MISSED:[/] what is red is not"
    caption = f"{verdict} within {found.tolerance:g} of the golden outputs ({found.precision}) on {found.images} images"
    table = Table(title=f"{bundle} on {found.backend} ({found.runtime})", caption=caption, caption_justify="left")
    for name in ("path", "relative error", "SNR dB", "top-1 %"):
        table.add_column(name, justify="right", no_wrap=True)
    for path, difference in enumerate(found.paths):
        cells = (
            str(path),
            f"{difference.relative_error:.1e}",
            f"{difference.snr_db:.1f}",
            f"{100 * difference.top1_agreement:.4g}",
        )
        table.add_row(*cells, style="" if found.path_passed(path) else "red")
    table.add_section()
    same = f"{100 * found.gate.same / found.gate.images:.4g}"
    table.add_row("gate", f"{found.gate.relative_error:.1e}", "", same, style="" if found.gate_passed else "red")
    return table


def self_test_record(bundle: str, found: SelfTest) -> dict[str, Any]:
    """For JSON, which has no infinity: null stands in for it."""
    paths = [
        {"path": path, "passed": found.path_passed(path), **asdict(difference)} for path, difference in enumerate(found.paths)
    ]
    record = {"bundle": bundle, **asdict(found), "paths": paths, "gate": asdict(found.gate) | {"passed": found.gate_passed}}
    return _finite(record | {"passed": found.passed})


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
