"""Taggings that go from one tag to another, and back: a few statements for any number."""

from __future__ import annotations

from sqlalchemy import (
    ColumnElement,
    String,
    case,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from workbench.services.taxonomy.changes import Change
from workbench.store.judgements import Tag, Tagging
from workbench.store.tag_changes import TagChangeItem

_UNSYNCHRONISED = {"synchronize_session": False}
_ITEM = ("change_id", "tagging_id", "from_id", "to_id", "effect")
_Target = int | InstrumentedAttribute[int]


def move(change: Change, from_id: int, to_id: int, which: ColumnElement[bool]) -> None:
    """Put the standing taggings of one tag that meet a condition on another tag.

    One whose thing the other tag stands on already is withdrawn instead.
    """
    _record(change, to_id, Tagging.tag_id == from_id, which, Tagging.withdrawn_at.is_(None))
    _carry_out(change)


def move_back(change: Change, reversed_id: int) -> None:
    """Undo to taggings what a change did to them, as far as they are where it put them.

    What was withdrawn since stays so; what was put on another tag since stays there.
    """
    write, item = change.write, TagChangeItem
    of_it = item.change_id == reversed_id, item.tagging_id == Tagging.id
    withdrawn = (
        select(literal(change.row.id), Tagging.id, item.to_id, item.from_id, literal("restored"))
        .select_from(item)
        .join(Tagging, Tagging.id == item.tagging_id)
        .where(
            item.change_id == reversed_id,
            item.effect == "withdrawn",
            Tagging.tag_id == item.from_id,
            Tagging.withdrawn_at.is_not(None),
            ~_doubled(item.from_id),
        )
    )
    write.execute(insert(item).from_select(_ITEM, withdrawn))
    restored = exists().where(*of_it, item.effect == "restored")
    _record(change, None, restored, Tagging.withdrawn_at.is_(None), effect="withdrawn")
    for from_id, to_id in write.execute(
        select(item.from_id, item.to_id)
        .where(item.change_id == reversed_id, item.effect == "moved")
        .distinct()
    ).all():
        moved = exists().where(*of_it, item.effect == "moved", item.from_id == from_id)
        there = Tagging.tag_id.in_(_merged_on(write, to_id))
        _record(change, from_id, moved, there, Tagging.withdrawn_at.is_(None))
    _carry_out(change)


def _merged_on(write: Session, tag_id: int) -> list[int]:
    """A tag, and those that it was merged into since."""
    found = [tag_id]
    while True:
        tag = write.get_one(Tag, found[-1])
        if tag.withdrawn_at is None or tag.replaced_by_id in (None, *found):
            return found
        found.append(tag.replaced_by_id or 0)


def _record(
    change: Change, to_id: int | None, *which: ColumnElement[bool], effect: str | None = None
) -> None:
    """List the taggings that go to a tag; to the one that they are on where that is None."""
    target = Tagging.tag_id if to_id is None else literal(to_id)
    told = (
        literal(effect, String)
        if effect
        else case((_doubled(to_id or 0), "withdrawn"), else_="moved")
    )
    change.write.execute(
        insert(TagChangeItem).from_select(
            _ITEM,
            select(literal(change.row.id), Tagging.id, Tagging.tag_id, target, told).where(*which),
        )
    )


def _doubled(tag_id: _Target) -> ColumnElement[bool]:
    """The condition that a tag stands on the very thing that a tagging is on."""
    other = aliased(Tagging)
    stands = other.tag_id == tag_id, other.withdrawn_at.is_(None), other.id != Tagging.id
    return or_(
        exists().where(other.pattern_id == Tagging.pattern_id, *stands),
        exists().where(other.region_id == Tagging.region_id, *stands),
    )


def _carry_out(change: Change) -> None:
    """Do what was listed. Withdrawn first, restored last: of one tag on a thing one may stand."""
    write, item = change.write, TagChangeItem

    def listed(effect: str) -> ColumnElement[bool]:
        return Tagging.id.in_(
            select(item.tagging_id).where(item.change_id == change.row.id, item.effect == effect)
        )

    target = select(item.to_id).where(
        item.change_id == change.row.id, item.tagging_id == Tagging.id
    )
    for effect, values in (
        ("withdrawn", {Tagging.withdrawn_at: change.row.at}),
        ("moved", {Tagging.tag_id: target.scalar_subquery()}),
        ("restored", {Tagging.withdrawn_at: None}),
    ):
        write.execute(
            update(Tagging).where(listed(effect)).values(values),
            execution_options=_UNSYNCHRONISED,
        )
    counted = select(func.count()).where(item.change_id == change.row.id)
    change.row.moved = write.scalar(counted) or 0
