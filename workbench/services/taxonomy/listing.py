"""The taxonomy: its tags with what bears them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, unquote

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from workbench.services.columns.store import column_store
from workbench.services.tagged.groups import on_many, tagged_groups
from workbench.services.tagged.pattern_tags import tags_of_patterns
from workbench.services.taxonomy.tree import Tree
from workbench.store.database import session
from workbench.store.folding import folded
from workbench.store.judgements import Tag

TAGS_A_PAGE = 50


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
    state: str = "active"
    hue: int | None = None
    hotkey: str | None = None
    level: int = 1
    """In the tree; 1 at the top."""
    parent: str = ""


@dataclass(frozen=True)
class TaxonomyPage:
    """Some tags in the order of the tree. `total` counts all that were asked for, not only these.

    `after` is the key of the next page: the last tag here and those above it, by name without
    case; None at the end.
    """

    rows: tuple[TagRow, ...]
    total: int
    after: str | None


@dataclass(frozen=True)
class _Leaf:
    """A tag with the names on the way to it from the top, which tags are listed by."""

    id: int
    path: tuple[str, ...]
    state: str


def taxonomy(
    version_ids: Sequence[int],
    text: str = "",
    after: str = "",
    state: str | None = None,
    limit: int = TAGS_A_PAGE,
) -> TaxonomyPage:
    """A page of the tags whose names hold a text, without case, and that are in a state, if any.

    Each is followed by those below it; beside each other they go by name. Five queries.

    What bears them is counted in these versions alone, the images as a filter by tag finds them.
    The key is made of names and not a number: what is added meanwhile moves no tag to another page.
    """
    searched, begin = folded(text), _path_of(after)
    wanted = [
        leaf
        for leaf in _leaves()
        if searched in leaf.path[-1] and (state is None or leaf.state == state)
    ]
    left = [leaf for leaf in wanted if leaf.path > begin]
    shown = left[:limit]
    found = session().scalars(
        select(Tag)
        .options(joinedload(Tag.created_by), joinedload(Tag.parent))
        .where(Tag.id.in_([leaf.id for leaf in shown]))
    )
    tags = {tag.id: tag for tag in found}
    return TaxonomyPage(
        rows=_rows([(tags[leaf.id], len(leaf.path)) for leaf in shown], version_ids),
        total=len(wanted),
        after=_key_of(shown[-1].path) if len(left) > len(shown) else None,
    )


def _leaves() -> list[_Leaf]:
    """All tags in the order of the tree. One query."""
    rows = session().execute(
        select(Tag.id, Tag.parent_id, Tag.folded_name, Tag.state).where(Tag.withdrawn_at.is_(None))
    )
    known = {tag_id: (parent_id, name, state) for tag_id, parent_id, name, state in rows}
    tree = Tree({tag_id: parent_id for tag_id, (parent_id, *_) in known.items()})
    leaves = [
        _Leaf(tag_id, tuple(known[each][1] for each in reversed(tree.path(tag_id))), state)
        for tag_id, (_parent, _name, state) in known.items()
    ]
    return sorted(leaves, key=lambda leaf: leaf.path)


def _key_of(path: tuple[str, ...]) -> str:
    return "/".join(quote(name, safe=" ") for name in path)


def _path_of(key: str) -> tuple[str, ...]:
    return tuple(unquote(name) for name in key.split("/")) if key else ()


def _rows(tags: Sequence[tuple[Tag, int]], version_ids: Sequence[int]) -> tuple[TagRow, ...]:
    """Tags with their level in the tree, 1 at the top."""
    ids = [tag.id for tag, _level in tags]
    stores = [column_store(each) for each in version_ids]
    standing = [on_many(store, ids) for store in stores]
    bearing = [tagged_groups(store, ids, on) for store, on in zip(stores, standing, strict=True)]
    patterns = Counter(
        given.tag_id
        for store, on in zip(stores, standing, strict=True)
        for found in tags_of_patterns(store, on).values()
        for given in found.tags
    )
    return tuple(
        TagRow(
            id=tag.id,
            name=tag.name,
            description=tag.description,
            patterns=patterns[tag.id],
            groups=sum(len(each[tag.id].groups) for each in bearing if tag.id in each),
            images=sum(len(each[tag.id].rows) for each in bearing if tag.id in each),
            created_by=tag.created_by.name,
            created_at=tag.created_at,
            state=tag.state,
            hue=tag.hue,
            hotkey=tag.hotkey,
            level=level,
            parent=tag.parent.name if tag.parent and level > 1 else "",
        )
        for tag, level in tags
    )
