"""Every stage's file of every target: from the cache where it holds them, else by worker processes; then merged where wanted."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path as FilePath

from dsnet_convert.cache import Cache, merged_key, stage_keys
from dsnet_convert.progress import Progress
from dsnet_convert.samples import Samples
from dsnet_convert.stage import FILE_SUFFIXES, stage_file, stage_folder
from dsnet_convert.targets import ONE_FILE
from dsnet_convert.workers import Job, Workers
from dsnet_edge.plan import Plan
from dsnet_edge.plan.elements import Precision

_CACHED = ("executorch", "litert", "onnx2tf", "onnx")  # ncnn's two files a stage are written in milliseconds


def write_stage_files(
    plan: Plan,
    folder: FilePath,
    targets: Sequence[str],
    merged: Sequence[str],
    precision: Precision,
    samples: Samples | None,
    cache: Cache | None,
    progress: Progress,
) -> int:
    """Into `folder`, of an fp32 plan; int8 learns its ranges from samples. Returns how many files the cache gave.

    Raises DsnetError, naming target and stage, if one cannot be converted.
    """
    keys: dict[Job, str] = {}
    files: dict[Job, FilePath] = {}
    for target in (target for target in FILE_SUFFIXES if target in targets):
        (folder / stage_folder(target)).mkdir()
        by_stage = stage_keys(plan, target, precision, samples)
        keys |= {(target, stage): key for stage, key in by_stage.items()}
        files |= {(target, stage): folder / stage_file(target, stage) for stage in by_stage}
        if target in merged:
            keys[target, ""], files[target, ""] = merged_key(by_stage), folder / ONE_FILE[target]

    def kept(job: Job) -> bool:
        return cache is not None and job[0] in _CACHED and cache.fetch(keys[job], files[job])

    def done(job: Job) -> None:
        if cache is not None and job[0] in _CACHED:
            cache.store(keys[job], files[job])
        progress.done(job)

    whole = [job for job in files if not job[1] and kept(job)]
    stages = [job for job in files if job[1] and (job[0], "") not in whole and not kept(job)]
    merges = [job for job in files if not job[1] and job not in whole]
    given = set(files).difference(stages, merges)
    for job in given:
        progress.done(job)
    with Workers(plan, folder, precision, samples) as workers:
        workers.run(stages, done)
        workers.run(merges, done)
    for target in merged:
        shutil.rmtree(folder / stage_folder(target))
    return len(given)
