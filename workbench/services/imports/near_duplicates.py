"""Near duplicates of a collection's images share a group, so that no copy straddles the split."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.analysis.hygiene.near_duplicates import MOST_DIFFERENCE, candidates
from workbench.analysis.images.fingerprint import Thumbnail, difference, thumbnail
from workbench.store.image_files import LostImageError, read_normalised
from workbench.store.images import Image

Row = dict[str, Any]


class NearDuplicates:
    """The perceptual hashes of a collection's images, 16 bytes an image, followed as they come."""

    def __init__(self, collection_id: int, image_dir: Path) -> None:
        self._collection_id = collection_id
        self._image_dir = image_dir
        self._ids = np.empty(0, np.int64)
        self._hashes = np.empty(0, np.int64)

    def join(self, write: Session, rows: list[Row]) -> int:
        """Give each new row the group of the image that it nearly duplicates; how many have one.

        That of an image of the collection, or of an earlier row. An import that is run again comes
        to the same: it looks at what is committed.
        """
        self._follow(write)
        found = [self._ids[candidates(self._hashes, row["perceptual_hash"])] for row in rows]
        known = self._images(write, {int(each) for ids in found for each in ids})
        earlier: list[Row] = []
        hashes: list[int] = []
        joined = 0
        for row, ids in zip(rows, found, strict=True):
            here = candidates(np.array(hashes, np.int64), row["perceptual_hash"])
            # Some may have left the collection since their hashes were read.
            there = [known[int(each)] for each in ids if int(each) in known]
            others = [*there, *(earlier[at] for at in here)]
            joined += self._join(row, others)
            earlier.append(row)
            hashes.append(row["perceptual_hash"])
        return joined

    def _follow(self, write: Session) -> None:
        """Read what was committed since, by this import or by another one."""
        last = int(self._ids[-1]) if len(self._ids) else 0
        new = write.execute(
            select(Image.id, Image.perceptual_hash)
            .where(
                Image.collection_id == self._collection_id,
                Image.id > last,
                Image.perceptual_hash.is_not(None),
            )
            .order_by(Image.id)
        )
        if rows := new.tuples().all():
            ids, hashes = np.array(rows, np.int64).T
            self._ids = np.concatenate([self._ids, ids])
            self._hashes = np.concatenate([self._hashes, hashes])

    def _images(self, write: Session, ids: set[int]) -> dict[int, Row]:
        if not ids:
            return {}
        found = write.execute(
            select(Image.id, Image.pixel_hash, Image.group_key).where(Image.id.in_(ids))
        )
        return {row.id: row._asdict() for row in found}

    def _join(self, row: Row, others: list[Row]) -> bool:
        own: Thumbnail | None = None
        for other in others:
            if other["pixel_hash"] == row["pixel_hash"]:
                row["group_key"] = other["group_key"]
                return True
            own = self._thumbnail(row) if own is None else own
            its = self._thumbnail(other)
            if own is None or its is None:
                continue
            if difference(own, its) <= MOST_DIFFERENCE:
                row["group_key"] = other["group_key"]
                return True
        return False

    def _thumbnail(self, row: Row) -> Thumbnail | None:
        """None for an image whose file is lost: it can be compared with nothing."""
        try:
            return thumbnail(read_normalised(self._image_dir, row["pixel_hash"]))
        except LostImageError:
            return None
