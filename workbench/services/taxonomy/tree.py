"""The tree that tags make: each has one parent at most, and none is above itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.services.errors import InvalidError
from workbench.store.judgements import Tag

DEEPEST: Final = 6
"""So many levels a tree may have."""


@dataclass(frozen=True)
class Tree:
    """The parent of each tag of the taxonomy, by id; None for those at the top."""

    parents: Mapping[int, int | None]

    def path(self, tag_id: int | None) -> list[int]:
        """A tag with all above it, itself first. A parent that left the taxonomy ends it."""
        found: list[int] = []
        while tag_id is not None and tag_id in self.parents and tag_id not in found:
            found.append(tag_id)
            tag_id = self.parents[tag_id]
        return found

    def children(self, tag_id: int) -> list[int]:
        """The tags right below one."""
        return [each for each, parent in self.parents.items() if parent == tag_id]

    def below(self, tag_id: int) -> set[int]:
        """A tag with all below it."""
        return set(self._levels(tag_id))

    def height(self, tag_id: int) -> int:
        """How many levels a tag and what is below it take."""
        return max(self._levels(tag_id).values())

    def _levels(self, tag_id: int) -> dict[int, int]:
        children: defaultdict[int | None, list[int]] = defaultdict(list)
        for each, parent in self.parents.items():
            children[parent].append(each)
        levels = {tag_id: 1}
        open_ = [tag_id]
        while open_:
            above = open_.pop()
            for each in children[above]:
                if each not in levels:
                    levels[each] = levels[above] + 1
                    open_.append(each)
        return levels

    def refuse_below(self, tag: Tag, parent: Tag) -> None:
        """Raise InvalidError where a tag cannot be a child of this parent."""
        if parent.id in self.below(tag.id):
            raise InvalidError(
                gettext(
                    "“%(parent)s” is “%(tag)s” itself or lies below it.",
                    parent=parent.name,
                    tag=tag.name,
                )
            )
        self.refuse_deeper(parent, self.height(tag.id))

    def refuse_deeper(self, parent: Tag, levels: int) -> None:
        """Raise InvalidError where so many levels have no room below a parent."""
        if len(self.path(parent.id)) + levels > DEEPEST:
            raise InvalidError(
                gettext(
                    "Below “%(parent)s” the tree would have more than %(deepest)s levels.",
                    parent=parent.name,
                    deepest=DEEPEST,
                )
            )


def tree_in(read: Session) -> Tree:
    """The tree as it stands. One query."""
    rows = read.execute(select(Tag.id, Tag.parent_id).where(Tag.withdrawn_at.is_(None)))
    return Tree(dict(rows.tuples().all()))
