"""Regions of images that go, with the tags on them; and tags that outlive their version."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Select, delete, exists, insert, or_, select, update
from sqlalchemy.orm import Session

from workbench.store.images import Image
from workbench.store.judgements import DismissedSuggestion, TagCheck, TaggedRegion, Tagging
from workbench.store.regions import DrawnRegion, Region
from workbench.store.results import Pattern, PixelGroup
from workbench.store.tag_changes import TagChangeItem, TagExample
from workbench.store.versions import ModelVersion

_UNSYNCHRONISED = {"synchronize_session": False}


def of_images(image_ids: Collection[int]) -> Select[tuple[int]]:
    """The regions of these images."""
    return select(Region.id).where(Region.image_id.in_(image_ids))


def tagged_in(collection_id: int) -> ColumnElement[bool]:
    """The tags on patterns and regions of a collection."""
    here = of_collection(collection_id)
    patterns = (
        select(Pattern.id)
        .join(ModelVersion, ModelVersion.id == Pattern.version_id)
        .where(ModelVersion.collection_id == collection_id)
    )
    several = select(TaggedRegion.tagging_id).where(TaggedRegion.region_id.in_(here))
    return or_(
        Tagging.region_id.in_(here), Tagging.pattern_id.in_(patterns), Tagging.id.in_(several)
    )


def answered_in(collection_id: int) -> ColumnElement[bool]:
    """The answers about tags on regions of a collection."""
    return TagCheck.region_id.in_(of_collection(collection_id))


def drawn_in(regions: Select[tuple[int]]) -> ColumnElement[bool]:
    """The standing drawings of these regions."""
    return DrawnRegion.region_id.in_(regions) & DrawnRegion.withdrawn_at.is_(None)


def of_collection(collection_id: int) -> Select[tuple[int]]:
    """The regions of a collection."""
    return select(Region.id).join(Region.image).where(Image.collection_id == collection_id)


def delete_regions(write: Session, image_ids: Collection[int]) -> None:
    """Delete the regions of images, with what was put on them; pixel groups are gone already."""
    here = of_images(image_ids)
    touched = select(TaggedRegion.tagging_id).where(TaggedRegion.region_id.in_(here))
    several = write.scalars(touched.distinct()).all()
    write.execute(delete(TaggedRegion).where(TaggedRegion.region_id.in_(here)))
    delete_taggings(
        write,
        or_(
            Tagging.region_id.in_(here),
            Tagging.id.in_(several) & ~exists().where(TaggedRegion.tagging_id == Tagging.id),
        ),
    )
    for table in (TagCheck, DismissedSuggestion, TagExample, DrawnRegion):
        write.execute(delete(table).where(table.region_id.in_(here)))
    write.execute(delete(Region).where(Region.image_id.in_(image_ids)))


def delete_taggings(write: Session, which: ColumnElement[bool]) -> None:
    """Delete tags that were put on something, with answers about them and moves of them."""
    taggings = select(Tagging.id).where(which)
    for table in (TagCheck, TagChangeItem):
        write.execute(
            delete(table).where(table.tagging_id.in_(taggings)), execution_options=_UNSYNCHRONISED
        )
    write.execute(delete(Tagging).where(which), execution_options=_UNSYNCHRONISED)


def delete_on_patterns(write: Session, patterns: Collection[int] | Select[tuple[int]]) -> None:
    """Delete the tags on patterns, with the answers about them and the suggestions dismissed."""
    delete_taggings(write, Tagging.pattern_id.in_(patterns))
    write.execute(
        delete(DismissedSuggestion).where(DismissedSuggestion.pattern_id.in_(patterns)),
        execution_options=_UNSYNCHRONISED,
    )


def keep_tags_of_patterns(write: Session, version_id: int) -> None:
    """Have the tags on a version's patterns stay on their regions, once the patterns are gone."""
    of_version = select(Pattern.id).where(Pattern.version_id == version_id)
    on_them = Tagging.pattern_id.in_(of_version)
    write.execute(
        insert(TaggedRegion).from_select(
            ["tagging_id", "region_id"],
            select(Tagging.id, PixelGroup.region_id)
            .join(PixelGroup, PixelGroup.pattern_id == Tagging.pattern_id)
            .where(on_them),
        )
    )
    write.execute(
        update(Tagging).where(on_them).values(pattern_id=None), execution_options=_UNSYNCHRONISED
    )
