"""Reports as people see them: rendered by a browser without a network, on a phone and a desktop, by day and by night."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path as FilePath

import pytest
from browser import Page, browser
from reporting import BUNDLE, full_profile, sweep

from dsnet_edge.profile.values import Profile
from dsnet_edge.report.page import write_report
from profiles import DEVICE

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SIZES = "[...document.querySelectorAll('figure > svg')].map(svg => [svg.clientWidth, svg.clientHeight])"
LETTERS = "Math.min(...[...document.querySelectorAll('figure > svg text')].map(text => text.getBoundingClientRect().height))"
OUTSIDE = """[...document.querySelectorAll('figure > svg')].flatMap(svg =>
  [...svg.querySelectorAll('text, rect, circle')].filter(shape => {
    const [inner, outer] = [shape.getBoundingClientRect(), svg.getBoundingClientRect()];
    return inner.left < outer.left - 1 || inner.right > outer.right + 1 || inner.bottom > outer.bottom + 1;
  }).map(shape => shape.outerHTML))"""
SHOWN = "[...document.querySelectorAll('details table')].filter(table => table.checkVisibility()).length"
HOSTILE = (
    "</script><script>document.title = 'taken'</script>",
    "\"'><img src=x onerror=alert(1)>",
    "x" * 1000,
    "\u202e\x00\x1b[2J",
)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def written(folder: FilePath, *profiles: Profile) -> FilePath:
    write_report(profiles, [sweep()], folder / "report.html")
    return folder / "report.html"


def two() -> tuple[Profile, Profile]:
    slower = dataclasses.replace(DEVICE, name="Raspberry Pi 4 Model B Rev 1.4", cpu="Cortex-A72")
    return full_profile(), full_profile(1.8, device=slower)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(375, 800), (1280, 900)])
def test_a_report_fits_every_screen_without_scripts(page, tmp_path, width, height, scheme):
    page.complaints.clear()
    page.open(written(tmp_path, *two()), width, height, scheme, scripts=False)
    assert page.evaluate(OVERFLOW) == 0
    sizes = page.evaluate(SIZES)
    assert len(sizes) == 1 + 2 * 13 and all(w >= 280 and h >= 80 for w, h in sizes)
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate(LETTERS) >= 10
    assert page.complaints == []


def test_the_schemes_differ_and_text_stands_out(page, tmp_path):
    colors = {}
    for scheme in ("light", "dark"):
        page.open(written(tmp_path, full_profile()), 375, 800, scheme)
        channels = "getComputedStyle(document.body).{}.match(/\\d+/g).slice(0, 3).map(Number)"
        colors[scheme] = [sum(page.evaluate(channels.format(name))) for name in ("color", "backgroundColor")]
        assert abs(colors[scheme][0] - colors[scheme][1]) > 500
    assert colors["light"] != colors["dark"]


def test_a_report_asks_for_nothing(page, tmp_path):
    page.requested.clear()
    file = written(tmp_path, *two())
    page.open(file, 1280, 900)
    assert page.requested == [file.as_uri()]
    assert page.evaluate("document.scripts.length") == 0


def test_its_policy_would_stop_a_script_and_an_image(page, tmp_path):
    file = written(tmp_path, full_profile())
    planted = "<script>document.title = 'taken'</script><img src='http://192.0.2.1/a.png'>"
    file.write_text(file.read_text("utf-8").replace("<footer>", f"{planted}<footer>"), "utf-8")
    page.complaints.clear()
    page.open(file, 1280, 900)
    assert page.evaluate("document.title") != "taken"
    assert sum("Content Security Policy" in line for line in page.complaints) >= 2


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_profile_says_stays_text(page, tmp_path, text):
    made = full_profile()
    series = (dataclasses.replace(s, backend=(s.backend + text)[:1000], runtime=text, warnings=(text,)) for s in made.series)
    info = dataclasses.replace(DEVICE, name=text, cpu=text, system=text, firmware=text)
    bundle = dataclasses.replace(BUNDLE, name=text)
    hostile = dataclasses.replace(made, series=tuple(series), device=info, warnings=(text,), bundle=bundle)
    page.complaints.clear()
    page.open(written(tmp_path, hostile), 375, 800)
    assert page.evaluate("document.title") != "taken"
    assert page.evaluate("document.scripts.length + document.images.length + document.querySelectorAll('[onerror]').length") == 0
    assert page.evaluate(OVERFLOW) == 0
    assert page.complaints == []
    assert text.isprintable() == page.evaluate(f"document.body.textContent.includes({text!r})")


def test_numbers_beside_the_charts_are_printed_too(page, tmp_path):
    page.open(written(tmp_path, full_profile()), 1280, 900)
    tables = page.evaluate("document.querySelectorAll('details table').length")
    assert tables > 12 and page.evaluate(SHOWN) == 0
    page.media("print")
    assert page.evaluate(SHOWN) == tables
    page.media("")


def test_every_chart_has_a_name_a_description_and_its_numbers(page, tmp_path):
    page.open(written(tmp_path, full_profile()), 1280, 900)
    lacking = """[...document.querySelectorAll('svg[role=img]')].filter(svg =>
      !svg.querySelector(':scope > title')?.textContent || !svg.querySelector(':scope > desc')?.textContent
      || !svg.closest('figure').parentElement.querySelector('table')).length"""
    assert page.evaluate(lacking) == 0
    assert page.evaluate("document.documentElement.lang") == "en"
