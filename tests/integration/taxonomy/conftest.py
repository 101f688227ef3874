"""A taxonomy on a few regions, without an analysis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import insert, select

from tests.support.rows import fill_every_table
from workbench.services.taxonomy.basis import basis_of
from workbench.services.taxonomy.operations import Part
from workbench.store.database import session, transaction
from workbench.store.judgements import Tag, Tagging
from workbench.store.people import User
from workbench.store.regions import Region
from workbench.store.tag_changes import TagChange, TagChangeItem, TagExample

REGIONS = 6


@dataclass(frozen=True)
class Book:
    """Who works on it, and the regions that there are."""

    ada: int
    ben: int
    regions: tuple[int, ...]
    pattern: int

    def tag(self, name: str, *regions: int, by: int | None = None, **fields: object) -> int:
        """A tag, put on these regions by their place in the list."""
        with transaction() as write:
            tag = Tag(name=name, created_by_id=self.ada, **fields)
            write.add(tag)
            write.flush()
            for each in regions:
                write.add(self._tagging(tag.id, self.regions[each], by or self.ada))
            return tag.id

    def put(self, tag_id: int, region: int, by: int | None = None) -> int:
        """One more region with a tag; returns the tagging's id."""
        with transaction() as write:
            tagging = self._tagging(tag_id, self.regions[region], by or self.ada)
            write.add(tagging)
            write.flush()
            return tagging.id

    @staticmethod
    def _tagging(tag_id: int, region_id: int, user_id: int) -> Tagging:
        return Tagging(tag_id=tag_id, region_id=region_id, user_id=user_id)

    def on(self, tag_id: int) -> list[int]:
        """The regions, by their place in the list, that a tag stands on."""
        found = session().scalars(
            select(Tagging.region_id).where(
                Tagging.tag_id == tag_id, Tagging.withdrawn_at.is_(None)
            )
        )
        return sorted(self.regions.index(each) for each in found if each is not None)


def basis(*tag_ids: int | None, part: Part | None = None) -> str:
    """What a preview of these tags is made from."""
    tags = [None if each is None else session().get_one(Tag, each) for each in tag_ids]
    found = basis_of(session(), tags, part.condition if part else None)
    session().rollback()
    return found


def snapshot() -> tuple[object, ...]:
    """The tags of the taxonomy, and what stands: all that a change and its reversal may alter."""
    tags: Sequence[object] = [
        (
            each.id,
            each.name,
            each.folded_name,
            each.description,
            each.parent_id,
            each.hue,
            each.hotkey,
            each.state,
            each.replaced_by_id,
        )
        for each in session().scalars(
            select(Tag).where(Tag.withdrawn_at.is_(None)).order_by(Tag.id)
        )
    ]
    taggings = session().execute(
        select(Tagging.id, Tagging.tag_id)
        .where(Tagging.withdrawn_at.is_(None))
        .order_by(Tagging.id)
    )
    examples = session().execute(
        select(TagExample.id, TagExample.tag_id)
        .where(TagExample.withdrawn_at.is_(None))
        .order_by(TagExample.id)
    )
    found = tuple(tags), tuple(map(tuple, taggings)), tuple(map(tuple, examples))
    session().rollback()
    return found


@pytest.fixture
def book(tables: Flask) -> Book:
    """Two people, an image with six regions, no tag."""
    fill_every_table()
    with transaction() as write:
        ben = User(name="ben", password_hash="x", role="reviewer")
        write.add(ben)
        region = write.scalars(select(Region).order_by(Region.id)).first()
        assert region is not None
        for number in range(REGIONS):
            write.add(
                Region(
                    image_id=region.image_id,
                    rle=str(number + 2),
                    left=0,
                    top=0,
                    width=1,
                    height=number + 3,
                    area=number + 3,
                )
            )
        for table in (TagChangeItem, TagExample, TagChange):
            write.execute(table.__table__.delete())
        write.flush()
        for each in write.scalars(select(Tag)):
            each.withdrawn_at = each.created_at
        for tagging in write.scalars(select(Tagging)):
            tagging.withdrawn_at = tagging.created_at
        ids = write.scalars(select(Region.id).order_by(Region.id)).all()[-REGIONS:]
        people = write.execute(select(User.name, User.id)).tuples()
        found = dict(people.all())
        return Book(found["ada"], found["ben"], tuple(ids), 1)


def many(book: Book, tag_id: int, count: int) -> None:
    """So many more regions, each with a tag."""
    with transaction() as write:
        image_id = write.scalars(select(Region.image_id)).first()
        mask = {"image_id": image_id, "left": 0, "top": 0, "width": 1, "height": 1, "area": 1}
        write.execute(insert(Region), [{**mask, "rle": f"many {n}"} for n in range(count)])
        of_many = select(Region.id).where(Region.rle.startswith("many "))
        ids = write.scalars(of_many).all()
        write.execute(
            insert(Tagging),
            [{"tag_id": tag_id, "region_id": each, "user_id": book.ada} for each in ids],
        )
