"""Portraits of people against faces that a GAN made up, brought as near to each other as they go.

Every made-up face borrows a portrait's circumstances: the size to which it is shrunk, the place
in a 128-pixel JPEG, that JPEG's tables, and grey where the portrait is grey. So none of these
tells real from fake. How tightly the portraits are cropped was set by hand, after the GAN's faces.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from jaxtyping import Float32
from PIL import Image, ImageOps, JpegImagePlugin

from workbench.services.demo.downloads import FACE_MODEL, PHOTOGRAPHS, read_members
from workbench.services.demo.pictures import (
    Row,
    generator_for,
    pixels_of,
    splits,
    window,
    write_manifest,
    write_picture,
)
from workbench.services.progress import Progress

PORTRAITS: Final = Path(__file__).with_name("portraits.csv")
"""The hand-made list: portraits whose face is in view, and the square that the face fills."""

GENERATOR: Final = "MobileStyleGAN"
MADE_UP: Final = 72

CHILDREN: Final = frozenset({5, 9, 10, 12, 13, 17, 20, 33, 35, 46, 50, 59, 62, 76, 86})
"""Numbers of made-up faces that are left out: a child's, and there is no child among the
portraits. Looked at one by one; which faces come therefore does not depend on the set's seed."""

_LATENT: Final = 512
_GREY_BELOW: Final = 4.0
_STAGE: Final = "Faces"


class FaceMaker(Protocol):
    """Makes a face from 512 standard normal numbers."""

    def face(self, latent: Float32[np.ndarray, " latent"]) -> Image.Image:
        """A square RGB picture, larger than any portrait."""


MakeFaces = Callable[[Path, np.random.Generator], FaceMaker]
"""Loads a face maker from its archive; the generator serves the maker's own preparations."""


@dataclass(frozen=True)
class Portrait:
    """A portrait's file in the package, and the square to take of it (pixels)."""

    file: str
    left: int
    top: int
    side: int

    @property
    def name(self) -> str:
        return self.file.removesuffix(".jpg").replace("/", "-")


def read_portraits() -> tuple[Portrait, ...]:
    """The list, in its own order."""
    with PORTRAITS.open(encoding="utf-8", newline="") as file:
        return tuple(
            Portrait(row["file"], int(row["left"]), int(row["top"]), int(row["side"]))
            for row in csv.DictReader(file)
        )


def build_faces(
    folder: Path,
    archives: dict[str, Path],
    progress: Progress,
    seed: int,
    *,
    portraits: Sequence[Portrait],
    made_up: int,
    make_faces: MakeFaces,
) -> Path:
    """Write what is missing of the collection, and its manifest; return the manifest's path.

    `make_faces` loads the face maker; it is not called where no face is missing.
    """
    files = read_members(archives[PHOTOGRAPHS], [f"src/demo/faces/{p.file}" for p in portraits])
    opened = [Image.open(io.BytesIO(files[f"src/demo/faces/{p.file}"])) for p in portraits]
    rows = _rows(portraits, made_up, seed)
    missing = [index for index, row in enumerate(rows) if not (folder / row.path).is_file()]
    maker: FaceMaker | None = None
    for done, index in enumerate(missing):
        progress.advance(done, len(missing), _STAGE)
        if index < len(portraits):
            picture = _square(opened[index], portraits[index])
        else:
            if maker is None:
                maker = make_faces(archives[FACE_MODEL], generator_for(0, "mean style"))
            twin = (index - len(portraits)) % len(portraits)
            latent = generator_for(0, rows[index].group).standard_normal(_LATENT, np.float32)
            picture = in_the_place_of(opened[twin], portraits[twin], maker.face(latent))
        write_picture(folder / rows[index].path, picture)
    progress.advance(len(missing), len(missing), _STAGE)
    write_manifest(folder / "manifest.csv", rows)
    return folder / "manifest.csv"


def _rows(portraits: Sequence[Portrait], made_up: int, seed: int) -> list[Row]:
    """Portraits first, then made-up faces; each is its own group."""
    real = [f"portrait {portrait.name}" for portrait in portraits]
    numbers = (number for number in itertools.count() if number not in CHILDREN)
    fake = [f"face {number:03}" for number in itertools.islice(numbers, made_up)]
    split = splits(real, seed) | splits(fake, seed)
    return [
        Row(f"real/{portrait.name}.png", "real", "", group, split[group])
        for portrait, group in zip(portraits, real, strict=True)
    ] + [
        Row(f"fake/{group.replace(' ', '-')}.png", "fake", GENERATOR, group, split[group])
        for group in fake
    ]


def _square(picture: Image.Image, portrait: Portrait) -> Image.Image:
    return window(picture.convert("RGB"), portrait.left, portrait.top, portrait.side)


def in_the_place_of(original: Image.Image, portrait: Portrait, face: Image.Image) -> Image.Image:
    """Bring a made-up face into the circumstances of a portrait, and take the same square of it."""
    small = face.resize((portrait.side, portrait.side), Image.Resampling.LANCZOS)
    if _is_grey(original):
        small = ImageOps.grayscale(small).convert("RGB")
    around = (
        (portrait.top, original.height - portrait.top - portrait.side),
        (portrait.left, original.width - portrait.left - portrait.side),
        (0, 0),
    )
    canvas = Image.fromarray(np.pad(pixels_of(small), around, mode="edge"))
    return _square(_compressed_like(original, canvas), portrait)


def _compressed_like(original: Image.Image, picture: Image.Image) -> Image.Image:
    """Through JPEG with the tables and the chroma subsampling of another JPEG."""
    if not isinstance(original, JpegImagePlugin.JpegImageFile):
        return picture
    buffer = io.BytesIO()
    tables = original.quantization
    if original.mode == "L":
        picture = picture.convert("L")
        picture.save(buffer, "JPEG", qtables=tables)
    else:
        sampling = JpegImagePlugin.get_sampling(original)
        picture.save(buffer, "JPEG", qtables=tables, subsampling=sampling)
    return Image.open(buffer)


def _is_grey(picture: Image.Image) -> bool:
    pixels = pixels_of(picture).astype(np.int16)
    return bool((pixels.max(axis=2) - pixels.min(axis=2)).mean() < _GREY_BELOW)
