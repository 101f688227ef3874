"""What a preview was made from, in a line that its form carries: is it still so?"""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext
from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from workbench.services.errors import ConflictError
from workbench.store.judgements import Tag, Tagging


class PreviewChangedError(ConflictError):
    """What was previewed is no longer so."""


def basis_of(
    read: Session, tags: Sequence[Tag | None], part: ColumnElement[bool] | None = None
) -> str:
    """The tags with how often each was changed, and which taggings they have.

    Two sets of taggings have the same count and the same sum of ids only where one was exchanged
    for others, which changes a tag. `part` says which of the first tag's are meant.
    """
    parts = []
    for index, tag in enumerate(tags):
        if tag is None:
            parts.append("-")
            continue
        meant = part if part is not None and index == 0 else true()
        count, total = read.execute(
            select(func.count(), func.coalesce(func.sum(Tagging.id), 0)).where(
                Tagging.tag_id == tag.id, Tagging.withdrawn_at.is_(None), meant
            )
        ).one()
        parts.append(f"{tag.id}.{tag.revision}.{count}.{total}")
    return "~".join(parts)


def counted_in(basis: str) -> tuple[tuple[int, int] | None, ...]:
    """Of each tag in a basis, how often it was changed and how many taggings it has."""
    found: list[tuple[int, int] | None] = []
    for each in basis.split("~"):
        parts = each.split(".")
        if len(parts) == 4 and all(part.isdecimal() for part in parts):
            found.append((int(parts[1]), int(parts[2])))
        else:
            found.append(None)
    return tuple(found)


def refuse_changed(
    write: Session,
    seen: str,
    tags: Sequence[Tag | None],
    part: ColumnElement[bool] | None = None,
) -> None:
    """Raise PreviewChangedError where these tags are not as a preview showed them."""
    if basis_of(write, tags, part) != seen:
        raise PreviewChangedError(
            gettext(
                "Edit conflict: the tags were changed, or put on something, since you looked. "
                "Nothing was done. This is what it would change now."
            )
        )
