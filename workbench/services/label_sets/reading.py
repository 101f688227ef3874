"""The label sets of a collection: listed, one of them with its images, and images streamed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from workbench.services.errors import NotFoundError
from workbench.services.review.blinding import is_free
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.label_sets import LabelSet, LabelSetImage

AT_ONCE: Final = 2_000
"""Images that are read together."""
SHOWN: Final = 24
"""Images on a page of a label set."""


@dataclass(frozen=True)
class LabelSetView:
    """A label set as pages show it."""

    id: int
    number: int
    name: str
    description: str
    by: str
    at: datetime
    event_id: int
    images: int
    labels: Mapping[str, int]
    """Images by final label: real, fake, none, exclude."""
    rules: Mapping[str, int]
    tags: Mapping[str, int]
    """Images by tag, the most first."""
    regions: int
    notes: int
    removed: int


@dataclass(frozen=True)
class FrozenImage:
    """An image as it was frozen."""

    image_id: int
    name: str
    label: str | None
    imported: str | None
    decision: str | None
    rule: str
    decided_at: datetime | None
    tags: tuple[str, ...]


@dataclass(frozen=True)
class ImagesPage:
    """Some images of a label set, and where the next ones begin."""

    images: tuple[FrozenImage, ...]
    after: int | None


def label_sets(collection_id: int) -> tuple[LabelSetView, ...]:
    """The label sets of a collection, the newest first."""
    found = session().scalars(
        select(LabelSet)
        .options(joinedload(LabelSet.created_by))
        .where(LabelSet.collection_id == collection_id, LabelSet.ready_at.is_not(None))
        .order_by(LabelSet.number.desc())
    )
    return tuple(_view(each) for each in found)


def label_set(collection_id: int, number: int) -> LabelSetView:
    """One label set. Raises NotFoundError."""
    found = session().scalar(
        select(LabelSet)
        .options(joinedload(LabelSet.created_by))
        .where(
            LabelSet.collection_id == collection_id,
            LabelSet.number == number,
            LabelSet.ready_at.is_not(None),
        )
    )
    if found is None:
        raise NotFoundError(gettext("Label set %(number)s not found.", number=number))
    return _view(found)


def images_of(
    label_set_id: int,
    *,
    after: int | None = None,
    label: str | None = None,
    rule: str | None = None,
) -> ImagesPage:
    """A page of a set's images, by id; those of a label (or `none`, `exclude`) or a rule.

    Without those that the reader has to judge blind yet.
    """
    query = (
        select(LabelSetImage, Image.name)
        .join(Image, Image.id == LabelSetImage.image_id)
        .where(
            LabelSetImage.label_set_id == label_set_id,
            LabelSetImage.image_id > (after or 0),
            is_free(LabelSetImage.image_id),
        )
    )
    if label in {"none", "exclude"}:
        query = query.where(LabelSetImage.label.is_(None))
        left_out = LabelSetImage.decision.is_not_distinct_from("exclude")
        query = query.where(left_out if label == "exclude" else ~left_out)
    elif label:
        query = query.where(LabelSetImage.label == label)
    if rule:
        query = query.where(LabelSetImage.rule == rule)
    rows = session().execute(query.order_by(LabelSetImage.image_id).limit(SHOWN + 1)).all()
    return ImagesPage(
        tuple(_frozen(row, name) for row, name in rows[:SHOWN]),
        rows[SHOWN - 1][0].image_id if len(rows) > SHOWN else None,
    )


def tags_of(detail: Mapping[str, Any]) -> tuple[str, ...]:
    """The tags that an image bears, by name, in order."""
    return tuple(sorted({tag["tag"] for region in detail["regions"] for tag in region["tags"]}))


def streamed(label_set_id: int, *columns: Any) -> Iterator[Any]:
    """Rows of these columns of a set's images and of `Image`, by image, a few thousand at once."""
    after = 0
    while True:
        rows = (
            session()
            .execute(
                select(LabelSetImage.image_id, *columns)
                .join(Image, Image.id == LabelSetImage.image_id)
                .where(LabelSetImage.label_set_id == label_set_id, LabelSetImage.image_id > after)
                .order_by(LabelSetImage.image_id)
                .limit(AT_ONCE)
            )
            .all()
        )
        if not rows:
            return
        after = rows[-1][0]
        yield from rows


def _view(found: LabelSet) -> LabelSetView:
    counts = found.counts
    return LabelSetView(
        id=found.id,
        number=found.number,
        name=found.name,
        description=found.description,
        by=found.created_by.name,
        at=found.created_at,
        event_id=found.event_id,
        images=counts["images"],
        labels=counts["labels"],
        rules=counts["rules"],
        # JSON of PostgreSQL keeps the order, but a takedown may have changed the counts.
        tags=dict(sorted(counts["tags"].items(), key=lambda each: (-each[1], each[0]))),
        regions=counts["regions"],
        notes=counts["notes"],
        removed=found.removed,
    )


def _frozen(row: LabelSetImage, name: str) -> FrozenImage:
    return FrozenImage(
        row.image_id,
        name,
        row.label,
        row.imported,
        row.decision,
        row.rule,
        row.decided_at,
        tags_of(json.loads(row.detail)),
    )
