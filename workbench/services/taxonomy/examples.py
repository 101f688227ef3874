"""Regions that show what a tag means, and regions that show what it does not."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from workbench.services.taxonomy.changes import Change
from workbench.store.tag_changes import TagChange, TagExample


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
