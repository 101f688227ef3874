"""SVG documents drawn as PNG, with the fonts of this machine and one that is always there."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import numpy as np
from flask_babel import gettext, lazy_gettext
from flask_babel.speaklater import LazyString
from PIL import Image as Picture
from PIL import ImageFont

from workbench.config import PROJECT_ROOT
from workbench.files import write_whole
from workbench.services import app_settings
from workbench.services.errors import InvalidError, UnavailableError

SCALE = 2
"""Pixels of the PNG for each unit of the document: sharp on paper and on dense screens."""
MOST_PIXELS = 40_000_000
LONGEST_SECONDS = 60

_PLAINLY: dict[str, str | LazyString] = {
    "\N{MINUS SIGN}": "-",
    "\N{EN DASH}": "-",
    "\N{MULTIPLICATION SIGN}": "x",
    "\N{LEFTWARDS ARROW}": "&lt;-",
    "\N{RIGHTWARDS ARROW}": "-&gt;",
    "\N{HORIZONTAL ELLIPSIS}": "...",
    "\N{SQUARE ROOT}": lazy_gettext("root of "),
    "\N{GREEK CAPITAL LETTER DELTA}": lazy_gettext("change of "),
}
"""Signs that the font which is always there lacks, and what stands for them in the document where
no other font is."""

_NOBODY_S = "\U000f1234"
"""A sign for private use, so that what is drawn for it stands for a missing one."""


def png_of(svg: str, width: float, height: float) -> bytes:
    """A PNG of an SVG document of `width` x `height` units, at `SCALE`; it loads nothing.

    Raises InvalidError for a document too large to draw, UnavailableError where it takes too long.
    """
    if width * height * SCALE**2 > MOST_PIXELS:
        raise InvalidError(gettext("This image is too large for PNG. Download it as SVG."))
    font = _kept_font(app_settings.settings().cache_dir)
    plainly = {sign: str(words) for sign, words in _replacements(font).items()}
    return _drawn(svg.translate(plainly), font, SCALE)


def _drawn(svg: str, font: str, scale: float, *, bare: bool = False) -> bytes:
    """A PNG, drawn by a process of its own; `bare` acts as if the machine had no fonts."""
    options = {
        "background": "#ffffff",
        "zoom": scale,
        "font_files": [font],
        "skip_system_fonts": bare,
        # The documents name real families first; this is what the last, generic one means.
        "sans_serif_family": _built_in().getname()[0],
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "workbench.services.export.png_process"],
            input=json.dumps(options).encode() + b"\n" + svg.encode(),
            capture_output=True,
            check=True,
            cwd=PROJECT_ROOT,
            timeout=LONGEST_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise UnavailableError(
            gettext("Rendering the PNG timed out. Download it as SVG.")
        ) from error
    return done.stdout


def _built_in() -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(16)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise UnavailableError(
            gettext("Pillow was built without FreeType, so no text can be drawn.")
        )
    return font


def _kept_font(cache_dir: Path) -> str:
    """The file of the font that Pillow brings: resvg reads files, and no WOFF2."""
    path = cache_dir / "fonts" / "fallback.otf"
    if not path.is_file():
        write_whole(path, _built_in().font_bytes)
    return str(path)


@lru_cache(maxsize=1)
def _replacements(font: str) -> dict[int, str | LazyString]:
    """Signs that no font of this machine draws: a lost minus would turn a number round."""
    signs = (_NOBODY_S, *_PLAINLY)
    side = 40
    letters = "".join(
        f'<text x="{side * index + 5}" y="30" font-family="sans-serif" font-size="20">{sign}</text>'
        for index, sign in enumerate(signs)
    )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side * len(signs)}" height="{side}">'
        f"{letters}</svg>"
    )
    with Picture.open(io.BytesIO(_drawn(svg, font, 1))) as picture:
        missing, *drawn = np.split(np.asarray(picture.convert("L")), len(signs), axis=1)
    return {
        ord(sign): _PLAINLY[sign]
        for sign, strokes in zip(_PLAINLY, drawn, strict=True)
        if np.array_equal(strokes, missing)
    }
