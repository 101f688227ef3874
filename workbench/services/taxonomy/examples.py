"""Regions that show what a tag means, and regions that show what it does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask_babel import gettext, lazy_gettext
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from workbench.services import visibility
from workbench.services.errors import ConflictError, NotFoundError
from workbench.services.models.versions import is_finished
from workbench.services.review.withdrawal import Words, withdraw_own
from workbench.services.taxonomy.changes import Change
from workbench.store.database import session, transaction
from workbench.store.images import Image
from workbench.store.judgements import Tag
from workbench.store.regions import Region
from workbench.store.results import PixelGroup
from workbench.store.tag_changes import TagChange, TagExample

MOST: Final = 24
"""So many examples a tag has at most: they are looked at beside each other."""


_WITHDRAWAL = Words(
    gone=lazy_gettext("This example is already withdrawn."),
    not_own=lazy_gettext("Only its author can withdraw this example."),
)


@dataclass(frozen=True)
class Example:
    """A region that shows what a tag means; `group_id` is a pixel group that is on it."""

    id: int
    group_id: int
    image_id: int
    positive: bool
    by: str


def examples_of(tag_id: int) -> tuple[Example, ...]:
    """A tag's examples, the oldest first. One query.

    Those are left out whose region no version has a pixel group on.
    """
    group = (
        select(func.max(PixelGroup.id))
        .where(PixelGroup.region_id == TagExample.region_id)
        .scalar_subquery()
    )
    rows = session().execute(
        select(TagExample, group, Region.image_id)
        .join(Region, Region.id == TagExample.region_id)
        .options(joinedload(TagExample.user))
        .join(Image, Image.id == Region.image_id)
        .where(standing_of(tag_id), visibility.visible(Image.collection_id))
        .order_by(TagExample.id)
    )
    return tuple(
        Example(each.id, group_id, image_id, each.positive, each.user.name)
        for each, group_id, image_id in rows
        if group_id is not None
    )


def add(user_id: int, tag_id: int, group_id: int, *, positive: bool) -> int:
    """Have the region of a pixel group show what a tag means, or what it does not; its id.

    Raises NotFoundError, and ConflictError where it is an example already, or there are enough.
    """
    with transaction() as write:
        tag = write.get(Tag, tag_id, with_for_update=True, populate_existing=True)
        if tag is None or tag.withdrawn_at is not None:
            raise NotFoundError(gettext("Tag not found."))
        group = write.get(PixelGroup, group_id)
        if group is None or not is_finished(group.version_id) or not _is_seen(write, group):
            raise NotFoundError(gettext("Pixel group not found."))
        standing = write.scalars(select(TagExample).where(standing_of(tag_id))).all()
        if any(each.region_id == group.region_id for each in standing):
            raise ConflictError(gettext("It is an example of “%(tag)s” already.", tag=tag.name))
        if len(standing) >= MOST:
            raise ConflictError(
                gettext("“%(tag)s” has %(most)s examples. Withdraw one.", tag=tag.name, most=MOST)
            )
        made = TagExample(
            tag_id=tag_id, region_id=group.region_id, user_id=user_id, positive=positive
        )
        write.add(made)
        write.flush()
        return made.id


def withdraw(user_id: int, example_id: int) -> None:
    """Take an example of one's own off a tag."""
    with transaction() as write:
        withdraw_own(write, user_id, TagExample, example_id, _WITHDRAWAL)


def _is_seen(write: Session, group: PixelGroup) -> bool:
    return visibility.sees(write.get_one(Image, group.image_id).collection_id)


def standing_of(tag_id: int) -> ColumnElement[bool]:
    """The condition that an example is one of this tag's, and not withdrawn."""
    return (TagExample.tag_id == tag_id) & TagExample.withdrawn_at.is_(None)


def move(change: Change, from_id: int, to_id: int) -> None:
    """Put a tag's examples on another tag; those that it has already are withdrawn."""
    there = set(change.write.scalars(select(TagExample.region_id).where(standing_of(to_id))))
    for example in change.write.scalars(select(TagExample).where(standing_of(from_id))).all():
        _alter(change, example, to_id, "withdrawn" if example.region_id in there else "moved")


def move_back(change: Change, reversed_: TagChange) -> None:
    """Undo what a change did to examples, as far as they are where it put them."""
    for listed in reversed_.examples:
        example = change.write.get(TagExample, listed["id"], populate_existing=True)
        if example is None:
            continue  # its image was taken down
        taken = change.write.scalar(
            select(TagExample.id).where(
                standing_of(listed["from"]),
                TagExample.region_id == example.region_id,
                TagExample.id != example.id,
            )
        )
        stands = example.withdrawn_at is None
        if listed["effect"] == "withdrawn" and not stands and not taken:
            _alter(change, example, listed["from"], "restored")
        elif listed["effect"] == "restored" and stands:
            _alter(change, example, listed["from"], "withdrawn")
        elif listed["effect"] == "moved" and stands and example.tag_id == listed["to"]:
            _alter(change, example, listed["from"], "withdrawn" if taken else "moved")


def _alter(change: Change, example: TagExample, to_id: int, effect: str) -> None:
    listed = {"id": example.id, "from": example.tag_id, "to": to_id, "effect": effect}
    change.row.examples = [*change.row.examples, listed]
    if effect == "withdrawn":
        example.withdrawn_at = change.row.at
    elif effect == "restored":
        example.withdrawn_at = None
    else:
        example.tag_id = to_id
    change.write.flush()
