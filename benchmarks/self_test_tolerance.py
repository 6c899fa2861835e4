"""How far two sets of LiteRT's kernels lie apart on one int8 bundle: what the tolerance of a self-test must allow a device.

    python benchmarks/self_test_tolerance.py BUNDLE [BUNDLE ...]

XNNPACK's kernels, as this processor gets them, against LiteRT's plain ones, which sum and round in another order, on the golden
images: the largest relative error of logits and scores, and the margin to the tolerance. No machine's speed enters.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path as FilePath

from dsnet_edge.runtime import Runner
from dsnet_edge.runtime.golden import read_images
from dsnet_edge.runtime.litert import LitertBackend
from dsnet_edge.runtime.litert_interpreter import Package
from dsnet_edge.runtime.measures import TOLERANCE, choices, difference
from dsnet_edge.runtime.self_test import every_path


class PlainKernels(LitertBackend):
    """LiteRT without XNNPACK."""

    def __init__(self, runner: Runner) -> None:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        super().__init__(runner.bundle, 1)
        resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        self.package = Package("plain kernels", "", partial(Interpreter, experimental_op_resolver_type=resolver))
        self.graphs.clear()
        self.files.clear()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundles", nargs="+", type=FilePath)
    print("| bundle | precision | logits, worst path | scores | same choice | tolerance |\n|---|---|---|---|---|---|")
    for folder in parser.parse_args().bundles:
        ours, plain = Runner(folder, "litert"), Runner(folder, "litert")
        plain.backend = PlainKernels(plain)
        images = read_images(ours.bundle)
        (scores, logits), (expected_scores, expected) = every_path(plain, images), every_path(ours, images)
        precision = ours.bundle.precision
        gate = choices(scores, expected_scores, TOLERANCE[precision])
        worst = max(difference(*pair).relative_error for pair in zip(logits, expected, strict=True))
        row = f"{folder.name} | {precision} | {worst:.1e} | {gate.relative_error:.1e} | {gate.same}/{gate.images}"
        print(f"| {row} | {TOLERANCE[precision]:g} |")


if __name__ == "__main__":
    main()
