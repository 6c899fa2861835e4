"""The app's engines for ExecuTorch and LiteRT. The tests themselves are Kotlin, in android_demo/engines/tests."""

import os
import re
import subprocess
from pathlib import Path as FilePath

ROOT = FilePath(__file__).parents[1]


def test_the_engines_run_real_bundles_on_the_runtimes_of_this_machine() -> None:
    # Without the tests' own cache folder, so that what was fetched and built before is used again.
    environment = {name: value for name, value in os.environ.items() if name != "XDG_CACHE_HOME"}
    script = ROOT / "android_demo" / "engines" / "tests" / "run.sh"
    ran = subprocess.run([script], check=False, env=environment, capture_output=True, text=True, timeout=900)
    output = ran.stdout + ran.stderr
    assert ran.returncode == 0, output[-8000:]
    with_runtimes, without = (int(count) for count in re.findall(r"^OK \((\d+) tests?\)$", output, re.MULTILINE))
    assert with_runtimes > 30
    assert without == 1
