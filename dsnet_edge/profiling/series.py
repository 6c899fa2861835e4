"""From blocks to a series: what is kept, how sure it is, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence

from dsnet_edge.profile.values import Block, Conditions, PathTime, Series, Settings, Summary, Verdict
from dsnet_edge.profiling.raw import RawBlock
from dsnet_edge.profiling.statistics import half_width, summarize


def make_block(number: int, raw: RawBlock, conditions: Sequence[Conditions], reason: str) -> Block:
    """`reason`: why it is not kept, or empty."""
    return Block(
        number=number,
        kept=not reason,
        reason=reason,
        seconds=round(raw.seconds, 3),
        open_ms=raw.open_ms,
        first_run_ms=raw.first_run_ms,
        prefix_ms=raw.prefix_ms,
        gate_ms=raw.gate_ms,
        paths=raw.paths,
        conditions=tuple(conditions),
    )


def make_series(
    key: tuple[str, int], cores: Sequence[int], last: RawBlock, blocks: Sequence[Block], settings: Settings
) -> Series:
    """`key`: backend and threads. Of at least one block; where none was kept, of all, and the verdict says that."""
    kept = [block for block in blocks if block.kept]
    used = kept or list(blocks)
    paths = tuple(
        PathTime(
            sample.path,
            summarize([block.paths[index].suffix_ms for block in used]),
            summarize([block.paths[index].total_ms for block in used]),
        )
        for index, sample in enumerate(used[0].paths)
    )
    verdict, warnings = judge(paths, blocks, settings)
    return Series(
        backend=key[0],
        threads=key[1],
        cores=tuple(cores),
        runtime=last.runtime,
        verdict=verdict,
        warnings=warnings,
        anonymous_bytes=last.anonymous_bytes,
        file_bytes=last.file_bytes,
        open_ms=summarize([[block.open_ms] for block in used]),
        first_run_ms=summarize([[block.first_run_ms] for block in used]),
        prefix_ms=summarize([block.prefix_ms for block in used]),
        gate_ms=summarize([block.gate_ms for block in used]),
        paths=paths,
        blocks=tuple(blocks),
    )


def judge(paths: Sequence[PathTime], blocks: Sequence[Block], settings: Settings) -> tuple[Verdict, tuple[str, ...]]:
    """Steady is what was not held back and is known to within `settings.noise`, on every path."""
    dropped = [block for block in blocks if not block.kept]
    warnings = tuple(f"block {block.number} is left out: {block.reason}" for block in dropped)
    n_kept = len(blocks) - len(dropped)
    if n_kept < settings.blocks:
        told = f"{n_kept} of {settings.blocks} blocks are usable"
        return ("throttled" if len(dropped) >= settings.blocks else "incomplete"), (*warnings, told)
    worst = max(paths, key=lambda time: half_width(time.total_ms))
    if half_width(worst.total_ms) > settings.noise:
        told = (
            f"path {worst.path} is known to {half_width(worst.total_ms):.1%} only, {settings.noise:.1%} is wanted: not a result"
        )
        return "noisy", (*warnings, told)
    return "steady", warnings


def is_steady(blocks: Sequence[Block], noise: float) -> bool:
    """Whether the kept blocks are enough to know the total of every path to within `noise`."""
    kept = [block for block in blocks if block.kept]
    if not kept:
        return False
    totals: list[Summary] = [summarize([b.paths[i].total_ms for b in kept]) for i in range(len(kept[0].paths))]
    return all(half_width(total) <= noise for total in totals)
