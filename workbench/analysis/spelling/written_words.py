"""Drawing of words on images, in random fonts, sizes and positions."""

from __future__ import annotations

import string
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image, ImageDraw, ImageFont

SIZES = (20, 40)
"""Smallest and largest font size, in pixels."""

LENGTHS = (3, 5)
"""Shortest and longest random string, in letters."""

_NOUNS = """
able acid age air apple arm army art baby back ball band bank bar base bath bear bed bell bird
blood blue boat body bone book box boy brain bread brick bridge brush bus butter button cake
camera car card cart cat chain cheese chin church circle clock cloth cloud coal coat collar
colour comb cook copper copy cord cork cotton cover cow crown cup curtain day desk dog door
drain dress drink drop dust ear earth edge egg engine eye face farm father field finger fire
fish flag floor flower fly fold food foot fork fowl frame friend front fruit garden girl glass
glove goat gold grain grass green grip gun hair hammer hand harbour hat head heart hill history
hole hook horn horse hour house ice iron island jewel key knee knife knot lake land leaf leg
letter light line lip lock love machine man map mark market meal meat metal milk mind money
month moon morning mother music nail name neck needle nerve net night nose nut office oil
orange oven page paint paper park path pen pencil picture pig pin pipe place plane plant plate
plough pocket pot powder price prison pump queen rain rat ray record river road rod roof room
root rule sail salt sand school screw sea seat seed ship shirt shoe silk silver skirt sky
snake snow soap sock song sound soup spade spoon square stamp star station steam steel stem
stick stone store story street sugar sun table tail tea test thread throat thumb ticket time
tin toe tongue tooth town toy train tray tree wall watch water wave wax week wheel whip window
wine wing winter wire woman wood wool word worm year
"""
REAL_WORDS = tuple(_NOUNS.split())
"""Common English nouns, two to eight letters."""

Mask = UInt8[ndarray, "height width"]
Pixels = UInt8[ndarray, "height width 3"]


def random_word(generator: np.random.Generator) -> str:
    """Draw a random lowercase string or a real word, with equal probability."""
    if generator.random() < 0.5:
        return REAL_WORDS[int(generator.integers(len(REAL_WORDS)))]
    length = int(generator.integers(LENGTHS[0], LENGTHS[1] + 1))
    letters = generator.choice(list(string.ascii_lowercase), size=length)
    return "".join(letters)


def write_word(pixels: Pixels, word: str, generator: np.random.Generator) -> Pixels:
    """Write the word on a copy of the image, in a random font, size and position.

    Black or white, whichever contrasts with what is below, with a rim of the other. A word that is
    too wide for the image is written smaller. Sizes, strings and positions follow
    Materzynska, Torralba, Bau (CVPR 2022), section 3; the rim is ours: without it a word over
    black and white stripes cannot be read. ValueError for a word without visible letters, or an
    image too small for it.
    """
    height, width = pixels.shape[:2]
    letters = _drawn(word, generator, room=(height, width))
    top = int(generator.integers(height - letters.shape[0] + 1))
    left = int(generator.integers(width - letters.shape[1] + 1))
    window = (slice(top, top + letters.shape[0]), slice(left, left + letters.shape[1]))
    written: Pixels = pixels.copy()
    ink = 255 if written[window].mean() < 128 else 0
    rim = cv2.dilate(letters, np.ones((3, 3), np.uint8))
    written[window] = _painted(_painted(written[window], rim, 255 - ink), letters, ink)
    return written


def word_alone(word: str, side: int, generator: np.random.Generator) -> Pixels:
    """Write the word on a square of one random colour, in a random font, size and position."""
    colour = generator.integers(256, size=3, dtype=np.uint8)
    return write_word(np.tile(colour, (side, side, 1)), word, generator)


def _painted(below: Pixels, letters: Mask, ink: int) -> Pixels:
    opacity = letters[..., None].astype(np.float32) / 255
    painted: Pixels = np.rint(below * (1 - opacity) + ink * opacity).astype(np.uint8)
    return painted


def _drawn(word: str, generator: np.random.Generator, *, room: tuple[int, int]) -> Mask:
    """Draw the word's opacity, 0 to 255, in its bounding box and a rim of one pixel."""
    font = _FONTS[int(generator.integers(len(_FONTS)))]
    size = int(generator.integers(SIZES[0], SIZES[1] + 1))
    while True:
        letters = np.pad(_trimmed(font(word, size)), 1)
        if letters.shape[0] <= room[0] and letters.shape[1] <= room[1]:
            return letters
        if size <= 1:
            raise ValueError(f"{word!r} has no room on {room[1]} x {room[0]} px")
        size = size * 3 // 4


def _trimmed(canvas: Mask) -> UInt8[ndarray, "rows columns"]:
    """Crop to the letters."""
    rows, columns = np.flatnonzero(canvas.any(axis=1)), np.flatnonzero(canvas.any(axis=0))
    if not len(rows):
        raise ValueError("a word needs letters that can be seen")
    return canvas[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _by_pillow(word: str, size: int) -> Mask:
    """Draw in Aileron, which Pillow carries."""
    font = ImageFont.load_default(size)
    canvas = Image.new("L", (int(font.getlength(word)) + size, 2 * size))
    ImageDraw.Draw(canvas).text((size // 2, size // 4), word, fill=255, font=font)
    return np.asarray(canvas)


def _by_opencv(word: str, size: int, *, face: str, weight: int) -> Mask:
    """Draw in a face that OpenCV carries: Rubik, upright or slanted, or WenQuanYi Micro Hei."""
    canvas = np.zeros((2 * size, (len(word) + 1) * size), np.uint8)
    origin = (size // 2, 3 * size // 2)
    cv2.putText(canvas, word, origin, 255, cv2.FontFace(face), size, weight)
    return canvas


_FONTS: tuple[Callable[[str, int], Mask], ...] = (
    _by_pillow,
    partial(_by_opencv, face="sans", weight=400),
    partial(_by_opencv, face="sans", weight=800),
    partial(_by_opencv, face="italic", weight=500),
    partial(_by_opencv, face="uni", weight=400),
)
