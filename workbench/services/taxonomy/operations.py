"""Merge, split, move, deprecate, restore and accept tags: each one change that can be reversed.

Each is asked for with the `basis` of its preview, and refused where that is no longer so.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext
from sqlalchemy import ColumnElement, Select, and_, select, true
from sqlalchemy.orm import Session

from workbench.services.errors import ConflictError, InvalidError
from workbench.services.review.standing import put_unless_standing
from workbench.services.review.tags import clean_name
from workbench.services.taxonomy import basis, examples, taggings
from workbench.services.taxonomy.changes import changing, locked, standing
from workbench.services.taxonomy.tree import tree_in
from workbench.store.database import transaction
from workbench.store.folding import folded
from workbench.store.images import Image
from workbench.store.judgements import Tag, Tagging
from workbench.store.regions import Region


@dataclass(frozen=True)
class Part:
    """Which taggings of a tag are split off: those that meet all that is given.

    kind: `hand`, `pattern` or `selection`. Label and generator are of the image of a region that
    was tagged by hand.
    """

    user_id: int | None = None
    kind: str | None = None
    label: str | None = None
    generator: str | None = None
    tagging_ids: tuple[int, ...] = ()

    @property
    def condition(self) -> ColumnElement[bool]:
        """On `Tagging`."""
        image = (
            Image.label == self.label if self.label else true(),
            Image.generator == self.generator if self.generator else true(),
        )
        regions = select(Region.id).join(Region.image).where(*image)
        return and_(
            Tagging.user_id == self.user_id if self.user_id else true(),
            KINDS[self.kind] if self.kind else true(),
            Tagging.region_id.in_(regions) if self.label or self.generator else true(),
            Tagging.id.in_(self.tagging_ids) if self.tagging_ids else true(),
        )


KINDS = {
    "hand": Tagging.region_id.is_not(None),
    "pattern": Tagging.pattern_id.is_not(None),
    "selection": Tagging.region_id.is_(None) & Tagging.pattern_id.is_(None),
}


def merge(user_id: int, tag_id: int, into_id: int, seen: str) -> int:
    """Put all that bears a tag on another one, which its name means from then on.

    Its children go below the other. Returns the change's id. Raises ConflictError where the
    preview is no longer so, InvalidError for itself or a tag below it.
    """
    with transaction() as write:
        tree = tree_in(write)
        tags = locked(write, [tag_id, into_id, *tree.children(tag_id)])
        tag, into = standing(write, tags, tag_id), standing(write, tags, into_id)
        check_merge(write, tag, into)
        basis.refuse_changed(write, seen, (tag, into))
        with changing(write, user_id, "merge", tag, into) as change:
            for each in tree.children(tag_id):
                change.add(tags[each])
                tags[each].parent_id = into_id
            taggings.move(change, tag_id, into_id, true())
            examples.move(change, tag_id, into_id)
            tag.replaced_by_id = into_id
            tag.withdrawn_at = change.row.at
        return change.row.id


def check_merge(write: Session, tag: Tag, into: Tag) -> None:
    """Raise where a tag cannot be merged into another one."""
    if tag.id == into.id:
        raise InvalidError(gettext("A tag cannot be merged into itself."))
    tree = tree_in(write)
    if into.id in tree.below(tag.id):
        raise InvalidError(
            gettext(
                "“%(into)s” lies below “%(tag)s”. Move it elsewhere first, or merge it the other "
                "way round.",
                into=into.name,
                tag=tag.name,
            )
        )
    _refuse_deprecated(into)
    children = tree.children(tag.id)
    if children:
        tree.refuse_deeper(into, max(tree.height(each) for each in children))


def split(user_id: int, tag_id: int, name: str, part: Part, seen: str) -> int:
    """Put a part of what bears a tag on another one, new or not. Returns the change's id."""
    name = clean_name(name)
    with transaction() as write:
        found = write.scalar(_named(name))
        tags = locked(write, [tag_id, found.id if found else None])
        tag = standing(write, tags, tag_id)
        other = standing(write, tags, found.id) if found else None
        check_split(tag, other, part)
        basis.refuse_changed(write, seen, (tag, other), part.condition)
        new = other is None
        if other is None:
            made = Tag(name=name, created_by_id=user_id, parent_id=tag.parent_id)
            other, new = put_unless_standing(write, made, _named(name))
        with changing(write, user_id, "split", tag, other) as change:
            if new:
                change.add_new(other)
            taggings.move(change, tag_id, other.id, part.condition)
            if not change.row.moved:
                raise InvalidError(gettext("Nothing that bears the tag meets these conditions."))
        return change.row.id


