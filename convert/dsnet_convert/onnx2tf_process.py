"""The environment of onnx2tf and the process in it: `dsnet_convert.onnx2tf_worker`, which describes the messages."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path as FilePath
from typing import IO, Any

from dsnet_edge.errors import DsnetError

_WORKER = FilePath(__file__).resolve().with_name("onnx2tf_worker.py")
_PYTHON = FilePath(__file__).resolve().parents[2] / ".venv-onnx2tf/bin/python"  # of the checkout
_VARIABLE = "DSNET_ONNX2TF_PYTHON"
_FIX = f"build its environment with: make onnx2tf-env, or name another's Python in {_VARIABLE}"

# One thread, as for the other converters: stages are what runs in parallel.
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}


def interpreter() -> FilePath:
    """The Python of the environment. Raises DsnetError if there is none."""
    python = FilePath(os.environ.get(_VARIABLE) or _PYTHON)
    if not python.is_file():
        raise DsnetError(f"onnx2tf: there is no {python}; {_FIX}")
    return python


def tool_versions() -> dict[str, str]:
    """Versions of what the environment converts with, by the names of the packages; takes a fraction of a second.

    Raises DsnetError as `interpreter` does, and where it is an interpreter without onnx2tf.
    """
    python = interpreter()
    command: list[str | FilePath] = [python, "-I", _WORKER, "--versions"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
    except OSError as error:
        raise _unusable(python, str(error)) from error
    try:
        versions = json.loads(done.stdout)
    except ValueError as error:
        raise _unusable(python, _last_line(done.stderr or done.stdout)) from error
    if not isinstance(versions, dict) or "onnx2tf" not in versions:
        raise _unusable(python, "it has no onnx2tf")
    return {str(name): str(version) for name, version in versions.items()}


@cache
def worker(python: FilePath) -> Worker:
    """The process that takes all jobs of this one, one at a time: importing TensorFlow takes seconds. It ends with this one."""
    return Worker(python)


class Worker:
    """A process and the file that keeps its noise."""

    def __init__(self, python: FilePath) -> None:
        self.log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the process)
        try:
            self.process = subprocess.Popen(
                [python, "-I", _WORKER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.log,
                text=True,
                errors="replace",
                env=os.environ | _ENVIRONMENT,
            )
            self._answer()
        except (OSError, _NoAnswerError) as error:
            raise _unusable(python, str(error)) from error

    def run(self, stage: str, job: dict[str, Any]) -> None:
        """Raises DsnetError if the job fails."""
        try:
            answer = self._ask(job)
        except _NoAnswerError as failure:
            worker.cache_clear()
            raise DsnetError(f"{stage}: the process of onnx2tf {failure}; free memory and try again, or {_FIX}") from failure
        if "error" in answer:
            raise DsnetError(f"{stage}: onnx2tf cannot convert it ({answer['error']}); convert without --litert-via onnx2tf")

    def _ask(self, job: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None  # it is a pipe
        with contextlib.suppress(BrokenPipeError):  # then it has no answer either
            print(json.dumps(job), file=self.process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        """The next message. Raises _NoAnswerError, with the process at its end, if there is none."""
        assert self.process.stdout is not None  # it is a pipe
        line = self.process.stdout.readline(1 << 16)
        try:
            answer = json.loads(line)
        except ValueError:
            answer = None
        if isinstance(answer, dict):
            return answer
        if line:
            self.process.kill()
        self.process.communicate()
        self.log.seek(0)
        noise = self.log.read().decode(errors="replace")
        self.log.close()
        said = f"answered {line.strip()[:80]!r}" if line else f"ended with exit code {self.process.returncode}"
        raise _NoAnswerError(f"{said}: {_last_line(noise)}" if noise or not line else said)


class _NoAnswerError(Exception):
    """What a process did instead of answering, as the rest of a sentence."""


def _unusable(python: FilePath, reason: str) -> DsnetError:
    return DsnetError(f"onnx2tf: {python} cannot run it ({reason}); {_FIX}")


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it printed nothing"
