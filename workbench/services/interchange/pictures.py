"""Pictures that go beside the labels: which file of an image, under which name, in which size.

The original where it is at hand, byte by byte; else the normalised copy, and then sizes and regions
are those over it. Images that are excluded, or of which no file is left, are in no such export.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Final

import numpy as np
from flask_babel import gettext
from sqlalchemy import func, select

from workbench.analysis.images.analysed_square import AnalysedSquare
from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.regions.drawing import DrawnMask, Square, share_of_cells
from workbench.analysis.regions.masks import run_lengths
from workbench.config import Settings
from workbench.services.errors import InvalidError
from workbench.services.interchange.frozen import FrozenRow, FrozenSet
from workbench.services.interchange.shapes import mask_on
from workbench.services.sources.originals import (
    Original,
    OriginalChangedError,
    OriginalMissingError,
    read_original,
)
from workbench.store.database import session
from workbench.store.image_files import LostImageError, read_normalised
from workbench.store.images import Image
from workbench.store.label_sets import LabelSetImage

RESERVE: Final = 500_000_000
"""Bytes that an export leaves free on the disk."""
_UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f<>:"\\|?*]')
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_LONGEST: Final = 120
"""Signs of a part of a path."""
_ENDINGS: Final = {"JPEG": (".jpg", ".jpeg"), "TIFF": (".tiff", ".tif")}


@dataclass(frozen=True)
class Picture:
    """A file of an image, and what it is called."""

    name: str
    content: bytes


class Pictures:
    """The files of a label set's images; what was found of each is remembered.

    counts: of images by what became of them: original, normalised, excluded, missing.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._names: set[int] = set()
        self._renamed: dict[int, str] = {}
        self._normalised: set[int] = set()
        self._missing: set[int] = set()
        self.counts = Counter(dict.fromkeys(("original", "normalised", "excluded", "missing"), 0))

    def found(self, frozen: FrozenSet) -> Iterator[tuple[FrozenRow, Picture]]:
        """Each image that has a picture, with it."""
        for row in frozen:
            content = self._content(row)
            if content is not None:
                yield row, Picture(self._named(row), content)

    def there(self, row: FrozenRow) -> FrozenRow | None:
        """A row as it is beside its picture; None without one."""
        if row.decision == "exclude" or row.image_id in self._missing:
            return None
        shown = over_the_square(row) if row.image_id in self._normalised else row
        return replace(shown, file_name=self._renamed.get(row.image_id) or self._safe(row))

    def kind(self, row: FrozenRow) -> str:
        """Which file of an image it is."""
        return "normalised" if row.image_id in self._normalised else "original"

    def _content(self, row: FrozenRow) -> bytes | None:
        if row.decision == "exclude":
            self.counts["excluded"] += 1
            return None
        try:
            content = read_original(Original(row.original_uri, row.content_hash), self._settings)
            self.counts["original"] += 1
        except (OriginalMissingError, OriginalChangedError):
            try:
                content = read_normalised(self._settings.image_dir, row.pixel_hash)
            except LostImageError:
                self._missing.add(row.image_id)
                self.counts["missing"] += 1
                return None
            self._normalised.add(row.image_id)
            self.counts["normalised"] += 1
        return content

    def _named(self, row: FrozenRow) -> str:
        name = self._safe(row)
        while not self._is_new(name):
            path = PurePosixPath(name)
            name = str(path.with_name(f"{path.stem}-{row.image_id}{path.suffix}"))
            self._renamed[row.image_id] = name
        return name

    def _is_new(self, name: str) -> bool:
        """Whether no picture has it, on a disk that takes no notice of case."""
        digest = hashlib.blake2b(name.casefold().encode(), digest_size=8).digest()
        key = int.from_bytes(digest, "big")
        if key in self._names:
            return False
        self._names.add(key)
        return True

    def _safe(self, row: FrozenRow) -> str:
        kind = "JPEG" if row.image_id in self._normalised else row.format
        return safe_name(row.file_name, kind)


def safe_name(file_name: str, kind: str) -> str:
    """A relative path that every system takes, with the ending of its kind of file."""
    parts = [_safe_part(each) for each in file_name.split("/") if each not in {"", ".", ".."}]
    name = parts[-1] if parts else "image"
    endings = _ENDINGS.get(kind, (f".{kind.lower()}",))
    stem, dot, ending = name.rpartition(".")
    if not dot or f".{ending}".casefold() not in endings:
        # Of a copy, the ending of its original goes; a row of a table keeps the table's name.
        known = dot and f".{ending}".casefold() in _PICTURES
        name = (stem if known else name) + endings[0]
    return "/".join([*parts[:-1], name])


_PICTURES: Final = {*(".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif")}


def _safe_part(part: str) -> str:
    safe = _UNSAFE.sub("_", part).rstrip(" .") or "_"
    if len(safe) > _LONGEST:
        stem, dot, ending = safe.rpartition(".")
        kept = f"{dot}{ending}" if dot and len(ending) < 10 else ""
        safe = (stem or safe)[: _LONGEST - len(kept)] + kept
    return f"_{safe}" if _DEVICES.match(safe) else safe


def over_the_square(row: FrozenRow) -> FrozenRow:
    """An image as its normalised copy shows it: the sizes of that, and regions over it."""
    regions = [_over_the_square(each, row.width, row.height) for each in row.details["regions"]]
    detail = json.dumps({**row.details, "regions": regions}, ensure_ascii=False)
    return replace(row, width=NORMAL_SIZE, height=NORMAL_SIZE, detail=detail)


def _over_the_square(region: Mapping[str, Any], width: int, height: int) -> dict[str, Any]:
    if region["on"] == "square":
        return dict(region)
    square = AnalysedSquare(width, height)
    over = Square(square.left, square.top, square.side, NORMAL_SIZE)
    drawn = DrawnMask(0, 0, mask_on(region, width, height).astype(np.bool_))
    mask = share_of_cells(drawn, over) >= 0.5 - 1e-9
    size = [NORMAL_SIZE, NORMAL_SIZE]
    shape = {"on": "square", "size": size, "box": [0, 0, *size], "rle": run_lengths(mask)}
    return {**region, **shape, "area": int(mask.sum())}


def refuse_without_room(label_set_id: int, folder: Path) -> None:
    """Raises InvalidError where the pictures of a set have no room on the disk of a folder."""
    needed = session().scalar(
        select(func.coalesce(func.sum(Image.file_size), 0))
        .join(LabelSetImage, LabelSetImage.image_id == Image.id)
        .where(LabelSetImage.label_set_id == label_set_id)
    )
    there = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(there).free
    if (needed or 0) + RESERVE > free:
        raise InvalidError(
            gettext(
                "The pictures take up to %(needed)s MB, and the disk has %(free)s MB free, "
                "of which %(reserve)s MB are kept. Export the labels alone, or make room.",
                needed=f"{int(needed or 0) / 1_000_000:,.0f}",
                free=f"{free / 1_000_000:,.0f}",
                reserve=f"{RESERVE / 1_000_000:,.0f}",
            )
        )
