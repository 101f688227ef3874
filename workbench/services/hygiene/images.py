"""The images that a check looks at: all that people have not left out, by their standing label."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, or_, select, update

from workbench.analysis.images.exposure import Exposure, exposure_of
from workbench.analysis.images.fingerprint import hash_of
from workbench.config import Settings
from workbench.services.review.decisions import final_decisions, label_by
from workbench.services.sources.dates import year_of
from workbench.store.chunks import write_in_chunks
from workbench.store.database import session
from workbench.store.image_files import LostImageError, read_normalised
from workbench.store.images import Image

_EXPOSURE: Final = tuple(each.name for each in fields(Exposure))


@dataclass(frozen=True, eq=False)
class CheckedImages:
    """A collection's images as columns, by ascending id."""

    ids: NDArray[np.int64]
    real: NDArray[np.bool_]
    """By the standing label, as `fake`; neither where there is none."""
    fake: NDArray[np.bool_]
    held_out: NDArray[np.bool_]
    groups: NDArray[np.int64]
    """Code of the source group."""
    pixel_hashes: tuple[str, ...]
    perceptual_hashes: NDArray[np.int64]
    has_hash: NDArray[np.bool_]
    """Not of images whose normalised copy is lost."""
    generators: tuple[str, ...]
    classes: tuple[str, ...]
    years: NDArray[np.int64]
    """Of their dates; 0 where none is known."""
    sides: NDArray[np.int64]
    """Shorter side of the original, in pixels."""
    brightness: NDArray[np.float64]
    """As the others of `Exposure`; NaN for images whose normalised copy is lost."""
    darkest: NDArray[np.float64]
    brightest: NDArray[np.float64]
    sharpness: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ids)


def images_to_check(collection_id: int, settings: Settings) -> CheckedImages:
    """Read a collection's images; what is not kept of them yet is measured first."""
    _measure_missing(collection_id, settings)
    decisions = final_decisions(collection_id)
    found = session().execute(
        select(
            Image.id,
            Image.label,
            Image.held_out,
            Image.group_key,
            Image.pixel_hash,
            Image.perceptual_hash,
            Image.generator,
            Image.class_name,
            Image.date,
            Image.width,
            Image.height,
            *(getattr(Image, name) for name in _EXPOSURE),
        )
        .where(Image.collection_id == collection_id)
        .order_by(Image.id)
    )
    rows: list[Row[Any]] = [row for row in found if decisions.get(row.id) != "exclude"]
    labels = [label_by(row.label, decisions.get(row.id)) for row in rows]
    groups = np.unique([row.group_key for row in rows], return_inverse=True)[1]
    return CheckedImages(
        ids=np.array([row.id for row in rows], np.int64),
        real=np.array([each == "real" for each in labels], bool),
        fake=np.array([each == "fake" for each in labels], bool),
        held_out=np.array([row.held_out for row in rows], bool),
        groups=groups.astype(np.int64),
        pixel_hashes=tuple(row.pixel_hash for row in rows),
        perceptual_hashes=np.array([row.perceptual_hash or 0 for row in rows], np.int64),
        has_hash=np.array([row.perceptual_hash is not None for row in rows], bool),
        generators=tuple(row.generator for row in rows),
        classes=tuple(row.class_name for row in rows),
        years=np.array([year_of(row.date) if row.date else 0 for row in rows], np.int64),
        sides=np.array([min(row.width, row.height) for row in rows], np.int64),
        **{name: np.array([getattr(row, name) for row in rows], np.float64) for name in _EXPOSURE},
    )


def _measure_missing(collection_id: int, settings: Settings) -> None:
    """Measure images that were imported before hashes and exposure were kept."""
    without = session().execute(
        select(Image.id, Image.pixel_hash).where(
            Image.collection_id == collection_id,
            or_(Image.perceptual_hash.is_(None), Image.sharpness.is_(None)),
        )
    )
    rows = without.tuples().all()
    session().rollback()
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda row: _measured(row[0], row[1], settings), rows)
        measured = [each for each in found if each is not None]
    write_in_chunks(measured, lambda write, chunk: write.execute(update(Image), chunk))


def _measured(image_id: int, pixel_hash: str, settings: Settings) -> dict[str, Any] | None:
    try:
        content = read_normalised(settings.image_dir, pixel_hash)
    except LostImageError:
        return None
    return {
        "id": image_id,
        "perceptual_hash": hash_of(content),
        **vars(exposure_of(content)),
    }
