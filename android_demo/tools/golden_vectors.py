"""Writes what the tests of the app's core compare with: inputs, and what Python makes of them.

    python android_demo/tools/golden_vectors.py BUNDLE FOLDER

BUNDLE is one of the demo model; FOLDER is what the JVM tests get as the system property `dsnet.golden`. One writer a subject, in
the modules beside this one; numbers are big-endian, as `java.io.DataInputStream` reads them.
"""

from __future__ import annotations

import sys
from pathlib import Path as FilePath

import golden_energy
import golden_images
import golden_manifests
import golden_predictions
import golden_routing


def main(bundle: FilePath, folder: FilePath) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    golden_energy.write(folder)
    golden_images.write(folder)
    golden_manifests.write(bundle, folder)
    golden_predictions.write(bundle, folder)
    golden_routing.write(bundle, folder)


if __name__ == "__main__":
    main(FilePath(sys.argv[1]), FilePath(sys.argv[2]))
