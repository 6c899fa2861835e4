"""What the processes that measure have in common: a job in JSON as their argument, one answer in JSON on standard output."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

from dsnet_edge.errors import DsnetError


def answer(work: Callable[[dict[str, Any]], Any]) -> None:
    """Prints what `work` makes of the fields of the job; lists in them have become tuples. Whatever libraries print goes to
    standard error, and a DsnetError is its last line there and exit code 1."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    fields = {name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(sys.argv[1]).items()}
    try:
        print(json.dumps(work(fields)), file=answers, flush=True)
    except DsnetError as error:
        print(error, file=sys.stderr, flush=True)
        raise SystemExit(1) from None
