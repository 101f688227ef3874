"""Tags on patterns and pixel groups, and the taxonomy that they make."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext, lazy_gettext
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from workbench.services import audit
from workbench.services.errors import ConflictError, InvalidError, NotFoundError
from workbench.services.models.versions import is_finished
from workbench.services.review.findings import UNSAID, Finding
from workbench.services.review.standing import put_unless_standing
from workbench.services.review.withdrawal import Words, withdraw_own
from workbench.store.database import now, session, transaction
from workbench.store.folding import folded, is_printable_line
from workbench.store.judgements import Tag, Tagging
from workbench.store.regions import DrawnRegion
from workbench.store.results import Pattern, PixelGroup
from workbench.store.tag_changes import TagChange

LONGEST_NAME = 60
LONGEST_DESCRIPTION = 2000
NAMES_OFFERED = 50
_WITHDRAWAL = Words(
    gone=lazy_gettext("This tag is already withdrawn."),
    not_own=lazy_gettext("Only its author can withdraw this tag."),
)


@dataclass(frozen=True)
class TaggingView:
    """A tag on something. `source` is `hand`, or `pattern` where it was inherited from one.

    pattern_id: the pattern that it was put on; None for regions.
    version: number of the version that it was put on, where that is another one than is shown.
    share: of a pattern, the share of its pixel groups that lie where the tag was put; of a pixel
        group, the share of its area. 1 where it was put on this very thing.
    revision: of its reason and severity.
    hue, state: of the tag; a hue of None is that of its name.
    """

    id: int
    tag: str
    by: str
    at: datetime
    source: str
    tag_id: int = 0
    pattern_id: int | None = None
    version: int | None = None
    share: float = 1.0
    reason: str = ""
    severity: str | None = None
    revision: int = 1
    hue: int | None = None
    state: str = "active"


@dataclass(frozen=True, kw_only=True)
class Tagged(TaggingView):
    """A tag as it stands after somebody put it on; `new` is False where it was there already."""

    new: bool


def tag_pattern(user_id: int, pattern_id: int, name: str) -> Tagged:
    """Put a tag on a pattern; a name that the taxonomy lacks is added to it."""
    return _tag(user_id, name, pattern_id=pattern_id)


def tag_group(user_id: int, group_id: int, name: str) -> Tagged:
    """Put a tag on the region of one pixel group, by hand."""
    return _tag(user_id, name, group_id=group_id)


def _tag(
    user_id: int, name: str, *, pattern_id: int | None = None, group_id: int | None = None
) -> Tagged:
    name = clean_name(name)
    with transaction() as write:
        group = None if group_id is None else write.get(PixelGroup, group_id)
        subject = group if pattern_id is None else write.get(Pattern, pattern_id)
        # A version that is still being made may be taken away again: nothing may hang on it.
        if subject is None or not is_finished(subject.version_id):
            raise NotFoundError(
                gettext("Nothing to tag: the pattern or pixel group no longer exists.")
            )
        audit.acting(write, user_id, version_id=subject.version_id)
        region_id = group.region_id if group else None
        return put_tag(write, user_id, name, pattern_id=pattern_id, region_id=region_id)


def put_tag(
    write: Session,
    user_id: int,
    name: str,
    finding: Finding = UNSAID,
    *,
    pattern_id: int | None = None,
    region_id: int | None = None,
) -> Tagged:
    """Put the tag of a clean name on a pattern or a region, within a transaction.

    One that stands there already keeps its reason and severity.
    """
    tag = tag_named(write, user_id, name)
    tagging, new = put_unless_standing(
        write,
        Tagging(
            tag_id=tag.id,
            pattern_id=pattern_id,
            region_id=region_id,
            user_id=user_id,
            reason=finding.reason,
            severity=finding.severity,
        ),
        select(Tagging).where(
            Tagging.tag_id == tag.id,
            _is(Tagging.pattern_id, pattern_id),
            _is(Tagging.region_id, region_id),
            Tagging.withdrawn_at.is_(None),
        ),
    )
    return Tagged(**vars(view_of(tagging)), new=new)


def _is(column: InstrumentedAttribute[int | None], value: int | None) -> ColumnElement[bool]:
    return column.is_(None) if value is None else column == value


def clean_name(name: str) -> str:
    """A tag's name as it is kept. Raises InvalidError for one that cannot be a name."""
    name = unicodedata.normalize("NFC", " ".join(name.split()))
    # Folding may lengthen a name ("ß" to "ss"), and leaves nothing of one that shows nothing.
    lengths = len(folded(name)), len(name)
    if not min(lengths) or max(lengths) > LONGEST_NAME or not is_printable_line(name):
        raise InvalidError(
            gettext(
                "A tag name must have 1 to %(longest)s printable characters.", longest=LONGEST_NAME
            )
        )
    return name


