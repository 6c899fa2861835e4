"""Files on a disk that may be full. Arrays go another way than `ndarray.tofile`, which `np.save` calls: it loses the last
bytes in silence.
"""

from __future__ import annotations

import errno
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as FilePath
from typing import Any, BinaryIO

import numpy as np

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES)  # no fault of who writes
MAKE_ROOM = "free space, or choose another --output or TMPDIR"


class Checked(np.ndarray):
    """An array whose `tofile` raises OSError where not everything is written."""

    def tofile(self, stream: BinaryIO, *format: Any) -> None:  # type: ignore[override] # gguf gives a stream
        stream.write(self.tobytes())


def save_array(file: FilePath, array: np.ndarray) -> None:
    """`np.save`, likewise."""
    buffer = io.BytesIO()
    np.save(buffer, array)
    file.write_bytes(buffer.getvalue())


@contextmanager
def naming(place: FilePath) -> Iterator[None]:
    """Gives an OSError that names no file, as those of writing, the name of a place."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            raise OSError(error.errno, error.strerror, str(place)) from error
        raise
