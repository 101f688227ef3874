"""What decisions concern: the image, tag, collection and version of a row, by the ids it has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workbench.services.audit import Concerned, Told
from workbench.services.review.image_collections import collections_of
from workbench.store.judgements import CounterfactualNote, Tag, TaggedRegion, Tagging
from workbench.store.regions import Region
from workbench.store.results import Pattern
from workbench.store.versions import ModelVersion


class ConcernedBy:
    """What rows concern; a few queries for all of them together."""

    def __init__(self, write: Session, rows: Sequence[Any]) -> None:
        self._write = write
        taggings = {each.id: each for each in rows if isinstance(each, Tagging)}
        asked = _ids(rows, "tagging_id") - taggings.keys()
        taggings |= self._by_id(Tagging, asked)
        self._taggings = taggings
        several = [
            each.id
            for each in taggings.values()
            if each.region_id is None and each.pattern_id is None
        ]
        self._several: dict[int, tuple[int, int]] = self._regions_of(several)
        firsts = {first for first, _count in self._several.values()}
        regions = _ids([*rows, *taggings.values()], "region_id") | firsts
        self._image_of = self._pairs(Region.id, Region.image_id, regions)
        self._image_of_note = self._pairs(
            CounterfactualNote.id, CounterfactualNote.image_id, _ids(rows, "note_id")
        )
        images = {
            *_ids(rows, "image_id"),
            *self._image_of.values(),
            *self._image_of_note.values(),
        }
        self._collection_of = collections_of(write, images)
        patterns = _ids([*rows, *taggings.values()], "pattern_id")
        self._version_of = self._pairs(Pattern.id, Pattern.version_id, patterns)
        self._collection_of_version = self._pairs(
            ModelVersion.id, ModelVersion.collection_id, set(self._version_of.values())
        )
        named = _ids([*rows, *taggings.values()], "tag_id")
        self._tag_named = self._pairs(Tag.id, Tag.name, named)

    def by(self, row: Any, version_id: int | None) -> Concerned:
        """What a row concerns; `version_id` is of the version that was looked at, if it is said."""
        tagging = self._tagging(row)
        tag_id = row.id if isinstance(row, Tag) else getattr(row, "tag_id", None)
        image_id = (
            getattr(row, "image_id", None)
            or self._image_of.get(getattr(row, "region_id", None) or 0)
            or self._image_of_note.get(getattr(row, "note_id", None) or 0)
        )
        collection_id = self._collection_of.get(image_id or 0)
        pattern_id = getattr(tagging or row, "pattern_id", None)
        of_pattern = self._version_of.get(pattern_id or 0)
        version = version_id or getattr(row, "version_id", None) or of_pattern
        collection_id = collection_id or self._collection_of_version.get(of_pattern or 0)
        if tagging is not None:
            tag_id = tagging.tag_id
            first, _count = self._several.get(tagging.id, (0, 0))
            collection_id = collection_id or self._collection_of.get(self._image_of.get(first, 0))
        return Concerned(image_id, tag_id, collection_id, version)

    def naming(self, row: Any, told: dict[str, Any] | None) -> Told | None:
        """What is told of a row, with the name that its tag has now."""
        tag_id = getattr(self._tagging(row) or row, "tag_id", None)
        if told is None or tag_id is None:
            return told
        told = {"tag": self._tag_named.get(tag_id), **told}
        if isinstance(row, Tagging) and (count := self._several.get(row.id, (0, 0))[1]):
            told["regions"] = count
        return told

    def _tagging(self, row: Any) -> Tagging | None:
        key = row.id if isinstance(row, Tagging) else getattr(row, "tagging_id", None)
        return self._taggings.get(key or 0)

    def _by_id(self, table: type[Any], ids: set[int]) -> dict[int, Any]:
        if not ids:
            return {}
        found = self._write.scalars(select(table).where(table.id.in_(ids)))
        return {each.id: each for each in found}

    def _pairs(self, key: Any, value: Any, ids: set[int]) -> dict[int, Any]:
        if not ids:
            return {}
        return dict(self._write.execute(select(key, value).where(key.in_(ids))).tuples().all())

    def _regions_of(self, tagging_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
        """The first region of each, and how many there are."""
        if not tagging_ids:
            return {}
        rows = self._write.execute(
            select(TaggedRegion.tagging_id, func.min(TaggedRegion.region_id), func.count())
            .where(TaggedRegion.tagging_id.in_(tagging_ids))
            .group_by(TaggedRegion.tagging_id)
        )
        return {tagging_id: (first, count) for tagging_id, first, count in rows}


def _ids(rows: Iterable[Any], column: str) -> set[int]:
    return {found for each in rows if (found := getattr(each, column, None)) is not None}
