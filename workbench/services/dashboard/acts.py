"""What people did in a collection beside judging: tags, checks and notes that stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from sqlalchemy import (
    CompoundSelect,
    Integer,
    Select,
    cast,
    exists,
    literal,
    null,
    or_,
    select,
    union_all,
)

from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.judgements import CounterfactualNote, TagCheck, TaggedRegion, Tagging
from workbench.store.regions import Region
from workbench.store.results import Pattern
from workbench.store.versions import ModelVersion

ActKind = Literal["tag", "check", "note"]
_Rows = Select[tuple[Any, int, Any, datetime]]


@dataclass(frozen=True)
class Span:
    """Days that are looked at, in UTC; both ends count."""

    since: date
    until: date

    def __contains__(self, at: datetime) -> bool:
        return self.since <= at.astimezone(UTC).date() <= self.until

    @property
    def midnight(self) -> datetime:
        """The first moment."""
        return datetime.combine(self.since, time(), UTC)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.until + timedelta(days=1), time(), UTC)


@dataclass(frozen=True)
class Act:
    """A tag, a check of one, or a note. tag_id: of a tag."""

    kind: ActKind
    person_id: int
    tag_id: int | None
    at: datetime


def acts(collection_id: int, span: Span) -> Sequence[Act]:
    """What stands of what people did in these days. One query.

    A tag that was put on a pattern or on a selection is one act, as one on a region is.
    """
    every: CompoundSelect[tuple[ActKind, int, int | None, datetime]] = union_all(
        _tags(collection_id, span), _checks(collection_id, span), _notes(collection_id, span)
    )
    return [Act(*row) for row in session().execute(every).tuples()]


def _tags(collection_id: int, span: Span) -> _Rows:
    here = Image.collection_id == collection_id
    on_region = exists().where(Region.id == Tagging.region_id, Image.id == Region.image_id, here)
    on_several = exists().where(
        TaggedRegion.tagging_id == Tagging.id,
        Region.id == TaggedRegion.region_id,
        Image.id == Region.image_id,
        here,
    )
    on_pattern = exists().where(
        Pattern.id == Tagging.pattern_id,
        ModelVersion.id == Pattern.version_id,
        ModelVersion.collection_id == collection_id,
    )
    return select(literal("tag"), Tagging.user_id, Tagging.tag_id, Tagging.created_at).where(
        Tagging.withdrawn_at.is_(None),
        Tagging.created_at >= span.midnight,
        Tagging.created_at < span.end,
        or_(on_region, on_pattern, on_several),
    )


def _checks(collection_id: int, span: Span) -> _Rows:
    return (
        select(literal("check"), TagCheck.user_id, cast(null(), Integer), TagCheck.created_at)
        .join(Region, Region.id == TagCheck.region_id)
        .join(Image, Image.id == Region.image_id)
        .where(
            Image.collection_id == collection_id,
            TagCheck.withdrawn_at.is_(None),
            TagCheck.created_at >= span.midnight,
            TagCheck.created_at < span.end,
        )
    )


def _notes(collection_id: int, span: Span) -> _Rows:
    return (
        select(
            literal("note"),
            CounterfactualNote.user_id,
            cast(null(), Integer),
            CounterfactualNote.created_at,
        )
        .join(Image, Image.id == CounterfactualNote.image_id)
        .where(
            Image.collection_id == collection_id,
            CounterfactualNote.withdrawn_at.is_(None),
            CounterfactualNote.created_at >= span.midnight,
            CounterfactualNote.created_at < span.end,
        )
    )
