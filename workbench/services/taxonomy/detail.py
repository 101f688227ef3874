"""One tag: what it means, where it stands in the tree, and what was done to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext
from sqlalchemy import or_, select
from sqlalchemy.orm import aliased, joinedload

from workbench.services.errors import NotFoundError
from workbench.services.taxonomy.tree import DEEPEST
from workbench.store.database import session
from workbench.store.judgements import Tag
from workbench.store.tag_changes import TagChange

CHANGES_SHOWN = 50


@dataclass(frozen=True)
class TagName:
    """A tag as a link shows it."""

    id: int
    name: str
    hue: int | None
    state: str


@dataclass(frozen=True)
class ChangeView:
    """A change of the taxonomy. `after` and `before` are the fields of the tag that it changed."""

    id: int
    kind: str
    tag: TagName
    other: TagName | None
    by: str
    at: datetime
    before: dict[str, Any]
    after: dict[str, Any]
    moved: int
    reverses: str | None
    """The kind of change that it reverses."""
    reversed: bool


@dataclass(frozen=True)
class TagDetail:
    """A tag. One that is not `standing` was merged into `instead`, or is out of the taxonomy."""

    id: int
    name: str
    description: str
    source: str
    hue: int | None
    hotkey: str | None
    state: str
    standing: bool
    revision: int
    created_by: str
    created_at: datetime
    path: tuple[TagName, ...]
    """The tags above it, the topmost first."""
    children: tuple[TagName, ...]
    instead: TagName | None
    changes: tuple[ChangeView, ...]
    """The newest first."""


def tag_detail(tag_id: int) -> TagDetail:
    """A tag of the taxonomy, or one that has left it. Raises NotFoundError."""
    tag = session().get(
        Tag, tag_id, options=[joinedload(Tag.created_by), joinedload(Tag.replaced_by)]
    )
    if tag is None:
        raise NotFoundError(gettext("Tag not found."))
    children = session().scalars(
        select(Tag)
        .where(Tag.parent_id == tag.id, Tag.withdrawn_at.is_(None))
        .order_by(Tag.folded_name)
    )
    return TagDetail(
        id=tag.id,
        name=tag.name,
        description=tag.description,
        source=tag.source,
        hue=tag.hue,
        hotkey=tag.hotkey,
        state=tag.state,
        standing=tag.withdrawn_at is None,
        revision=tag.revision,
        created_by=tag.created_by.name,
        created_at=tag.created_at,
        path=_path(tag),
        children=tuple(name_of(each) for each in children),
        instead=name_of(tag.replaced_by) if tag.replaced_by else None,
        changes=_changes(tag.id),
    )


def name_of(tag: Tag) -> TagName:
    """A tag as a link shows it."""
    return TagName(tag.id, tag.name, tag.hue, tag.state)


def _path(tag: Tag) -> tuple[TagName, ...]:
    """A query a level, of which there are few."""
    above: list[TagName] = []
    parent_id = tag.parent_id
    while parent_id is not None and len(above) < DEEPEST:
        parent = session().get_one(Tag, parent_id)
        if parent.withdrawn_at is not None:
            break
        above.insert(0, name_of(parent))
        parent_id = parent.parent_id
    return tuple(above)


def _changes(tag_id: int) -> tuple[ChangeView, ...]:
    undoing, undone = aliased(TagChange), aliased(TagChange)
    rows = session().execute(
        select(TagChange, undoing.id, undone.kind)
        .outerjoin(undoing, undoing.reverses_id == TagChange.id)
        .outerjoin(undone, undone.id == TagChange.reverses_id)
        .options(joinedload(TagChange.tag), joinedload(TagChange.other), joinedload(TagChange.user))
        .where(or_(TagChange.tag_id == tag_id, TagChange.other_id == tag_id))
        .order_by(TagChange.id.desc())
        .limit(CHANGES_SHOWN)
    )
    return tuple(
        _change(change, reversed_by is not None, undone_kind)
        for change, reversed_by, undone_kind in rows.tuples()
    )


def _change(change: TagChange, was_reversed: bool, reverses: str | None) -> ChangeView:
    own = next((each for each in change.tags if each["id"] == change.tag_id), None)
    return ChangeView(
        id=change.id,
        kind=change.kind,
        tag=name_of(change.tag),
        other=name_of(change.other) if change.other else None,
        by=change.user.name,
        at=change.at,
        before=own["before"] if own else {},
        after=own["after"] if own else {},
        moved=change.moved,
        reverses=reverses,
        reversed=was_reversed,
    )