def check_split(tag: Tag, other: Tag | None, part: Part) -> None:
    """Raise where a part of a tag cannot go to another one."""
    if part == Part():
        raise InvalidError(gettext("Choose which part of the tag to split off."))
    if other is not None:
        if other.id == tag.id:
            raise InvalidError(gettext("Give the part another name than the tag has."))
        _refuse_deprecated(other)


def move(user_id: int, tag_id: int, parent_id: int | None, seen: str) -> int:
    """Put a tag, with all below it, below another one, or at the top."""
    with transaction() as write:
        tags = locked(write, [tag_id, parent_id])
        tag = standing(write, tags, tag_id)
        parent = standing(write, tags, parent_id) if parent_id else None
        check_move(write, tag, parent)
        basis.refuse_changed(write, seen, (tag, parent))
        with changing(write, user_id, "move", tag, parent) as change:
            tag.parent_id = parent_id
        return change.row.id


def check_move(write: Session, tag: Tag, parent: Tag | None) -> None:
    """Raise where a tag cannot be put below another one."""
    if tag.parent_id == (parent.id if parent else None):
        raise InvalidError(gettext("It is there already."))
    if parent is not None:
        tree_in(write).refuse_below(tag, parent)


def deprecate(user_id: int, tag_id: int, instead_id: int | None, seen: str) -> int:
    """Have a tag stay where it is and be put on nothing any more; another may be named instead."""
    with transaction() as write:
        tags = locked(write, [tag_id, instead_id])
        tag = standing(write, tags, tag_id)
        instead = standing(write, tags, instead_id) if instead_id else None
        check_deprecate(tag, instead)
        basis.refuse_changed(write, seen, (tag, instead))
        with changing(write, user_id, "deprecate", tag, instead) as change:
            tag.state = "deprecated"
            tag.replaced_by_id = instead_id
        return change.row.id


def check_deprecate(tag: Tag, instead: Tag | None) -> None:
    """Raise where a tag cannot be deprecated in favour of another one."""
    _refuse_deprecated(tag)
    if instead is not None:
        if instead.id == tag.id:
            raise InvalidError(gettext("A tag cannot replace itself."))
        _refuse_deprecated(instead)


def restore(user_id: int, tag_id: int, seen: str) -> int:
    """Have a deprecated tag put on things again."""
    return _activate(user_id, tag_id, "restore", seen)


def accept(user_id: int, tag_id: int, seen: str) -> int:
    """Take a proposed tag into use."""
    return _activate(user_id, tag_id, "accept", seen)


def _activate(user_id: int, tag_id: int, kind: str, seen: str) -> int:
    with transaction() as write:
        tag = standing(write, locked(write, [tag_id]), tag_id)
        check_activate(tag, kind)
        basis.refuse_changed(write, seen, (tag,))
        with changing(write, user_id, kind, tag) as change:
            tag.state = "active"
            tag.replaced_by_id = None
        return change.row.id


def check_activate(tag: Tag, kind: str) -> None:
    """Raise where a tag is not deprecated, to be restored, or not proposed, to be accepted."""
    if kind == "restore" and tag.state != "deprecated":
        raise ConflictError(gettext("“%(tag)s” is not deprecated.", tag=tag.name))
    if kind == "accept" and tag.state != "proposed":
        raise ConflictError(gettext("“%(tag)s” is not proposed any more.", tag=tag.name))


def _named(name: str) -> Select[tuple[Tag]]:
    return select(Tag).where(Tag.folded_name == folded(name), Tag.withdrawn_at.is_(None))


def _refuse_deprecated(tag: Tag) -> None:
    if tag.state == "deprecated":
        raise InvalidError(gettext("“%(tag)s” is deprecated. Restore it first.", tag=tag.name))
