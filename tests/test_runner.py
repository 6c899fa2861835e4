"""One API over every backend: the same answers, and routing by the gate."""

import numpy as np
import pytest
from tiny import tiny_images

from dsnet_edge.errors import BundleError, DsnetError, PathError
from dsnet_edge.plan.oracle import infer, infer_dynamic
from dsnet_edge.runtime import BACKENDS, Runner, open_bundle, preprocess
from dsnet_edge.runtime.oracle import OracleBackend


@pytest.fixture(scope="module")
def runners(tiny_bundle):
    bundle = open_bundle(tiny_bundle)
    return {backend: Runner(bundle, backend) for backend in BACKENDS}


def test_every_backend_routes_and_answers_alike(runners):
    plan = OracleBackend(runners["numpy"].bundle, 1).plan
    images = tiny_images(plan, n=12)
    expected, choices = infer_dynamic(plan, images)
    assert len(set(choices)) > 1, "the images must not all take one path, or this test shows nothing"
    for runner in runners.values():
        logits, paths = runner.logits(images)
        assert logits.shape == (12, 5)
        np.testing.assert_array_equal(paths, choices)
        assert abs(logits - expected).max() <= 1e-4 * abs(expected).max()


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_stages_of_every_backend_are_the_oracles(backend, tiny_bundle):
    runner = Runner(tiny_bundle, backend).backend
    plan = OracleBackend(open_bundle(tiny_bundle), 1).plan
    for image in tiny_images(plan):
        feature = runner.prefix(image)
        scores, attention = runner.gate(feature)
        for index, path in enumerate(plan.program.paths):
            expected, expected_scores = infer(plan, image[None], path)
            logits = runner.suffix(feature, attention, index)
            np.testing.assert_allclose(logits, expected[0], atol=1e-5 * abs(expected).max())
            np.testing.assert_allclose(scores, expected_scores[0], atol=1e-5 * abs(expected_scores).max())


def test_a_fixed_path_is_taken(runners):
    images = tiny_images(OracleBackend(runners["numpy"].bundle, 1).plan, n=2)
    for path in range(3):
        results = {name: runner.logits(images, path) for name, runner in runners.items()}
        for logits, paths in results.values():
            assert list(paths) == [path, path]
            assert abs(logits - results["numpy"][0]).max() <= 1e-4 * abs(results["numpy"][0]).max()


def test_a_photo_becomes_a_prediction(runners):
    photo = (np.random.default_rng(0).random((40, 30, 3)) * 255).astype(np.uint8)
    for runner in runners.values():
        prediction = runner(photo)
        stages = runner.infer(preprocess(photo, runner.bundle.input))
        assert prediction.path == stages.path == stages.scores.argmax()
        assert prediction.routed
        assert not runner(photo, path=1).routed
        assert prediction.label == f"class {stages.logits.argmax()}"
        assert prediction.probabilities.sum() == pytest.approx(1)
        assert prediction.probability == prediction.top(1)[0][1] == max(prediction.probabilities)
        assert [label for label, _ in prediction.top(5)] == [f"class {i}" for i in np.argsort(-stages.logits)]
        assert prediction.madds == runner.bundle.madds[prediction.path]
        timing = prediction.timing
        assert min(timing.preprocess_ms, timing.prefix_ms, timing.gate_ms, timing.suffix_ms) > 0
        assert timing.network_ms == timing.prefix_ms + timing.gate_ms + timing.suffix_ms


def test_bad_arguments_are_named(runners, tiny_bundle):
    runner = runners["sliced"]
    for path in (-1, 3, 99):
        with pytest.raises(PathError, match=rf"path {path} is out of range: .* paths 0 to 2"):
            runner(np.zeros((9, 9, 3), np.uint8), path=path)
    for x in (np.zeros((16, 16, 3), np.float32), np.zeros((1, 8, 8, 3), np.float32), np.zeros((1, 16, 16, 3))):
        with pytest.raises(DsnetError, match=r"float32 \['N', 16, 16, 3\]"):
            runner.logits(x)
    with pytest.raises(DsnetError, match="choose one of sliced"):
        Runner(tiny_bundle, "onnx")
    with pytest.raises(DsnetError, match="threads"):
        Runner(tiny_bundle, threads=0)
    with pytest.raises(BundleError, match="is not a bundle: there is no such folder"):
        Runner(tiny_bundle / "nowhere")


def test_no_images_give_no_logits(runners):
    logits, paths = runners["sliced"].logits(np.zeros((0, 16, 16, 3), np.float32))
    assert logits.shape == (0, 5)
    assert paths.shape == (0,)


def test_the_sliced_backend_needs_no_extra(tiny_bundle):
    """In a fresh interpreter that refuses to import any of the extras."""
    import subprocess
    import sys

    program = """
import sys
class Refuse:
    def find_spec(self, name, *rest):
        if name.split(".")[0] in ("torch", "executorch", "litert_torch", "ai_edge_litert", "gguf", "safetensors", "matplotlib"):
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
import numpy as np
from dsnet_edge.runtime import Runner
print(Runner(sys.argv[1])(np.zeros((20, 20, 3), np.uint8)).label)
"""
    result = subprocess.run([sys.executable, "-c", program, str(tiny_bundle)], check=True, stdout=subprocess.PIPE, text=True)
    assert result.stdout.startswith("class ")
