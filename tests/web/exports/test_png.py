"""A picture as PNG: drawn from its SVG, with letters and colours in it."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from flask import Flask

from tests.web.addresses import PICTURES
from tests.web.conftest import Reader
from tests.web.exports.taking import drawing, pixels
from workbench.services.errors import InvalidError, UnavailableError
from workbench.services.export import png


@pytest.mark.parametrize("view", PICTURES)
def test_a_png_has_twice_the_size_of_its_svg_and_text_in_it(visitor: Reader, view: str) -> None:
    root = drawing(visitor, view)
    picture = pixels(visitor, view)

    width, height = (float(root.get(side) or 0) for side in ("width", "height"))
    assert picture.shape[:2] == (int(np.ceil(2 * height)), int(np.ceil(2 * width)))
    heading = picture[2 * 20 : 2 * 40, 2 * 24 : 2 * 80]
    assert (heading.max(axis=-1) < 80).mean() > 0.05, "the heading's letters"
    facts = picture[2 * 46 : 2 * 58, 2 * 24 : 2 * 100]
    assert (facts.max(axis=-1) < 130).mean() > 0.03, "the letters below"


def test_a_png_has_the_pictures_and_the_colours_in_it(visitor: Reader) -> None:
    picture = pixels(visitor, "overview")

    beige = np.abs(picture.astype(int) - (245, 245, 220)).max(axis=-1) < 6
    assert beige[2 * (74 + 24), 2 * (24 + 24)], "the exemplar in the middle of the first cell"
    for colour in ((0x5B, 0x8D, 0xB8), (0x1F, 0x4E, 0x79), (0xA3, 0x4A, 0x0A)):
        assert (np.abs(picture.astype(int) - colour).max(axis=-1) < 3).sum() > 50


def test_without_a_font_on_the_machine_numbers_keep_their_signs(
    visitor: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(png, "_drawn", partial(png._drawn, bare=True))
    png._replacements.cache_clear()
    try:
        picture = pixels(visitor, "patterns")
        signs = png._replacements(
            png._kept_font(visitor.client.application.config["WORKBENCH"].cache_dir)
        )
    finally:
        png._replacements.cache_clear()

    assert (picture[2 * 20 : 2 * 40, 2 * 24 : 2 * 80].max(axis=-1) < 80).mean() > 0.05
    assert signs[ord("\N{MINUS SIGN}")] == "-"
    assert signs[ord("\N{LEFTWARDS ARROW}")] == "&lt;-"


def test_a_picture_too_large_to_draw_is_refused_with_words(app: Flask) -> None:
    with app.app_context(), pytest.raises(InvalidError, match="Download it as SVG"):
        png.png_of("<svg/>", 5000, 5000)


def test_a_picture_is_drawn_beside_the_server_and_not_in_it(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """resvg keeps Python's lock while it draws; nobody else would be answered."""
    monkeypatch.setattr(png, "LONGEST_SECONDS", 0.001)

    with app.app_context(), pytest.raises(UnavailableError, match="timed out"):
        png._drawn("<svg/>", "", 1)
