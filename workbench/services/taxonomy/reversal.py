"""A change of the taxonomy undone at any later time, as a change of its own.

What was changed again since stays as it is now; where nothing is left to undo, or a name was taken
meanwhile, it is refused.
"""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from workbench.services.errors import ConflictError, NotFoundError
from workbench.services.review.tags import standing_instead
from workbench.services.taxonomy import examples, taggings
from workbench.services.taxonomy.changes import (
    STANDING,
    Change,
    changing,
    locked,
    refuse_taken,
    set_field,
    state_of,
)
from workbench.services.taxonomy.tree import tree_in
from workbench.store.database import transaction
from workbench.store.judgements import Tag, Tagging
from workbench.store.tag_changes import TagChange, TagExample


def reverse(user_id: int, change_id: int) -> int:
    """Undo a change. Returns the id of the change that does."""
    with transaction() as write:
        wanted = write.get(TagChange, change_id, with_for_update=True, populate_existing=True)
        if wanted is None:
            raise NotFoundError(gettext("Change not found."))
        refuse_reversed(write, wanted)
        ids = [delta["id"] for delta in wanted.tags]
        tags = locked(write, [wanted.tag_id, wanted.other_id, *ids])
        other = tags[wanted.other_id] if wanted.other_id else None
        with changing(
            write, user_id, "reverse", tags[wanted.tag_id], other, reverses=wanted.id
        ) as change:
            for tag in tags.values():
                change.add(tag)
            taggings.move_back(change, wanted.id)
            examples.move_back(change, wanted)
            altered = _set_back(change, wanted)
            if not (altered or change.row.moved or change.row.examples):
                raise ConflictError(
                    gettext("All of this was changed again since. Reverse the later changes first.")
                )
            _mend_tree(write, change)
        return change.row.id


def refuse_reversed(write: Session, wanted: TagChange) -> None:
    """Raise ConflictError for a change that was reversed already."""
    if write.scalar(select(TagChange.id).where(TagChange.reverses_id == wanted.id)):
        raise ConflictError(gettext("This change was reversed already."))


def _set_back(change: Change, wanted: TagChange) -> bool:
    with change.write.no_autoflush:
        altered = [_set_back_tag(change, delta) for delta in wanted.tags]
        refuse_taken(change.write, change)
    change.write.flush()
    return any(altered)


def _set_back_tag(change: Change, delta: dict[str, Any]) -> bool:
    """Set those of a tag's fields that are as the change left them."""
    tag = change.tags[delta["id"]]
    now = state_of(tag)
    altered = False
    for name, before in delta["before"].items():
        if now[name] != delta["after"][name]:
            continue  # changed again since
        if name == STANDING and not before and _in_use(change.write, tag):
            continue  # what was put on it since stays there
        set_field(tag, name, before)
        altered = True
    return altered


def _in_use(write: Session, tag: Tag) -> bool:
    """Whether anything bears a tag, shows it or lies below it."""
    borne = select(Tagging.id).where(Tagging.tag_id == tag.id, Tagging.withdrawn_at.is_(None))
    shown = select(TagExample.id).where(examples.standing_of(tag.id))
    below = select(Tag.id).where(Tag.parent_id == tag.id, Tag.withdrawn_at.is_(None))
    return bool(write.scalar(select(or_(borne.exists(), shown.exists(), below.exists()))))


def _mend_tree(write: Session, change: Change) -> None:
    """Put tags whose parent was merged meanwhile below the other one; refuse a loop."""
    for tag in change.tags.values():
        if tag.withdrawn_at is not None or tag.parent_id is None:
            continue
        parent = write.get_one(Tag, tag.parent_id)
        if parent.withdrawn_at is not None:
            instead = standing_instead(write, parent)
            tag.parent_id = instead.id if instead else None
    write.flush()
    tree = tree_in(write)
    for tag in change.tags.values():
        if tag.withdrawn_at is None and tag.parent_id is not None:
            tree.refuse_below(tag, write.get_one(Tag, tag.parent_id))
