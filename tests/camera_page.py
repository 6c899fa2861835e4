"""What tests ask of the camera's page, and do on it."""

from __future__ import annotations

import numpy as np
from browser import Page
from camera_live import wait_for

from dsnet_edge.camera.values import Live

SHOWN = "Number(document.getElementById('frames').textContent) > 0"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
STATUS = "document.getElementById('status').textContent"
CLIPPED = """[...document.querySelectorAll('.card *, .answer *, .actions *, header *')].filter(part =>
  part.scrollWidth > part.clientWidth + 1 && getComputedStyle(part).display !== 'inline' && part.tagName !== 'SELECT'
).map(part => part.outerHTML.slice(0, 200))"""
NAMELESS = """[...document.querySelectorAll('button, input, select, canvas:not([aria-hidden]), section, form')].filter(part =>
  !(part.textContent.trim() && part.tagName === 'BUTTON') && !part.labels?.length
  && !part.getAttribute('aria-label') && !document.getElementById(part.getAttribute('aria-labelledby'))?.textContent
).map(part => part.outerHTML.slice(0, 100))"""
FOCUSED = "document.activeElement.id"


def contrast(ink: list[float], paper: list[float]) -> float:
    """Of two sRGB colours, by WCAG 2.2: 1 to 21."""

    def luminance(colour: list[float]) -> float:
        share = np.array(colour) / 255
        return float(np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722])

    dark, bright = sorted((luminance(ink), luminance(paper)))
    return (bright + 0.05) / (dark + 0.05)


def pause(page: Page, live: Live) -> None:
    """Until the loop rests and the page shows its last frame."""
    page.evaluate("document.getElementById('pause').click()")
    wait_for(lambda: live.state.settings.paused and live.wait(live.result.frame.number, 0.3) is None)
    page.until(f"document.getElementById('picture').dataset.frame === '{live.result.frame.number}' && {STATUS} === 'Paused'")


def drag(page: Page, value: int) -> None:
    page.evaluate(f"budget = document.getElementById('budget'); budget.value = {value}; budget.dispatchEvent(new Event('input'))")


def choose(page: Page, name: str, value: str) -> None:
    page.evaluate(
        f"select = document.getElementById('{name}'); select.value = '{value}'; select.dispatchEvent(new Event('change'))"
    )
