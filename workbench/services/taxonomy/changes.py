"""One change of the taxonomy: the tags locked, what was before and after recorded, all or nothing.

A change can be reversed because it says what it did: fields of tags (`TagChange.tags`), taggings
(`TagChangeItem`) and examples (`TagChange.examples`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from flask_babel import gettext
from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.services import audit
from workbench.services.errors import ConflictError, NotFoundError
from workbench.store.database import now
from workbench.store.folding import folded
from workbench.store.judgements import Tag
from workbench.store.tag_changes import TagChange

State = dict[str, Any]
"""A tag's fields by name."""
_COLUMNS: Final = (
    "name",
    "description",
    "source",
    "parent_id",
    "hue",
    "hotkey",
    "state",
    "replaced_by_id",
)
ACTIONS: Final = {"edit": "tag.describe"}
"""Audit events of changes that are not called as the change is, after `taxonomy.`."""
STANDING: Final = "standing"
"""Beside the columns: whether the tag is in the taxonomy."""


@dataclass
class Change:
    """A change that is being made. `add` tags to it before they are altered."""

    write: Session
    row: TagChange
    before: dict[int, State] = field(default_factory=dict)
    tags: dict[int, Tag] = field(default_factory=dict)

    def add(self, *tags: Tag) -> None:
        """Have what is altered of these tags recorded."""
        for tag in tags:
            self.tags[tag.id] = tag
            self.before.setdefault(tag.id, state_of(tag))

    def add_new(self, tag: Tag) -> None:
        """The same of a tag that this change has put into the taxonomy."""
        self.tags[tag.id] = tag
        self.before[tag.id] = state_of(tag) | {STANDING: False}


@contextmanager
def changing(
    write: Session,
    user_id: int,
    kind: str,
    tag: Tag,
    other: Tag | None = None,
    *,
    reverses: int | None = None,
) -> Iterator[Change]:
    """Record what the block does to the tags of a change, within a transaction.

    Raises ConflictError for a name or hotkey that another tag has.
    """
    audit.acting(write, user_id)
    row = TagChange(
        kind=kind,
        tag_id=tag.id,
        other_id=other.id if other else None,
        user_id=user_id,
        reverses_id=reverses,
        at=now(),
        tags=[],
        examples=[],
    )
    write.add(row)
    change = Change(write, row)
    change.add(tag, *([other] if other else []))
    try:
        write.flush()
        yield change
        refuse_taken(write, change)
        write.flush()
    except IntegrityError as error:
        raise ConflictError(gettext("This was changed at the same moment. Try again.")) from error
    row.tags = [
        {"id": tag_id, "before": before, "after": after}
        for tag_id, each in change.tags.items()
        for before, after in [_difference(change.before[tag_id], state_of(each))]
        if after
    ]
    for delta in row.tags:
        change.tags[delta["id"]].revision += 1
    write.flush()
    _audit(write, row, tag)


def refuse_taken(write: Session, change: Change) -> None:
    """Raise ConflictError for a name or hotkey that another tag of the taxonomy has."""
    for tag in change.tags.values():
        tag.folded_name = folded(tag.name)
        if tag.withdrawn_at is not None:
            continue
        others = select(Tag).where(Tag.withdrawn_at.is_(None), Tag.id.not_in(change.tags))
        with write.no_autoflush:
            namesake = write.scalar(others.where(Tag.folded_name == tag.folded_name))
            holder = tag.hotkey and write.scalar(others.where(Tag.hotkey == tag.hotkey))
        if namesake is not None:
            raise ConflictError(gettext("Tag “%(name)s” already exists.", name=namesake.name))
        if holder:
            raise ConflictError(
                gettext("“%(tag)s” has the hotkey %(key)s.", tag=holder.name, key=holder.hotkey)
            )


def _audit(write: Session, row: TagChange, tag: Tag) -> None:
    """One event for the change; those of other tags are recorded where they are saved."""
    own = next((each for each in row.tags if each["id"] == tag.id), None)
    told: dict[str, Any] = {
        "other": row.other_id,
        "reverses": row.reverses_id,
        "taggings": row.moved,
    }
    audit.record(
        write,
        row.user_id,
        ACTIONS.get(row.kind, f"taxonomy.{row.kind}"),
        f"tag:{tag.id}",
        before=own["before"] if own else None,
        after=own["after"] if own else None,
        change=row.id,
        **{name: value for name, value in told.items() if value},
    )


def _difference(before: State, after: State) -> tuple[State, State]:
    changed = [name for name in after if before[name] != after[name]]
    return {name: before[name] for name in changed}, {name: after[name] for name in changed}


def state_of(tag: Tag) -> State:
    """A tag's fields, and whether it stands."""
    return {name: getattr(tag, name) for name in _COLUMNS} | {STANDING: tag.withdrawn_at is None}


def set_field(tag: Tag, name: str, value: Any) -> None:
    """Set one of the fields of `state_of`."""
    if name == STANDING:
        tag.withdrawn_at = None if value else now()
    else:
        setattr(tag, name, value)


def found_by_id(read: Session, ids: Sequence[int | None]) -> dict[int, Tag]:
    """These tags, by id."""
    return {tag.id: tag for tag in read.scalars(_of(ids))}


def locked(write: Session, ids: Sequence[int | None]) -> dict[int, Tag]:
    """The same, locked in the order of their ids and read anew."""
    statement = _of(ids).with_for_update().execution_options(populate_existing=True)
    return {tag.id: tag for tag in write.scalars(statement)}


def _of(ids: Sequence[int | None]) -> Select[tuple[Tag]]:
    wanted = {each for each in ids if each is not None}
    return select(Tag).where(Tag.id.in_(wanted)).order_by(Tag.id)


def standing(write: Session, tags: dict[int, Tag], tag_id: int) -> Tag:
    """One of these tags. Raises NotFoundError, and ConflictError for one that was merged."""
    tag = tags.get(tag_id)
    if tag is None or (tag.withdrawn_at is not None and tag.replaced_by_id is None):
        raise NotFoundError(gettext("Tag not found."))
    if tag.withdrawn_at is not None:
        raise ConflictError(_merged(write, tag))
    return tag


def _merged(write: Session, tag: Tag) -> str:
    """Who merged a tag, when, and into which."""
    merge = write.scalar(
        select(TagChange)
        .where(TagChange.tag_id == tag.id, TagChange.other_id == tag.replaced_by_id)
        .order_by(TagChange.id.desc())
        .limit(1)
    )
    if merge is None or merge.other is None:
        return str(gettext("“%(tag)s” is no longer in the taxonomy.", tag=tag.name))
    return str(
        gettext(
            "“%(tag)s” was merged into “%(other)s” by %(by)s at %(moment)s.",
            tag=tag.name,
            other=merge.other.name,
            by=merge.user.name,
            moment=f"{merge.at:%Y-%m-%d %H:%M} UTC",
        )
    )
