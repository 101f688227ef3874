"""Who looked at which image when, as far as what they did there tells it.

A verdict, a note, a drawn region, a tag, a check of a tag, a dismissed suggestion: whoever did one
of these had the image before them. Also what was withdrawn since. Somebody who only turned a page
leaves no trace, and counts as not having looked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, literal, select, union_all

from workbench.store.database import LARGEST_ID, session
from workbench.store.images import Image
from workbench.store.judgements import (
    CounterfactualNote,
    DismissedSuggestion,
    TagCheck,
    Tagging,
    Verdict,
)
from workbench.store.regions import DrawnRegion, Region

Ids = NDArray[np.int64]
Times = NDArray[np.datetime64]
NEVER: Final = np.datetime64("0001-01-01", "us")
ALWAYS: Final = np.datetime64("9999-12-31", "us")


@dataclass(frozen=True)
class Looks:
    """When people looked at images, by pair of an image and a person, in the order of both.

    images, people (pair): their ids. groups (pair): the source group of the image, as a code.
    pair, at (look): which pair, and when.
    """

    images: Ids
    people: Ids
    groups: Ids
    pair: Ids
    at: Times

    @cached_property
    def last(self) -> Times:
        """When each person looked at each image last."""
        found = np.full(len(self.images), NEVER)
        np.maximum.at(found, self.pair, self.at)
        return found

    def pair_of(self, images: Ids, people: Ids) -> Ids:
        """The pairs of these images and people; −1 for one who never looked."""
        if not len(self.images):
            return np.full(len(images), -1)
        keys = _keys(images, people)
        own = _keys(self.images, self.people)
        at = np.minimum(np.searchsorted(own, keys), len(own) - 1)
        return np.where(own[at] == keys, at, -1)


def _keys(images: Ids, people: Ids) -> Ids:
    return images * (LARGEST_ID + 1) + people


def looks(collection_id: int) -> Looks:
    """When those who tag looked at the images of a collection. One query.

    Those who tag are people who put a tag on a region there, checked or dismissed one, or drew a
    region: of one who never did, silence says nothing of tags.
    """
    rows = session().execute(union_all(*_marks(collection_id))).tuples().all()
    tagging = {row[1] for row in rows if row[4]}
    kept = [row for row in rows if row[1] in tagging]
    table = np.array([row[:2] for row in kept], np.int64).reshape(-1, 2)
    _keys_found, first, pair = np.unique(
        _keys(table[:, 0], table[:, 1]), return_index=True, return_inverse=True
    )
    groups = np.unique(np.array([kept[at][2] for at in first], np.str_), return_inverse=True)[1]
    at = np.array([instant(row[3]) for row in kept], "M8[us]")
    return Looks(table[first, 0], table[first, 1], groups, pair, at)


def instant(at: datetime) -> np.datetime64:
    """A moment, for arrays: they know no time zones."""
    return np.datetime64(at.astimezone(UTC).replace(tzinfo=None), "us")


def _marks(collection_id: int) -> list[Select[tuple[int, int, str, datetime, int]]]:
    """Image, person, group, time, and whether it is the work of one who tags."""
    by_image = [
        select(
            table.image_id,
            table.user_id,
            Image.group_key,
            table.created_at,
            literal(0).label("tags"),
        )
        .join(Image, Image.id == table.image_id)
        .where(Image.collection_id == collection_id)
        for table in (Verdict, CounterfactualNote)
    ]
    by_region = [
        select(
            Region.image_id,
            table.user_id,
            Image.group_key,
            table.created_at,
            literal(1).label("tags"),
        )
        .select_from(table)
        .join(Region, Region.id == table.region_id)
        .join(Image, Image.id == Region.image_id)
        .where(Image.collection_id == collection_id)
        for table in (Tagging, TagCheck, DismissedSuggestion, DrawnRegion)
    ]
    return by_image + by_region
