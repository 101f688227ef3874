"""Tags on patterns and pixel groups, and the taxonomy that they make."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from flask_babel import gettext, lazy_gettext
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Bundle, Session, joinedload

from workbench.services import audit
from workbench.services.errors import ConflictError, InvalidError, NotFoundError
from workbench.services.explore.columns import columns_of
from workbench.services.models.finished import is_finished
from workbench.services.review.withdrawal import Words, withdraw_own
from workbench.store.database import session, transaction
from workbench.store.judgements import Tag, Tagging
from workbench.store.results import Pattern, PixelGroup

LONGEST_NAME = 60
LONGEST_DESCRIPTION = 2000
_WITHDRAWAL = Words(
    action="tag.withdraw",
    subject="tagging",
    gone=lazy_gettext("This tag is gone already."),
    not_own=lazy_gettext("Somebody else has put this tag here; only they can take it back."),
)


@dataclass(frozen=True)
class TaggingView:
    """A tag on something. `source` is `hand`, or `pattern` where it was inherited from one."""

    id: int
    tag: str
    by: str
    at: datetime
    source: str


@dataclass(frozen=True)
class TagRow:
    """A tag with what bears it; `groups` and `images` count tags by hand and by pattern."""

    id: int
    name: str
    description: str
    patterns: int
    groups: int
    images: int
    created_by: str
    created_at: datetime


def tag_pattern(user_id: int, pattern_id: int, name: str) -> TaggingView:
    """Put a tag on a pattern; a name that the taxonomy lacks is added to it."""
    return _tag(user_id, name, pattern_id=pattern_id)


def tag_group(user_id: int, group_id: int, name: str) -> TaggingView:
    """Put a tag on one pixel group, by hand."""
    return _tag(user_id, name, group_id=group_id)


def _tag(
    user_id: int, name: str, *, pattern_id: int | None = None, group_id: int | None = None
) -> TaggingView:
    name = _clean(name)
    with transaction() as current:
        subject = (
            current.get(Pattern, pattern_id)
            if pattern_id is not None
            else current.get(PixelGroup, group_id)
        )
        # A version that is still being made may be taken away again: nothing may hang on it.
        if subject is None or not is_finished(subject.version_id):
            raise NotFoundError(gettext("There is nothing here to tag (any more)."))
        tag = _tag_named(current, user_id, name)
        made = current.scalar(
            select(Tagging).where(
                Tagging.tag_id == tag.id,
                Tagging.pattern_id == pattern_id,
                Tagging.pixel_group_id == group_id,
                Tagging.withdrawn_at.is_(None),
            )
        )
        if made is None:
            made = Tagging(
                tag_id=tag.id, pattern_id=pattern_id, pixel_group_id=group_id, user_id=user_id
            )
            current.add(made)
            current.flush()
            audit.record(current, user_id, "tag.add", f"tagging:{made.id}", tag=tag.name)
        return _view(made)


def _clean(name: str) -> str:
    name = " ".join(name.split())
    # Folding may lengthen a name ("ß" to "ss"), and the folded one has to fit too.
    if not name or len(name.casefold()) > LONGEST_NAME or not name.isprintable():
        raise InvalidError(
            gettext("A tag's name has 1 to %(longest)s printable characters.", longest=LONGEST_NAME)
        )
    return name


def _tag_named(current: Session, user_id: int, name: str) -> Tag:
    named = select(Tag).where(Tag.folded_name == name.casefold())
    known = current.scalar(named)
    if known is not None:
        return known
    tag = Tag(name=name, folded_name=name.casefold(), created_by_id=user_id)
    try:
        with current.begin_nested():
            current.add(tag)
    except IntegrityError:  # somebody else gave this name at the same moment
        return current.scalars(named).one()
    audit.record(current, user_id, "tag.create", f"tag:{tag.id}", tag=name)
    return tag


def withdraw(user_id: int, tagging_id: int) -> None:
    """Take back a tag that one has put on oneself."""
    with transaction() as current:
        withdraw_own(current, user_id, Tagging, tagging_id, _WITHDRAWAL)


def taggings_of_patterns(pattern_ids: Sequence[int]) -> dict[int, tuple[TaggingView, ...]]:
    """The standing tags of each pattern, the oldest first."""
    return _grouped(
        session().scalars(
            select(Tagging)
            .options(joinedload(Tagging.tag), joinedload(Tagging.user))
            .where(Tagging.pattern_id.in_(pattern_ids), Tagging.withdrawn_at.is_(None))
            .order_by(Tagging.id)
        ),
        by_pattern=True,
    )


def taggings_of_groups(group_ids: Sequence[int]) -> dict[int, tuple[TaggingView, ...]]:
    """The standing tags put on each pixel group by hand, the oldest first."""
    return _grouped(
        session().scalars(
            select(Tagging)
            .options(joinedload(Tagging.tag), joinedload(Tagging.user))
            .where(Tagging.pixel_group_id.in_(group_ids), Tagging.withdrawn_at.is_(None))
            .order_by(Tagging.id)
        ),
        by_pattern=False,
    )


def _grouped(taggings: object, *, by_pattern: bool) -> dict[int, tuple[TaggingView, ...]]:
    grouped: dict[int, list[TaggingView]] = {}
    for tagging in taggings:  # type: ignore[attr-defined]
        key = tagging.pattern_id if by_pattern else tagging.pixel_group_id
        grouped.setdefault(key, []).append(_view(tagging))
    return {key: tuple(views) for key, views in grouped.items()}


def _view(tagging: Tagging) -> TaggingView:
    return TaggingView(
        id=tagging.id,
        tag=tagging.tag.name,
        by=tagging.user.name,
        at=tagging.created_at,
        source="hand" if tagging.pixel_group_id is not None else "pattern",
    )


def tag_names() -> tuple[str, ...]:
    """All names of the taxonomy, by name."""
    return tuple(session().scalars(select(Tag.name).order_by(Tag.folded_name)))


_ON_PATTERN: Bundle[Any] = Bundle("pattern", Pattern.version_id, Pattern.id, Pattern.groups)
_ON_GROUP: Bundle[Any] = Bundle("group", PixelGroup.image_id, PixelGroup.id, PixelGroup.pattern_id)


def taxonomy() -> tuple[TagRow, ...]:
    """All tags by name. Two queries, however many there are."""
    on_patterns: defaultdict[int, set[tuple[int, int, int]]] = defaultdict(set)
    on_groups: defaultdict[int, set[tuple[int, int, int | None]]] = defaultdict(set)
    for tag_id, pattern, group in session().execute(
        select(Tagging.tag_id, _ON_PATTERN, _ON_GROUP)
        .outerjoin(Pattern, Pattern.id == Tagging.pattern_id)
        .outerjoin(PixelGroup, PixelGroup.id == Tagging.pixel_group_id)
        .where(Tagging.withdrawn_at.is_(None))
    ):
        if pattern.id is not None:
            on_patterns[tag_id].add(tuple(pattern))
        else:
            on_groups[tag_id].add(tuple(group))
    tags = session().scalars(
        select(Tag).options(joinedload(Tag.created_by)).order_by(Tag.folded_name)
    )
    return tuple(_row(tag, on_patterns[tag.id], on_groups[tag.id]) for tag in tags.all())


def _row(
    tag: Tag, patterns: set[tuple[int, int, int]], groups: set[tuple[int, int, int | None]]
) -> TagRow:
    """`patterns` are (version, id, number of groups), `groups` (image, id, pattern)."""
    tagged = {pattern_id for _version, pattern_id, _groups in patterns}
    by_hand = [pattern_id for _image, _id, pattern_id in groups if pattern_id not in tagged]
    # A version's columns know at once which images have a pattern; the database would have to go
    # through all its groups.
    parts = [np.array([image_id for image_id, _id, _pattern in groups], np.int64)]
    for version_id, pattern_id, _groups in patterns:
        columns = columns_of(version_id)
        members = columns.members(columns.pattern_index(pattern_id))
        parts.append(columns.image_ids[columns.member_rows[members]])
    return TagRow(
        id=tag.id,
        name=tag.name,
        description=tag.description,
        patterns=len(patterns),
        groups=sum(each for _version, _id, each in patterns) + len(by_hand),
        images=len(np.unique(np.concatenate(parts))),
        created_by=tag.created_by.name,
        created_at=tag.created_at,
    )


def describe_tag(user_id: int, tag_id: int, name: str, description: str) -> TagRow:
    """Rename or describe a tag; what bears it keeps it. Raises ConflictError for a taken name."""
    name = _clean(name)
    if len(description) > LONGEST_DESCRIPTION:
        raise InvalidError(f"A description has at most {LONGEST_DESCRIPTION} characters.")
    with transaction() as current:
        tag = current.get(Tag, tag_id)
        if tag is None:
            raise NotFoundError(gettext("There is no such tag."))
        before = {"name": tag.name, "description": tag.description}
        tag.name, tag.folded_name, tag.description = name, name.casefold(), description.strip()
        try:
            current.flush()
        except IntegrityError as error:
            raise ConflictError(
                gettext("There is a tag called %(name)s already.", name=name)
            ) from error
        audit.record(current, user_id, "tag.describe", f"tag:{tag_id}", before=before)
    return next(row for row in taxonomy() if row.id == tag_id)
