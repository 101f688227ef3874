"""What the demo set's collections share: seeded choices, windows, files and manifests."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from workbench.files import write_durably

SIZE: Final = 224
"""Side of every picture of the demo set, in pixels: that of a normalised image, so that import
resizes nothing."""

HELD_OUT_SHARE: Final = 0.3

_SPLITS: Final = ("train", "held_out")


@dataclass(frozen=True)
class Row:
    """One line of a manifest; paths are relative to it. The last two are for planted patterns."""

    path: str
    label: str
    generator: str
    group: str
    split: str
    mask: str = ""
    kind: str = ""


def generator_for(seed: int, *names: str) -> np.random.Generator:
    """Random numbers that belong to one picture, so that no other's being there changes them."""
    digest = hashlib.sha256("\x00".join(names).encode()).digest()
    return np.random.default_rng([seed, *np.frombuffer(digest, dtype="<u4").tolist()])


def splits(groups: Iterable[str], seed: int) -> dict[str, str]:
    """`train` or `held_out` for each group of one stratum; about 30 % are held out."""
    shuffled = sorted(
        set(groups), key=lambda group: (generator_for(seed, "split", group).random(), group)
    )
    # Half up: Python rounds 0.5 to 0, and small strata would have nothing held out.
    held_out = int(HELD_OUT_SHARE * len(shuffled) + 0.5)
    return {group: _SPLITS[index < held_out] for index, group in enumerate(shuffled)}


def window(picture: Image.Image, left: float, top: float, side: float) -> Image.Image:
    """A square of a picture, `side` pixels wide, brought to SIZE."""
    box = (left, top, left + side, top + side)
    return picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS, box=box)


def random_window(
    picture: Image.Image, sides: tuple[int, int], rng: np.random.Generator
) -> Image.Image:
    """A square at a random position, its side uniform over `sides` (pixels, ends included)."""
    side = int(rng.integers(sides[0], sides[1], endpoint=True))
    left = int(rng.integers(0, picture.width - side, endpoint=True))
    top = int(rng.integers(0, picture.height - side, endpoint=True))
    return window(picture, left, top, side)


def pixels_of(picture: Image.Image) -> UInt8[np.ndarray, "h w 3"]:
    """The picture's RGB values, as an array of their own."""
    return np.array(picture.convert("RGB"))


def write_picture(path: Path, picture: Image.Image) -> None:
    """Write a PNG so that it is there whole or not at all."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    write_durably(path, buffer.getvalue())


def write_manifest(path: Path, rows: Iterable[Row]) -> None:
    """Write rows as CSV, ordered by path; they are all of one class."""
    ordered = sorted(rows, key=lambda row: row.path)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([field.name for field in fields(ordered[0] if ordered else Row)])
    writer.writerows(astuple(row) for row in ordered)
    write_durably(path, text.getvalue().encode())
