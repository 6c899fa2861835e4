"""The page as people use it: by mouse and by keyboard, on a phone and a desktop, by day and by night, and when things fail."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import numpy as np
import pytest
from browser import Page, browser
from camera_live import Running, demo_bundle, wait_for
from camera_page import CLIPPED, FOCUSED, NAMELESS, OVERFLOW, SHOWN, STATUS, choose, contrast, drag, pause
from camera_viewer import ask, viewer
from PIL import Image

from dsnet_edge.camera.values import Health, Settings
from dsnet_edge.camera.web import Site, serve, shots

HOSTILE = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"  # the name of a camera


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    bundle = demo_bundle(tmp_path_factory.mktemp("camera"), "sliced", "onnx")
    with Running(bundle, 15, Health(54.2, 3.87, "pmic"), HOSTILE) as entered:
        yield entered


@pytest.fixture
def opened(page: Page, site: Site, running: Running) -> Page:
    running.camera.unplugged.clear()
    running.live.change(lambda settings: Settings("sliced", 1, None))
    page.complaints.clear()
    page.requested.clear()
    page.open(site.address, 1280, 900)
    page.until(SHOWN)
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(320, 600), (375, 800), (768, 1024), (1280, 900)])
def test_it_fits_every_screen(page, site, width, height, scheme):
    page.complaints.clear()
    page.open(site.address, width, height, scheme)
    page.until(SHOWN)
    page.evaluate("document.getElementById('compare').click()")
    page.until("document.querySelectorAll('#extremes .card').length === 2")
    assert page.evaluate(OVERFLOW) == 0 and page.evaluate(CLIPPED) == []
    assert page.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out(page, site, scheme):
    """By the contrast of WCAG 2.2, at least 4.5 for every text on what is behind it."""
    page.open(site.address, 1280, 900, scheme)
    page.until(SHOWN)
    pairs = page.evaluate(
        """[...document.querySelectorAll('h1, h2, h3, p, dt, dd, button, select, label, li, output, .soft')]
        .filter(part => part.textContent.trim() && part.checkVisibility() && !part.closest('.frame, .unseen')).map(part => {
          let behind = part;
          while (getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)') behind = behind.parentElement;
          return [getComputedStyle(part).color, getComputedStyle(behind).backgroundColor].map(colour =>
            colour.match(/[\\d.]+/g).slice(0, 3).map(Number));
        })"""
    )
    assert len(pairs) > 30
    assert min(contrast(ink, paper) for ink, paper in pairs) >= 4.5


def test_it_asks_its_own_server_only(opened, site):
    assert {urlsplit(url).netloc for url in opened.requested} == {urlsplit(site.address).netloc}
    assert opened.complaints == []


def test_it_shows_what_the_loop_says(opened, live):
    assert opened.evaluate("document.getElementById('bundle').textContent") == live.state.bundle
    opened.until("document.getElementById('celsius').textContent === '54'")
    assert opened.evaluate("document.getElementById('watts').textContent") == "3.87"
    assert opened.evaluate("document.querySelectorAll('#paths i').length") == len(live.state.madds)
    pause(opened, live)
    result = live.result
    assert opened.evaluate("document.getElementById('label').textContent") == result.prediction.label
    assert opened.evaluate("document.getElementById('path').textContent") == str(result.prediction.path)
    seen = opened.evaluate("document.getElementById('picture').getContext('2d').getImageData(0, 0, 640, 480).data.join()")
    pixels = np.array(seen.split(","), int).reshape(480, 640, 4)[..., :3]
    assert np.abs(pixels - result.frame.pixels).mean() < 4


def test_the_slider_leads_the_paths(opened, live):
    opened.evaluate("document.getElementById('trained').click()")
    opened.until("!document.getElementById('budget').disabled")
    drag(opened, 0)
    wait_for(lambda: live.state.settings.budget == 0 and live.result.prediction.path == 0)
    drag(opened, 100)
    widest = len(live.state.madds) - 1
    wait_for(lambda: live.state.settings.budget == 1 and live.result.prediction.path == widest)
    opened.until(f"document.getElementById('path').textContent === '{widest}'")
    opened.evaluate("document.getElementById('trained').click()")
    wait_for(lambda: live.state.settings.budget is None)
    assert opened.complaints == []


def test_a_slider_that_moves_sends_little_and_ends_where_it_was_left(opened, live, monkeypatch):
    asked: list[float | None] = []
    real = live.change
    monkeypatch.setattr(live, "change", lambda change: asked.append(change.values.get("budget")) or real(change))
    opened.evaluate("document.getElementById('trained').click()")
    opened.until("!document.getElementById('budget').disabled")
    for value in range(0, 91, 3):
        drag(opened, value)
    wait_for(lambda: live.state.settings.budget == 0.9)
    assert len(asked) < 31
    opened.evaluate("document.getElementById('trained').click()")
    wait_for(lambda: live.state.settings.budget is None)


def test_backend_threads_and_path_are_chosen(opened, live):
    choose(opened, "backend", "onnxruntime")
    wait_for(lambda: live.state.settings.backend == "onnxruntime")
    choose(opened, "threads", "2")
    choose(opened, "pin", "3")
    wait_for(lambda: live.state.settings.threads == 2 and live.result.prediction.path == 3)
    opened.until("document.getElementById('chosen').textContent.includes('pinned')")
    with viewer(opened.evaluate("location.href")) as other:  # another visitor's choice is shown here
        ask(other, change={"backend": "sliced", "threads": 1, "path": None})
    opened.until("document.getElementById('backend').value === 'sliced' && document.getElementById('pin').value === ''")
    assert opened.complaints == []


def test_what_the_loop_refuses_is_said(opened, live):
    before = live.state
    opened.evaluate(
        "select = document.getElementById('backend'); select.append(new Option('magic', 'magic')); select.value = 'magic';"
        "select.dispatchEvent(new Event('change'))"
    )
    opened.until("document.getElementById('notice').textContent.includes('magic') && !document.getElementById('notice').hidden")
    opened.until("document.getElementById('backend').value === 'sliced'")
    assert live.state == before


def test_the_keyboard_is_enough(opened, live):
    reached = []
    for _ in range(8):
        opened.press("Tab", 9)
        reached.append(opened.evaluate(FOCUSED))
    assert reached[:7] == ["pause", "snapshot", "compare", "trained", "pin", "backend", "threads"]
    for _ in range(7):
        opened.press("Tab", 9, shift=True)
    assert opened.evaluate(FOCUSED) == "pause"
    assert opened.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
    opened.press("Enter", 13)
    wait_for(lambda: live.state.settings.paused)
    opened.until("document.getElementById('pause').textContent === 'Resume'")
    opened.press(" ", 32)
    wait_for(lambda: not live.state.settings.paused)
    for _ in range(3):
        opened.press("Tab", 9)
    opened.press(" ", 32)  # the switch
    opened.until("!document.getElementById('budget').disabled")
    opened.press("Tab", 9)
    opened.press("End", 35)
    wait_for(lambda: live.state.settings.budget == 1)
    opened.press("Home", 36)
    wait_for(lambda: live.state.settings.budget == 0)
    assert "0 %" in opened.evaluate("document.getElementById('budget').getAttribute('aria-valuetext')")
    opened.press("Tab", 9, shift=True)
    opened.press(" ", 32)
    wait_for(lambda: live.state.settings.budget is None)


def test_a_screen_reader_finds_names_and_hears_the_label_seldom(opened):
    assert opened.evaluate(NAMELESS) == []
    assert opened.evaluate("document.querySelectorAll('main, header, h1').length") == 3
    assert opened.evaluate("document.querySelectorAll('[aria-hidden] button, [aria-hidden] input').length") == 0
    opened.until("document.getElementById('announce').textContent.includes('path')")
    opened.evaluate(
        "window.heard = 0; new MutationObserver(() => heard++).observe(document.getElementById('announce'), {childList: true})"
    )
    time.sleep(2)
    assert opened.evaluate("heard") <= 1  # of some thirty frames
    assert "Camera picture" in opened.evaluate("document.getElementById('picture').getAttribute('aria-label')")


def test_a_snapshot_is_the_frame_with_its_caption(opened, live, tmp_path):
    opened.download_to(tmp_path)
    pause(opened, live)
    opened.evaluate("document.getElementById('snapshot').click()")
    name = f"dsnet-edge-{live.result.frame.number}.png"
    wait_for((tmp_path / name).exists)
    with Image.open(tmp_path / name) as image:
        saved = np.asarray(image.convert("RGB")).astype(int)
    assert saved.shape[1] == 640 and saved.shape[0] > 480
    assert np.abs(saved[:480] - live.result.frame.pixels).mean() < 4
    caption = saved[480:].sum(2)
    assert 0.005 < (caption > 400).mean() < 0.5  # bright letters on a dark ground
    opened.evaluate("document.getElementById('pause').click()")
    wait_for(lambda: not live.state.settings.paused)


def test_a_lost_camera_is_said_and_then_no_more(opened, running):
    running.camera.unplugged.set()
    opened.until("document.getElementById('notice').textContent.includes('unplugged')")
    opened.until(f"!document.getElementById('notice').hidden && {STATUS} === 'No new pictures'")
    assert opened.evaluate("getComputedStyle(document.getElementById('picture')).opacity") < "1"
    running.camera.unplugged.clear()
    opened.until(f"document.getElementById('notice').hidden && {STATUS} === 'Live'")
    assert opened.evaluate("getComputedStyle(document.getElementById('picture')).opacity") == "1"


def test_a_hidden_page_asks_for_nothing(opened, live, monkeypatch):
    encoded: list[bytes] = []
    real = shots.jpeg
    monkeypatch.setattr(shots, "jpeg", lambda pixels: encoded.append(real(pixels)) or encoded[-1])
    hide = "Object.defineProperty(document, 'hidden', {{value: {}, configurable: true}});"
    opened.evaluate(hide.format("true") + "document.dispatchEvent(new Event('visibilitychange'))")
    passed = live.result.frame.number
    assert live.wait(passed + 8, 60)  # what it had asked for before is done by then
    encoded.clear()
    assert live.wait(passed + 20, 60)
    assert encoded == []
    opened.evaluate(hide.format("false") + "document.dispatchEvent(new Event('visibilitychange'))")
    wait_for(lambda: len(encoded) > 3)
    opened.until(f"{STATUS} === 'Live'")


def test_text_from_the_board_stays_text(opened):
    assert opened.evaluate("document.getElementById('source').textContent") == HOSTILE
    assert opened.evaluate("document.querySelectorAll('#source *').length") == 0
    assert opened.evaluate("document.title") == "dsnet-edge camera"


def test_it_says_that_the_connection_is_lost_and_comes_back(page, live):
    with ExitStack() as stack:
        first = stack.enter_context(serve(live, port=0))
        page.open(first.address, 375, 800)
        page.until(f"{SHOWN} && {STATUS} === 'Live'")
        port = urlsplit(first.address).port
        stack.close()
        page.until(f"{STATUS}.includes('trying again')")
        assert page.evaluate(OVERFLOW) == 0 and page.evaluate(CLIPPED) == []
        assert port is not None
        with serve(live, port=port):
            page.until(f"{STATUS} === 'Live'")


def test_a_page_with_the_token_of_an_earlier_run_says_so(page, live):
    with serve(live, port=0, token="a-token-for-the-page") as site:
        page.open(site.address, 375, 800)
        page.until(SHOWN)
        port = urlsplit(site.address).port
    assert port is not None
    with serve(live, port=port, token="another-token-for-it"):
        page.until(f"{STATUS}.includes('open the address')")
        assert page.evaluate(OVERFLOW) == 0 and page.evaluate(CLIPPED) == []


def test_the_token_leaves_the_address_bar(page, live):
    with serve(live, port=0, token="a-token-for-the-page") as site:
        page.open(site.address, 1280, 900)
        page.until(SHOWN)
        assert page.evaluate("location.href") == site.address.partition("?")[0]
        assert page.evaluate("document.cookie") == ""  # which scripts cannot read
        page.open(site.address.partition("?")[0], 1280, 900)
        page.until(SHOWN)
