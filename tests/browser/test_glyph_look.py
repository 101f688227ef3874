"""The cell glyph looks as it did: the legend's example against a picture of it, with tolerance.

To renew a picture after a wanted change, delete it from `references/` and run the test: it writes
the new one and fails once, so that a person looks at it.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.support.browser import watched_page
from tests.support.prepared import COLLECTION
from tests.support.server import Server

REFERENCES = Path(__file__).parent / "references"
MEAN = 1.5
"""Of 255: how far pixels may differ on the average; edges are smoothed otherwise elsewhere."""
FAR, SHARE = 40, 0.01
"""And at most this share of them by more than so much."""

WITHOUT_TEXT = "document.querySelectorAll('.number-mark').forEach((each) => each.remove())"
AT_WHOLE_PIXELS = """{
  const { style } = document.querySelector('.example');
  [style.position, style.left, style.top, style.zIndex] = ['fixed', '0', '0', '9'];
  style.background = getComputedStyle(document.body).backgroundColor;
}"""
"""Wherever the length of the text around it puts the example."""
CHANGES = {
    "a wider arc": "document.querySelector('.example .arc').setAttribute('stroke-width', 6)",
    "another colour": "document.querySelector('.example .arc').classList.replace("
    "'real_right', 'fake_right')",
    "no sensitivity": "document.querySelector('.example .sensitivity').remove()",
    "another severity": "document.querySelector('.example .glyph').classList.replace("
    "'severity-4', 'severity-1')",
}


def pixels(page: Page) -> NDArray[np.int16]:
    shot = page.locator(".example").screenshot(animations="disabled")
    with Image.open(io.BytesIO(shot)) as picture:
        return np.asarray(picture.convert("RGB"), np.int16)


def looks_like(shown: NDArray[np.int16], wanted: NDArray[np.int16]) -> bool:
    if shown.shape != wanted.shape:
        return False
    apart = np.abs(shown - wanted)
    return bool(apart.mean() <= MEAN and (apart.max(axis=2) > FAR).mean() <= SHARE)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_glyph_looks_as_it_did_and_a_changed_one_does_not(
    chromium: Browser, server: Server, theme: str
) -> None:
    reference = REFERENCES / f"glyph-{theme}.png"
    with watched_page(
        chromium,
        viewport={"width": 1440, "height": 900},
        device_scale_factor=2,
        color_scheme=theme,
    ) as (page, watch):

        def show() -> None:
            page.goto(f"{server.url}/c/{COLLECTION}/")
            page.locator(".explain summary").click()
            page.evaluate(WITHOUT_TEXT)
            page.evaluate(AT_WHOLE_PIXELS)

        show()
        shown = pixels(page)
        if not reference.exists():
            Image.fromarray(shown.astype(np.uint8)).save(reference, optimize=True)
            pytest.fail(f"{reference.name} was missing and is written now: look at it, commit it")
        with Image.open(reference) as picture:
            wanted = np.asarray(picture.convert("RGB"), np.int16)
        assert looks_like(shown, wanted), f"the glyph differs from {reference.name}"
        for name, change in CHANGES.items():
            show()
            page.evaluate(change)
            assert not looks_like(pixels(page), wanted), f"{name} goes unseen"
        assert watch.unexpected() == []
