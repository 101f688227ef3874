"""The taxonomy: its tags with what bears them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from workbench.services.columns.store import column_store
from workbench.services.review.tags import named_with
from workbench.services.tagged.groups import on_many, tagged_groups
from workbench.services.tagged.pattern_tags import tags_of_patterns
from workbench.store.database import session
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


@dataclass(frozen=True)
class TaxonomyPage:
    """Some tags by name. `total` counts all that were asked for, not only these.

    `after` is the key of the next page, the last name here without case; None at the end.
    """

    rows: tuple[TagRow, ...]
    total: int
    after: str | None


def taxonomy(version_ids: Sequence[int], text: str = "", after: str = "") -> TaxonomyPage:
    """A page of the tags whose names hold a text, without case, by name. Five queries.

    What bears them is counted in these versions alone, the images as a filter by tag finds them.
    The key is a name and not a number: what is added meanwhile moves no tag to another page.
    """
    wanted = named_with(text)
    total = session().scalar(select(func.count()).select_from(Tag).where(wanted)) or 0
    found = session().scalars(
        select(Tag)
        .options(joinedload(Tag.created_by))
        .where(wanted, Tag.folded_name > after)
        .order_by(Tag.folded_name)
        .limit(TAGS_A_PAGE + 1)
    )
    tags = found.all()
    shown = tags[:TAGS_A_PAGE]
    return TaxonomyPage(
        rows=_rows(shown, version_ids),
        total=total,
        after=shown[-1].folded_name if len(tags) > len(shown) else None,
    )


def _rows(tags: Sequence[Tag], version_ids: Sequence[int]) -> tuple[TagRow, ...]:
    ids = [tag.id for tag in tags]
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
        )
        for tag in tags
    )
