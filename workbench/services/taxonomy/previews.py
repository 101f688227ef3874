"""What a change of the taxonomy would alter, shown before it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from flask_babel import gettext
from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.orm import aliased

from workbench.services.columns.store import column_store
from workbench.services.errors import InvalidError, NotFoundError
from workbench.services.review.tags import clean_name
from workbench.services.tagged.groups import TaggedGroups, tagged_groups
from workbench.services.taxonomy import operations
from workbench.services.taxonomy.basis import basis_of
from workbench.services.taxonomy.changes import found_by_id, standing
from workbench.services.taxonomy.examples import standing_of
from workbench.services.taxonomy.operations import KINDS, Part
from workbench.store.database import session
from workbench.store.folding import folded
from workbench.store.judgements import Tag, TagCheck, Tagging
from workbench.store.people import User
from workbench.store.tag_changes import TagExample

OPERATIONS = ("merge", "split", "move", "deprecate", "restore", "accept")
GIVING = ("merge", "split")
"""Those that put taggings on another tag."""


@dataclass(frozen=True)
class ShownVersion:
    """A version that is counted in: its collection, number and id."""

    collection: str
    number: int
    id: int


@dataclass(frozen=True)
class Bearing:
    """How many pixel groups and images bear the two tags under a version, now and afterwards."""

    version: ShownVersion
    tag: tuple[int, int]
    other: tuple[int, int]
    together: tuple[int, int]


@dataclass(frozen=True)
class Preview:
    """What would change. `seen` is the basis that the change is asked for with.

    taggings: how many go to the other tag, or stay on one that is deprecated; of these `by_hand`,
        `by_pattern` and `by_selection`, put on by `people`.
    doubled: those that are withdrawn because the other tag stands there already.
    checks: answers whether the tag fits, which go along.
    children: the tags right below it, by name.
    """

    kind: str
    tag_id: int
    tag: str
    other: str
    new: bool
    seen: str
    taggings: int
    by_hand: int
    by_pattern: int
    by_selection: int
    people: int
    doubled: int
    checks: int
    examples: int
    children: tuple[str, ...]
    parent: str
    bearing: tuple[Bearing, ...]


def preview(
    kind: str, tag_id: int, other: str, part: Part, versions: Sequence[ShownVersion]
) -> Preview:
    """What an operation would change, with the other tag by its name.

    Raises what the operation would be refused with.
    """
    read = session()
    found = _other(kind, other)
    tag = standing(read, found_by_id(read, [tag_id]), tag_id)
    _check(kind, tag, found, part)
    which = part.condition if kind == "split" else true()
    mine = and_(Tagging.tag_id == tag.id, Tagging.withdrawn_at.is_(None), which)
    children = read.scalars(
        select(Tag.name)
        .where(Tag.parent_id == tag.id, Tag.withdrawn_at.is_(None))
        .order_by(Tag.folded_name)
    )
    return Preview(
        kind=kind,
        tag_id=tag.id,
        tag=tag.name,
        other=found.name if found else clean_name(other) if other else "",
        new=found is None and kind == "split",
        seen=basis_of(read, _basis_tags(kind, tag, found), which),
        taggings=_count(Tagging, mine),
        by_hand=_count(Tagging, mine, KINDS["hand"]),
        by_pattern=_count(Tagging, mine, KINDS["pattern"]),
        by_selection=_count(Tagging, mine, KINDS["selection"]),
        people=read.scalar(select(func.count(Tagging.user_id.distinct())).where(mine)) or 0,
        doubled=_doubled(mine, found.id) if found and kind in GIVING else 0,
        checks=_count(
            TagCheck,
            TagCheck.tagging_id.in_(select(Tagging.id).where(mine)),
            TagCheck.withdrawn_at.is_(None),
        ),
        examples=_count(TagExample, standing_of(tag.id)),
        children=tuple(children),
        parent=tag.parent.name if tag.parent and tag.parent.withdrawn_at is None else "",
        bearing=tuple(_bearing(each, tag.id, found) for each in versions),
    )


def other_id(kind: str, name: str) -> int | None:
    """The id of the other tag of an operation, by its name. Raises NotFoundError."""
    found = _other(kind, name)
    return found.id if found else None


def people_of(tag_id: int) -> tuple[tuple[int, str], ...]:
    """Who has put a tag on something: id and name, by name."""
    rows = session().execute(
        select(User.id, User.name)
        .join(Tagging, Tagging.user_id == User.id)
        .where(Tagging.tag_id == tag_id, Tagging.withdrawn_at.is_(None))
        .distinct()
        .order_by(User.name)
    )
    return tuple(rows.tuples().all())


def _other(kind: str, name: str) -> Tag | None:
    if not name.strip():
        if kind in GIVING:
            raise InvalidError(gettext("Name the other tag."))
        return None
    name = clean_name(name)
    found = session().scalar(
        select(Tag).where(Tag.folded_name == folded(name), Tag.withdrawn_at.is_(None))
    )
    if found is None and kind != "split":
        raise NotFoundError(gettext("Tag “%(name)s” not found.", name=name))
    return found


def _check(kind: str, tag: Tag, other: Tag | None, part: Part) -> None:
    read = session()
    if kind == "merge" and other is not None:
        operations.check_merge(read, tag, other)
    elif kind == "split":
        operations.check_split(tag, other, part)
    elif kind == "move":
        operations.check_move(read, tag, other)
    elif kind == "deprecate":
        operations.check_deprecate(tag, other)
    else:
        operations.check_activate(tag, kind)


def _basis_tags(kind: str, tag: Tag, other: Tag | None) -> tuple[Tag | None, ...]:
    return (tag,) if kind in ("restore", "accept") else (tag, other)


def _count(table: type[Tagging | TagCheck | TagExample], *which: ColumnElement[bool]) -> int:
    return session().scalar(select(func.count()).select_from(table).where(*which)) or 0


def _doubled(mine: ColumnElement[bool], other_id: int) -> int:
    other = aliased(Tagging)
    same = or_(other.pattern_id == Tagging.pattern_id, other.region_id == Tagging.region_id)
    there = other.tag_id == other_id, other.withdrawn_at.is_(None)
    both = select(func.count()).select_from(Tagging).join(other, same).where(mine, *there)
    return session().scalar(both) or 0


def _bearing(version: ShownVersion, tag_id: int, other: Tag | None) -> Bearing:
    store = column_store(version.id)
    found = tagged_groups(store, [tag_id, *([other.id] if other else [])])
    nothing = TaggedGroups("", np.empty(0, np.int64), np.empty(0, np.int64))
    mine = found.get(tag_id, nothing)
    theirs = found.get(other.id, nothing) if other else nothing
    return Bearing(
        version,
        _sizes(mine),
        _sizes(theirs),
        (len(np.union1d(mine.groups, theirs.groups)), len(np.union1d(mine.rows, theirs.rows))),
    )


def _sizes(found: TaggedGroups) -> tuple[int, int]:
    return len(found.groups), len(found.rows)
