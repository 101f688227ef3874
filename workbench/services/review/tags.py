"""Tags on patterns and pixel groups, and the taxonomy that they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext, lazy_gettext
from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from workbench.services import audit
from workbench.services.errors import ConflictError, InvalidError, NotFoundError
from workbench.services.models.versions import is_finished
from workbench.services.review.standing import put_unless_standing
from workbench.services.review.withdrawal import Words, withdraw_own
from workbench.store.database import session, transaction
from workbench.store.judgements import Tag, Tagging
from workbench.store.results import Pattern, PixelGroup

LONGEST_NAME = 60
LONGEST_DESCRIPTION = 2000
NAMES_OFFERED = 50
_WITHDRAWAL = Words(
    action="tag.withdraw",
    subject="tagging",
    gone=lazy_gettext("This tag is already withdrawn."),
    not_own=lazy_gettext("Only its author can withdraw this tag."),
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
class Tagged(TaggingView):
    """A tag as it stands after somebody put it on; `new` is False where it was there already."""

    new: bool


def tag_pattern(user_id: int, pattern_id: int, name: str) -> Tagged:
    """Put a tag on a pattern; a name that the taxonomy lacks is added to it."""
    return _tag(user_id, name, pattern_id=pattern_id)


def tag_group(user_id: int, group_id: int, name: str) -> Tagged:
    """Put a tag on one pixel group, by hand."""
    return _tag(user_id, name, group_id=group_id)


def _tag(
    user_id: int, name: str, *, pattern_id: int | None = None, group_id: int | None = None
) -> Tagged:
    name = _clean(name)
    with transaction() as write:
        subject = (
            write.get(Pattern, pattern_id)
            if pattern_id is not None
            else write.get(PixelGroup, group_id)
        )
        # A version that is still being made may be taken away again: nothing may hang on it.
        if subject is None or not is_finished(subject.version_id):
            raise NotFoundError(
                gettext("Nothing to tag: the pattern or pixel group no longer exists.")
            )
        tag = _tag_named(write, user_id, name)
        tagging, new = put_unless_standing(
            write,
            Tagging(tag_id=tag.id, pattern_id=pattern_id, pixel_group_id=group_id, user_id=user_id),
            select(Tagging).where(
                Tagging.tag_id == tag.id,
                Tagging.pattern_id == pattern_id,
                Tagging.pixel_group_id == group_id,
                Tagging.withdrawn_at.is_(None),
            ),
        )
        if new:
            audit.record(write, user_id, "tag.add", f"tagging:{tagging.id}", tag=tag.name)
        return Tagged(**vars(_view(tagging)), new=new)


def _clean(name: str) -> str:
    name = " ".join(name.split())
    # Folding may lengthen a name ("ß" to "ss"), and the folded one has to fit too.
    if not name or len(name.casefold()) > LONGEST_NAME or not name.isprintable():
        raise InvalidError(
            gettext(
                "A tag name must have 1 to %(longest)s printable characters.", longest=LONGEST_NAME
            )
        )
    return name


def _tag_named(write: Session, user_id: int, name: str) -> Tag:
    tag, new = put_unless_standing(
        write,
        Tag(name=name, folded_name=name.casefold(), created_by_id=user_id),
        select(Tag).where(Tag.folded_name == name.casefold()),
    )
    if new:
        audit.record(write, user_id, "tag.create", f"tag:{tag.id}", tag=name)
    return tag


def withdraw(user_id: int, tagging_id: int) -> None:
    """Take back a tag that one has put on oneself."""
    with transaction() as write:
        withdraw_own(write, user_id, Tagging, tagging_id, _WITHDRAWAL)


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


def tag_names(text: str = "") -> tuple[str, ...]:
    """Names to offer where a tag is typed: the first few of the taxonomy that hold a text."""
    return tuple(
        session().scalars(
            select(Tag.name).where(named_with(text)).order_by(Tag.folded_name).limit(NAMES_OFFERED)
        )
    )


def named_with(text: str) -> ColumnElement[bool]:
    """The condition on `Tag` that its name holds a text, without case."""
    wanted = " ".join(text.casefold().split())
    return Tag.folded_name.contains(wanted, autoescape=True)


def describe_tag(user_id: int, tag_id: int, name: str, description: str) -> str:
    """Rename or describe a tag; what bears it keeps it. Returns the name as it was saved.

    Raises ConflictError for a taken name.
    """
    name = _clean(name)
    if len(description) > LONGEST_DESCRIPTION:
        raise InvalidError(f"A description has at most {LONGEST_DESCRIPTION} characters.")
    with transaction() as write:
        tag = write.get(Tag, tag_id)
        if tag is None:
            raise NotFoundError(gettext("Tag not found."))
        before = {"name": tag.name, "description": tag.description}
        tag.name, tag.folded_name, tag.description = name, name.casefold(), description.strip()
        try:
            write.flush()
        except IntegrityError as error:
            raise ConflictError(gettext("Tag “%(name)s” already exists.", name=name)) from error
        audit.record(write, user_id, "tag.describe", f"tag:{tag_id}", before=before)
    return name
