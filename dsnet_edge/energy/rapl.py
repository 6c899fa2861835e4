"""RAPL: energy counters of Intel's and AMD's processors (Documentation/power/powercap/powercap.rst of Linux).

Of packages (the whole chip), cores, and memory where there is a counter for it. Readable by root alone since CVE-2020-8694.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import pairwise

from dsnet_edge.devices.device import Frame, Tree
from dsnet_edge.devices.readings import clean, matching, number
from dsnet_edge.energy.account import Account, counted
from dsnet_edge.energy.meter import Finding, Meter, Scope, watching

_ZONES = "/sys/class/powercap/intel-rapl:*"
_STEP_J = 2**-14  # of most processors; servers count in finer steps
_ABOUT: dict[str, tuple[Scope, str]] = {
    "package": ("cpu", "the processor's package"),
    "core": ("cpu", "the processor's cores"),
    "dram": ("cpu", "the memory"),
    "psys": ("board", "the whole platform"),
}


def find_rapl(tree: Tree) -> Finding:
    """One meter for each kind of zone; those of several sockets are added up."""
    files = tree.read((f"{_ZONES}/name", f"{_ZONES}/energy_uj", f"{_ZONES}/max_energy_range_uj")).files
    zones: dict[str, dict[str, float]] = {kind: {} for kind in _ABOUT}
    denied = False
    for match, text in matching(files, r"(/sys/class/powercap/intel-rapl:[\d:]+)/name"):
        kind = re.sub(r"-\d+$", "", clean(text))
        counter, most = f"{match[1]}/energy_uj", number(files.get(f"{match[1]}/max_energy_range_uj"))
        if kind in zones and most:
            denied |= counter not in files
            zones[kind] |= {counter: most} if counter in files else {}
    meters = [
        Meter(f"rapl:{kind}", *_ABOUT[kind], watching(tuple(counters)), partial(_account, counters, f"rapl:{kind}"))
        for kind, counters in zones.items()
        if counters
    ]
    hint = "RAPL is readable by root alone: sudo chmod o+r /sys/class/powercap/intel-rapl:*/energy_uj (until the next start)"
    return Finding(tuple(meters), hint if denied and not meters else "")


def _account(zones: Mapping[str, float], what: str, frames: Sequence[Frame]) -> Account:
    """A counter begins again at 0 after its largest value: at 100 W in 44 minutes, so once between two frames at the most."""
    rows = [(frame.uptime_s, _microjoules(zones, frame)) for frame in frames]
    whole = [(second, values) for second, values in rows if len(values) == len(zones)]
    joules, found = 0.0, [(second, 0.0) for second, _ in whole[:1]]
    for (_, before), (second, after) in pairwise(whole):
        joules += sum((new - old) % most for old, new, most in zip(before, after, zones.values(), strict=True)) / 1e6
        found.append((second, joules))
    return counted(found, _STEP_J, what)


def _microjoules(zones: Iterable[str], frame: Frame) -> list[float]:
    return [value for zone in zones if (value := number(frame.files.get(zone))) is not None]