def tag_named(write: Session, user_id: int, name: str) -> Tag:
    """The tag that a clean name means, locked; proposed where there is none.

    The name of a tag that was merged means the one that it was merged into. Raises ConflictError
    for a deprecated tag.
    """
    standing = (
        select(Tag)
        .where(Tag.folded_name == folded(name), Tag.withdrawn_at.is_(None))
        # Locked, so that nobody withdraws it before it is put on; read again once it is.
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    )
    tag = write.scalar(standing)
    while tag is None and (into := _merged_into(write, name)) is not None:
        found = write.get(Tag, into.id, with_for_update={"read": True}, populate_existing=True)
        tag = found if found is not None and found.withdrawn_at is None else None
    if tag is None:
        tag, _new = put_unless_standing(
            write, Tag(name=name, created_by_id=user_id, state="proposed"), standing
        )
    if tag.state == "deprecated":
        raise ConflictError(_not_put_on(write, tag))
    return tag


def _merged_into(read: Session, name: str) -> Tag | None:
    """The standing tag that the newest tag of a name was merged into, if any."""
    merged = select(Tag).where(
        Tag.folded_name == folded(name),
        Tag.withdrawn_at.is_not(None),
        Tag.replaced_by_id.is_not(None),
    )
    found = read.scalar(merged.order_by(Tag.id.desc()).limit(1))
    return standing_instead(read, found) if found else None


def standing_instead(read: Session, tag: Tag) -> Tag | None:
    """The standing tag to use instead of one: that one may have been merged, too."""
    found: Tag | None = tag
    while found is not None and (found is tag or found.withdrawn_at is not None):
        if found.replaced_by_id is None:
            return None
        found = read.get(Tag, found.replaced_by_id, populate_existing=True)
    return found


def _not_put_on(write: Session, tag: Tag) -> str:
    instead = standing_instead(write, tag)
    if instead is None:
        return gettext("“%(tag)s” is deprecated: it is put on nothing any more.", tag=tag.name)
    return gettext(
        "“%(tag)s” is deprecated. Use “%(instead)s” instead.", tag=tag.name, instead=instead.name
    )


def withdraw(user_id: int, tagging_id: int) -> None:
    """Take back a tag that one has put on oneself.

    Where that act made the name, and nothing else bears it or says what it means, the name leaves
    the taxonomy with it.
    """
    with transaction() as write:
        withdraw_tagging(write, user_id, tagging_id)


def withdraw_tagging(write: Session, user_id: int, tagging_id: int) -> Tagging:
    """The same within a transaction."""
    of_tagging = select(Tagging.tag_id).where(Tagging.id == tagging_id).scalar_subquery()
    # Locked first: who puts the tag on something else at the same moment waits, or is seen.
    tag = write.scalar(select(Tag).where(Tag.id == of_tagging).with_for_update())
    tagging = withdraw_own(write, user_id, Tagging, tagging_id, _WITHDRAWAL)
    write.flush()  # what is flushed together is in no order in the audit log
    if tag is not None and _was_made_by(write, tag, user_id, tagging_id):
        tag.withdrawn_at = now()
    return tagging


def check_restorable(write: Session, tagging: Tagging) -> None:
    """Make sure that a withdrawn tagging can stand again; its name returns where it had left.

    Raises ConflictError where the same tag stands there by now, was merged or deprecated, or where
    its name stands for another tag.
    """
    tag = write.get_one(Tag, tagging.tag_id, with_for_update=True, populate_existing=True)
    if tag.state == "deprecated" or tag.replaced_by_id is not None:
        raise ConflictError(_not_put_on(write, tag))
    if tag.withdrawn_at is not None:
        named = select(Tag.id).where(Tag.folded_name == tag.folded_name, Tag.withdrawn_at.is_(None))
        if write.scalar(named) is not None:
            raise ConflictError(gettext("Tag “%(name)s” already exists.", name=tag.name))
        tag.withdrawn_at = None
    if tagging.pattern_id is None and tagging.region_id is None:
        return
    if tagging.region_id is not None and _is_withdrawn(write, tagging.region_id):
        raise ConflictError(
            gettext("The region of “%(tag)s” is withdrawn. Restore it first.", tag=tag.name)
        )
    standing = write.scalar(
        select(Tagging).where(
            Tagging.tag_id == tag.id,
            _is(Tagging.pattern_id, tagging.pattern_id),
            _is(Tagging.region_id, tagging.region_id),
            Tagging.withdrawn_at.is_(None),
        )
    )
    if standing is not None:
        raise ConflictError(
            gettext(
                "Already tagged “%(tag)s” by %(name)s since.",
                tag=tag.name,
                name=standing.user.name,
            )
        )


