"""The images that a check looks at: all that people have not left out, by their standing label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, select, update

from workbench.analysis.images.fingerprint import hash_of
from workbench.config import Settings
from workbench.services.review.decisions import final_decisions, label_by
from workbench.store.chunks import write_in_chunks
from workbench.store.database import session
from workbench.store.image_files import LostImageError, read_normalised
from workbench.store.images import Image


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

    def __len__(self) -> int:
        return len(self.ids)


def images_to_check(collection_id: int, settings: Settings) -> CheckedImages:
    """Read a collection's images; perceptual hashes that are not kept yet are computed first."""
    _keep_missing_hashes(collection_id, settings)
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
        )
        .where(Image.collection_id == collection_id)
        .order_by(Image.id)
    )
    rows: list[Row[tuple[int, str | None, bool, str, str, int | None, str]]] = [
        row for row in found if decisions.get(row.id) != "exclude"
    ]
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
    )


def _keep_missing_hashes(collection_id: int, settings: Settings) -> None:
    """Compute the hashes of images that were imported before they were kept."""
    without = session().execute(
        select(Image.id, Image.pixel_hash).where(
            Image.collection_id == collection_id, Image.perceptual_hash.is_(None)
        )
    )
    hashes = [
        {"id": image_id, "perceptual_hash": found}
        for image_id, pixel_hash in without.tuples().all()
        if (found := _hash(pixel_hash, settings)) is not None
    ]
    session().rollback()
    write_in_chunks(hashes, lambda write, chunk: write.execute(update(Image), chunk))


def _hash(pixel_hash: str, settings: Settings) -> int | None:
    try:
        return hash_of(read_normalised(settings.image_dir, pixel_hash))
    except LostImageError:
        return None
