"""What changed from one label set of a collection to another."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import aliased

from workbench.services.label_sets.blind import refuse_blind
from workbench.services.label_sets.reading import AT_ONCE, tags_of
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.label_sets import LabelSetImage

LISTED: Final = 60
"""Images that are named of each kind of change."""


@dataclass(frozen=True)
class ChangedImage:
    """An image that differs; of a tag, `before` or `after` is its name."""

    image_id: int
    name: str
    before: str | None
    after: str | None


@dataclass
class Change:
    """How many images changed in one way, and the first of them."""

    count: int = 0
    images: list[ChangedImage] = field(default_factory=list)

    def add(self, image: ChangedImage) -> None:
        """Count an image in."""
        self.count += 1
        if len(self.images) < LISTED:
            self.images.append(image)


@dataclass
class Comparison:
    """Images only in the later set, only in the earlier, with another label, with other tags."""

    added: Change = field(default_factory=Change)
    removed: Change = field(default_factory=Change)
    relabelled: Change = field(default_factory=Change)
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Relabelled images by label before and after; `none` and `exclude` stand for no label."""
    gained: Change = field(default_factory=Change)
    lost: Change = field(default_factory=Change)
    tags_gained: Counter[str] = field(default_factory=Counter)
    tags_lost: Counter[str] = field(default_factory=Counter)

    @property
    def same(self) -> bool:
        """Whether nothing changed."""
        return not any(
            each.count
            for each in (self.added, self.removed, self.relabelled, self.gained, self.lost)
        )


def compare(earlier_id: int, later_id: int) -> Comparison:
    """Compare two sets of one collection, image by image.

    Where the detail of an image is the very same, it is not looked into. Raises ForbiddenError
    where the reader has to judge some of them blind yet.
    """
    refuse_blind(earlier_id, later_id)
    found = Comparison()
    for image_id, name, before, after in _side_by_side(earlier_id, later_id):
        if before is None or after is None:
            there = after or before
            kind = found.removed if after is None else found.added
            label = _label(there or {})
            kind.add(
                ChangedImage(
                    image_id,
                    name,
                    None if before is None else label,
                    None if after is None else label,
                )
            )
            continue
        _compare_one(found, image_id, name, before, after)
    return found


def _compare_one(
    found: Comparison,
    image_id: int,
    name: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> None:
    was, now = _label(before), _label(after)
    if was != now:
        found.relabelled.add(ChangedImage(image_id, name, was, now))
        found.moves[was, now] += 1
    if before["detail"] is None:
        return
    had, has = (set(tags_of(json.loads(each["detail"]))) for each in (before, after))
    if has - had:
        found.gained.add(ChangedImage(image_id, name, None, ", ".join(sorted(has - had))))
        found.tags_gained.update(has - had)
    if had - has:
        found.lost.add(ChangedImage(image_id, name, ", ".join(sorted(had - has)), None))
        found.tags_lost.update(had - has)


def _label(row: Mapping[str, Any]) -> str:
    return row["label"] or ("exclude" if row["decision"] == "exclude" else "none")


def _side_by_side(
    earlier_id: int, later_id: int
) -> Iterator[tuple[int, str, dict[str, Any] | None, dict[str, Any] | None]]:
    """Each image that is in one of two sets, with its rows that differ; a few thousand at once.

    The detail is read only where it differs.
    """
    one, other = aliased(LabelSetImage), aliased(LabelSetImage)
    after = 0
    while True:
        ids = (
            select(LabelSetImage.image_id)
            .where(
                LabelSetImage.label_set_id.in_((earlier_id, later_id)),
                LabelSetImage.image_id > after,
            )
            .distinct()
            .order_by(LabelSetImage.image_id)
            .limit(AT_ONCE)
            .subquery()
        )
        last = session().scalar(select(ids.c.image_id).order_by(ids.c.image_id.desc()).limit(1))
        if last is None:
            return
        rows = session().execute(
            select(Image.id, Image.name, one, other)
            .join(ids, ids.c.image_id == Image.id)
            .outerjoin(one, (one.image_id == Image.id) & (one.label_set_id == earlier_id))
            .outerjoin(other, (other.image_id == Image.id) & (other.label_set_id == later_id))
            .where(
                one.image_id.is_(None)
                | other.image_id.is_(None)
                | one.label.is_distinct_from(other.label)
                | one.decision.is_distinct_from(other.decision)
                | (one.detail != other.detail)
            )
            .order_by(Image.id)
        )
        for image_id, name, before, later in rows:
            same = before is not None and later is not None and before.detail == later.detail
            yield image_id, name, _told(before, same=same), _told(later, same=same)
        session().expunge_all()
        after = last


def _told(row: LabelSetImage | None, *, same: bool) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "label": row.label,
        "decision": row.decision,
        "detail": None if same else row.detail,
    }
