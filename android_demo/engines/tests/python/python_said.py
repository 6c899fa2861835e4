"""What Python's runners say of the demo photos, for the engines to be compared with: python_said.py BUNDLE OUT.

OUT gets the normalised image of every photo, `NAME.f32`, and for every backend lines of `NAME path logits...`.
"""

from __future__ import annotations

import sys
from pathlib import Path as FilePath

from dsnet_edge import demo
from dsnet_edge.runtime import Runner
from dsnet_edge.runtime.preprocess import preprocess

BACKENDS = ("executorch", "litert")


def main() -> None:
    bundle, out = map(FilePath, sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)
    for backend in BACKENDS:
        runner = Runner(bundle, backend)
        lines = []
        for photo in demo.photos():
            image = preprocess(photo, runner.bundle.input)
            image.astype("<f4").tofile(out / f"{photo.stem}.f32")
            stages = runner.infer(image)
            lines.append(" ".join([photo.stem, str(stages.path), *(repr(float(value)) for value in stages.logits)]))
        (out / f"{backend}.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
