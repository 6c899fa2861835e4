"""A converter process: `python -m dsnet_convert.worker MODEL.dsnet FOLDER PRECISION [SAMPLES.npz]`, jobs on standard input,
answers on standard output. The model is fp32; int8 needs samples.

The ecosystem converters are slow to import, single-threaded and noisy, so they run in processes of their own, a job at a time;
their noise goes to standard error, which the parent keeps for the case of a failure. Jobs and answers are JSON, one a line:
`["litert", STAGE]` writes that stage's file, `["executorch", ""]` merges the target's stages into its one file; the answer is
`{"done": true}` or `{"error": MESSAGE}`. See `dsnet_convert.workers` for the other side.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import warnings
from pathlib import Path as FilePath

from dsnet_convert.files import MAKE_ROOM, NO_ROOM
from dsnet_convert.samples import Samples
from dsnet_convert.stage import stage_file, stages
from dsnet_convert.targets import ONE_FILE, merge_stages, write_stage
from dsnet_edge.errors import DsnetError
from dsnet_edge.plan import Plan
from dsnet_edge.plan.elements import Precision, precision_named
from dsnet_edge.plan.model_file import read_sliced


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent, which a terminal interrupts too, ends its workers
    model, folder, precision = FilePath(sys.argv[1]), FilePath(sys.argv[2]), precision_named(sys.argv[3])
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever the converters print
    warnings.filterwarnings("ignore")
    gc.set_threshold(100_000, 50, 100)  # the converters hold millions of live objects: by default 15 % of the time is collection
    plan = read_sliced(model)
    samples = Samples.load(FilePath(sys.argv[4])) if len(sys.argv) > 4 else None
    for line in sys.stdin:
        target, name = json.loads(line)
        try:
            run_job(plan, folder, target, name, precision, samples)
            print(json.dumps({"done": True}), file=answers)
        except DsnetError as error:
            print(json.dumps({"error": str(error)}), file=answers)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            print(json.dumps({"error": f"converting {target} {name or 'one file'}: {error}; {MAKE_ROOM}"}), file=answers)


def run_job(plan: Plan, folder: FilePath, target: str, name: str, precision: Precision, samples: Samples | None) -> None:
    if target in ("executorch", "litert", "onnx2tf"):
        _use_one_thread()
    if not name:
        merge_stages(
            target, {stage.name: folder / stage_file(target, stage.name) for stage in stages(plan)}, folder / ONE_FILE[target]
        )
        return
    stage = next(stage for stage in stages(plan) if stage.name == name)
    write_stage(plan, target, stage, folder / stage_file(target, name), precision, samples)


def _use_one_thread() -> None:
    import torch

    torch.set_num_threads(1)


if __name__ == "__main__":
    main()