def _is_withdrawn(write: Session, region_id: int) -> bool:
    """Whether a region was drawn, no drawing of it stands, and no pixel group lies there."""
    drawn = select(DrawnRegion.id).where(DrawnRegion.region_id == region_id)
    found = select(PixelGroup.id).where(PixelGroup.region_id == region_id)
    return bool(
        write.scalar(
            select(
                drawn.exists()
                & ~drawn.where(DrawnRegion.withdrawn_at.is_(None)).exists()
                & ~found.exists()
            )
        )
    )


def _was_made_by(write: Session, tag: Tag, user_id: int, tagging_id: int) -> bool:
    """Whether a tag came into the taxonomy by this tagging, and nobody else has used it since."""
    used = select(Tagging.id).where(
        Tagging.tag_id == tag.id,
        or_(Tagging.id < tagging_id, Tagging.withdrawn_at.is_(None)),
        Tagging.id != tagging_id,
    )
    changed = select(TagChange.id).where(
        or_(TagChange.tag_id == tag.id, TagChange.other_id == tag.id)
    )
    below = select(Tag.id).where(Tag.parent_id == tag.id)
    return (
        tag.state == "proposed"
        and tag.created_by_id == user_id
        and not write.scalar(select(or_(*(each.exists() for each in (used, changed, below)))))
    )


def taggings_of_patterns(pattern_ids: Sequence[int]) -> dict[int, tuple[TaggingView, ...]]:
    """The standing tags of each pattern, the oldest first."""
    rows = session().scalars(
        select(Tagging)
        .options(joinedload(Tagging.tag), joinedload(Tagging.user))
        .where(Tagging.pattern_id.in_(pattern_ids), Tagging.withdrawn_at.is_(None))
        .order_by(Tagging.id)
    )
    grouped: dict[int, list[TaggingView]] = {}
    for tagging in rows:
        grouped.setdefault(tagging.pattern_id or 0, []).append(view_of(tagging))
    return {key: tuple(views) for key, views in grouped.items()}


def view_of(tagging: Tagging) -> TaggingView:
    """A tagging as it stands on the very thing that it was put on."""
    return TaggingView(
        id=tagging.id,
        tag=tagging.tag.name,
        tag_id=tagging.tag_id,
        by=tagging.user.name,
        at=tagging.created_at,
        source="pattern" if tagging.region_id is None else "hand",
        pattern_id=tagging.pattern_id,
        reason=tagging.reason,
        severity=tagging.severity,
        revision=tagging.revision,
        hue=tagging.tag.hue,
        state=tagging.tag.state,
    )


def tag_names(text: str = "", *, deprecated: bool = False) -> tuple[str, ...]:
    """Names to offer where a tag is typed: the first few of the taxonomy that hold a text.

    Deprecated ones are looked for, and put on nothing.
    """
    offered = named_with(text) if deprecated else named_with(text) & (Tag.state != "deprecated")
    return tuple(
        session().scalars(
            select(Tag.name).where(offered).order_by(Tag.folded_name).limit(NAMES_OFFERED)
        )
    )


def meant_by(name: str) -> list[int]:
    """The tag that a name is looked for by: the standing one, or that which it was merged into."""
    found = session().scalar(
        select(Tag).where(Tag.folded_name == folded(name), Tag.withdrawn_at.is_(None))
    ) or _merged_into(session(), name)
    return [found.id] if found else []


def named_with(text: str) -> ColumnElement[bool]:
    """The condition on `Tag` that it stands and its name holds a text, without case."""
    return Tag.withdrawn_at.is_(None) & Tag.folded_name.contains(folded(text), autoescape=True)
