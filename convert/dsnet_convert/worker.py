"""A converter process: `python -m dsnet_convert.worker MODEL.dsnet FOLDER [CALIBRATION.npy]`, jobs on standard input, events
on standard output. The model is fp32; with calibration images it is converted to int8.

The ecosystem converters are slow to import, single-threaded and noisy, so they run in processes of their own, a job at a time;
their noise goes to standard error, which the parent keeps for the case of a failure. Jobs and events are JSON, one a line:
`["executorch", ""]` writes `model.pte`, `["litert", STAGE]` one `.tflite`, and likewise the other targets with a file a stage;
the answers are `{"stage": NAME}` for every stage that is done, then `{"done": true}` or `{"error": MESSAGE}`. See
`dsnet_convert.workers` for the other side.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import warnings
from pathlib import Path as FilePath
from typing import TextIO

import numpy as np

from dsnet_convert.stage import FILE_SUFFIXES, Stage, stages
from dsnet_edge.errors import DsnetError
from dsnet_edge.plan import Plan
from dsnet_edge.plan.model_file import read_sliced


def main() -> None:
    model, folder = FilePath(sys.argv[1]), FilePath(sys.argv[2])
    events = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever the converters print
    warnings.filterwarnings("ignore")
    gc.set_threshold(100_000, 50, 100)  # the converters hold millions of live objects: by default 15 % of the time is collection
    plan = read_sliced(model)
    calibration = np.load(sys.argv[3]) if len(sys.argv) > 3 else None
    for line in sys.stdin:
        try:
            target, name = json.loads(line)
            run_job(plan, folder, target, name, events, calibration)
            print(json.dumps({"done": True}), file=events)
        except DsnetError as error:
            print(json.dumps({"error": str(error)}), file=events)


def run_job(plan: Plan, folder: FilePath, target: str, name: str, events: TextIO, calibration: np.ndarray | None) -> None:
    def report(stage: str) -> None:
        print(json.dumps({"stage": stage}), file=events)

    if target == "executorch":
        from dsnet_convert.executorch import write_executorch

        _use_one_thread()
        write_executorch(plan, folder / "model.pte", report, calibration)
        return
    stage = next(stage for stage in stages(plan) if stage.name == name)
    _write_stage(plan, target, stage, folder / target / f"{name}{FILE_SUFFIXES[target]}", calibration)
    report(name)


def _write_stage(plan: Plan, target: str, stage: Stage, file: FilePath, calibration: np.ndarray | None) -> None:
    if target == "litert":
        from dsnet_convert.litert import write_litert, write_litert_int8

        _use_one_thread()
        if calibration is None:
            write_litert(plan, stage, file)
        else:
            write_litert_int8(plan, stage, calibration, file)
    elif target == "onnx":
        from dsnet_convert.onnx import write_onnx, write_onnx_int8

        if calibration is None:
            write_onnx(plan, stage, file)
        else:
            write_onnx_int8(plan, stage, calibration, file)
    else:
        from dsnet_convert.ncnn import write_ncnn

        write_ncnn(plan, stage, file)


def _use_one_thread() -> None:
    import torch

    torch.set_num_threads(1)


if __name__ == "__main__":
    main()
