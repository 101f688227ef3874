"""Suggested tags that somebody has dismissed: they are not suggested there again."""

from __future__ import annotations

from collections import defaultdict

from flask_babel import gettext, lazy_gettext
from sqlalchemy import ColumnElement, select

from workbench.services.errors import NotFoundError
from workbench.services.models.versions import is_finished
from workbench.services.review.withdrawal import Words, withdraw_own
from workbench.store.database import session, transaction
from workbench.store.judgements import DismissedSuggestion, Tag
from workbench.store.results import Pattern, PixelGroup

WITHDRAWAL = Words(
    gone=lazy_gettext("This tag is already suggested again."),
    not_own=lazy_gettext("Only the person who dismissed this tag can restore it."),
)


def dismiss_for_pattern(user_id: int, pattern_id: int, tag_id: int) -> int:
    """Do not suggest a tag for a pattern any more; returns the dismissal's id."""
    return _dismiss(user_id, tag_id, pattern_id=pattern_id)


def dismiss_for_group(user_id: int, group_id: int, tag_id: int) -> int:
    """Do not suggest a tag on a pixel group's region any more, under no version."""
    return _dismiss(user_id, tag_id, group_id=group_id)


def _dismiss(
    user_id: int, tag_id: int, *, pattern_id: int | None = None, group_id: int | None = None
) -> int:
    with transaction() as write:
        tag = write.get(Tag, tag_id)
        group = None if group_id is None else write.get(PixelGroup, group_id)
        subject = group if pattern_id is None else write.get(Pattern, pattern_id)
        if tag is None or tag.withdrawn_at is not None:
            raise NotFoundError(gettext("Tag not found."))
        if subject is None or not is_finished(subject.version_id):
            raise NotFoundError(gettext("The pattern or pixel group no longer exists."))
        made = DismissedSuggestion(
            tag_id=tag_id,
            pattern_id=pattern_id,
            region_id=group.region_id if group else None,
            user_id=user_id,
        )
        write.add(made)
        write.flush()
        return made.id


def restore(user_id: int, dismissal_id: int) -> None:
    """Suggest a tag again that one has dismissed."""
    with transaction() as write:
        withdraw_own(write, user_id, DismissedSuggestion, dismissal_id, WITHDRAWAL)


def dismissed_for_patterns(where: ColumnElement[bool]) -> dict[int, set[int]]:
    """The tags that were dismissed for each of the patterns that a condition holds for."""
    return _dismissed(DismissedSuggestion.pattern_id.is_not(None), where)


def dismissed_on_regions(where: ColumnElement[bool]) -> dict[int, set[int]]:
    """The same by region."""
    return _dismissed(DismissedSuggestion.region_id.is_not(None), where)


def _dismissed(*where: ColumnElement[bool]) -> dict[int, set[int]]:
    found: defaultdict[int, set[int]] = defaultdict(set)
    for each in session().scalars(
        select(DismissedSuggestion).where(*where, DismissedSuggestion.withdrawn_at.is_(None))
    ):
        found[each.pattern_id or each.region_id or 0].add(each.tag_id)
    return dict(found)
