"""The app's Gradle build. Nothing here can run it, as its plugins are on Google's repository; what it says can be checked."""

import hashlib
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path as FilePath

import pytest

ROOT = FilePath(__file__).parents[1]
DEMO = ROOT / "android_demo"
MODULES = re.findall(r'"(:[a-z:]+)"', (DEMO / "settings.gradle.kts").read_text())
SCRIPTS = [DEMO / "build.gradle.kts", DEMO / "settings.gradle.kts"] + [
    DEMO / module[1:].replace(":", "/") / "build.gradle.kts" for module in MODULES
]

# As Gradle publishes them, of 9.4.1: https://gradle.org/release-checksums
WRAPPER_SHA256 = "55243ef57851f12b070ad14f7f5bb8302daceeebc5bce5ece5fa6edb23e1145c"
DISTRIBUTION_SHA256 = "2ab2958f2a1e51120c326cad6f385153bb11ee93b3c216c5fccebfdfbb7ec6cb"


def catalogue() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads((DEMO / "gradle" / "libs.versions.toml").read_text())


def test_the_wrapper_is_gradles_own_and_fetches_a_pinned_gradle() -> None:
    folder = DEMO / "gradle" / "wrapper"
    assert hashlib.sha256((folder / "gradle-wrapper.jar").read_bytes()).hexdigest() == WRAPPER_SHA256
    properties = (folder / "gradle-wrapper.properties").read_text().splitlines()
    assert f"distributionSha256Sum={DISTRIBUTION_SHA256}" in properties
    assert r"distributionUrl=https\://services.gradle.org/distributions/gradle-9.4.1-bin.zip" in properties
    assert (DEMO / "gradlew").stat().st_mode & 0o111


def test_every_module_has_a_script() -> None:
    assert sorted(MODULES) == [":app", ":core", ":engines:executorch", ":engines:litert"]
    assert [script for script in SCRIPTS if not script.is_file()] == []


def test_versions_are_those_that_the_rest_of_the_project_uses() -> None:
    versions = catalogue()["versions"]
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert f"executorch=={versions['executorch']}" in extras["executorch"]
    assert f'"{versions["kotlin"]}"' in (DEMO / "tools" / "fetch.py").read_text()


def test_scripts_name_only_what_the_catalogue_has() -> None:
    entries = catalogue()
    aliases = {name.replace("-", ".") for name in entries["libraries"]}
    aliases |= {"plugins." + name.replace("-", ".") for name in entries["plugins"]}
    named = {name for script in SCRIPTS for name in re.findall(r"libs\.([a-z.]+)", script.read_text())}
    assert named == aliases
    references = {entry["version"]["ref"] for kind in ("libraries", "plugins") for entry in entries[kind].values()}
    assert references == set(entries["versions"])


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: str(script.relative_to(DEMO)))
def test_every_path_in_a_script_is_there(script: FilePath) -> None:
    paths = re.findall(r'rootDir\.resolve\("([^"]+)"\)', script.read_text())
    made_by_make = [path for path in paths if path.startswith(("../build/", "../.venv/"))]
    assert [path for path in paths if path not in made_by_make and not (DEMO / path).exists()] == []


def test_the_native_target_is_one_of_cmakes() -> None:
    (target,) = re.findall(r'targets \+= "(\w+)"', (DEMO / "app" / "build.gradle.kts").read_text())
    assert f"add_library({target} SHARED" in (DEMO / "native" / "CMakeLists.txt").read_text()


def test_manifest_and_script_agree_on_the_package() -> None:
    (package,) = re.findall(r'package="([^"]+)"', (DEMO / "app" / "src" / "main" / "AndroidManifest.xml").read_text())
    script = (DEMO / "app" / "build.gradle.kts").read_text()
    assert f'namespace = "{package}"' in script
    assert f'applicationId = "{package}"' in script


def kotlin_errors(*scripts: FilePath) -> list[str]:
    environment = {name: value for name, value in os.environ.items() if name != "XDG_CACHE_HOME"}
    tools = ROOT / "build" / "android" / "tools"
    subprocess.run([sys.executable, DEMO / "tools" / "fetch.py", tools, "kotlin"], check=True, env=environment)
    command = ["bash", tools / "kotlin" / "bin" / "kotlinc", "-no-reflect", "-Xallow-any-scripts-in-source-roots", *scripts]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    return re.findall(r"error: (.+)", ran.stderr)


def test_scripts_are_kotlin_but_for_gradles_own_names(tmp_path: FilePath) -> None:
    errors = kotlin_errors(*SCRIPTS)
    assert "unresolved reference 'plugins'." in errors
    assert [error for error in errors if error.startswith("syntax error")] == []
    broken = tmp_path / "broken.gradle.kts"
    broken.write_text(SCRIPTS[0].read_text().replace("}", ""))
    assert any(error.startswith("syntax error") for error in kotlin_errors(broken))
