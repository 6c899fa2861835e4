"""The camera's page, served over the demo photos, for the tests that watch it. A module may have a `running` of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from camera_live import Running

    from dsnet_edge.camera.values import Live
    from dsnet_edge.camera.web import Site


@pytest.fixture(scope="module")
def camera_bundle(tmp_path_factory: pytest.TempPathFactory) -> FilePath:
    from camera_live import demo_bundle

    return demo_bundle(tmp_path_factory.mktemp("camera"), "sliced")


@pytest.fixture(scope="module")
def running(camera_bundle: FilePath) -> Iterator[Running]:
    from camera_live import Running

    with Running(camera_bundle) as entered:
        yield entered


@pytest.fixture(scope="module")
def live(running: Running) -> Live:
    return running.live


@pytest.fixture(scope="module")
def site(live: Live) -> Iterator[Site]:
    from dsnet_edge.camera.web import serve

    with serve(live, port=0) as served:
        yield served


@pytest.fixture
def no_defects(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever viewers do, nothing of ours fails."""
    yield
    assert [record.getMessage() for record in caplog.records if record.name.startswith("dsnet_edge")] == []
