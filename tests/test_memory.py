"""Opening a full-size model and running all of its paths costs little more than the weight arena."""

import json
import subprocess
import sys

from dsnet_convert.random_weights import random_plan
from dsnet_convert.sliced import write_sliced
from dsnet_edge.arch import preset

MEASURE = """
import json, sys
import numpy as np
from dsnet_edge import _native

def resident():
    lines = open("/proc/self/smaps_rollup").read().splitlines()[1:]
    fields = {line.split()[0]: int(line.split()[1]) * 1024 for line in lines}
    return fields["Rss:"]

image = np.random.default_rng(0).normal(size=(224, 224, 3)).astype(np.float32)
before = resident()
model = _native.Model(sys.argv[1])
session = _native.Session(model)
for path in range(model.n_paths):
    session.run(image, path)
print(json.dumps({"resident": resident() - before, "arena": model.arena_bytes, "activations": model.activation_bytes}))
"""


def test_all_fourteen_paths_cost_at_most_1_3_times_the_arena(tmp_path):
    plan = random_plan(preset("dsmbnet14"), 0)
    write_sliced(plan, tmp_path / "model.dsnet")
    command = [sys.executable, "-c", MEASURE, str(tmp_path / "model.dsnet")]
    found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    separate = sum(plan.weight_bytes(path) for path in plan.program.paths)
    assert found["arena"] < separate / 8, "the arena holds every weight once"
    assert found["resident"] <= 1.3 * found["arena"], found
