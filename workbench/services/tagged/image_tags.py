"""The tags on one image's pixel groups, by the regions that these lie on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Integer, cast, null, select, union_all
from sqlalchemy.orm import joinedload

from workbench.analysis.regions.overlap import LIES_ON
from workbench.services.review import tag_checks
from workbench.services.review.dismissals import dismissed_on_regions
from workbench.services.review.tags import TaggingView, view_of
from workbench.store.database import session
from workbench.store.judgements import DismissedSuggestion, TaggedRegion, Tagging
from workbench.store.regions import Region, RegionOverlap
from workbench.store.results import PixelGroup
from workbench.store.versions import ModelVersion


@dataclass(frozen=True)
class GroupTags:
    """The tags that a pixel group bears, by hand before by pattern, and what it may be."""

    tags: tuple[TaggingView, ...] = ()
    suggested: tuple[TaggingView, ...] = ()
    """The largest share first."""

    def without(self, off: Collection[int]) -> GroupTags:
        """The same without suggestions of some tags."""
        kept = tuple(each for each in self.suggested if each.tag_id not in off)
        return GroupTags(self.tags, kept)


UNTAGGED: Final = GroupTags()


@dataclass(frozen=True)
class _Given:
    """A standing tag on a region."""

    tagging: Tagging
    region_id: int
    version: tuple[int, int] | None
    """Id and number of the version whose pattern it was put on."""


def tags_on_image(
    version_id: int, image_id: int, groups: Sequence[PixelGroup]
) -> dict[int, GroupTags]:
    """The tags of these pixel groups of an image, by group. At most four queries."""
    given = _given(image_id)
    if not given:
        return {}
    rejected = tag_checks.rejected(Region.image_id == image_id)
    by_region: defaultdict[int, list[_Given]] = defaultdict(list)
    for each in given:
        if each.region_id not in rejected.get(each.tagging.id, ()):
            by_region[each.region_id].append(each)
    near = _near({each.region_id for each in groups} if by_region else set())
    found = {
        group.id: _of_group(group.region_id, version_id, by_region, near[group.region_id], rejected)
        for group in groups
    }
    off: dict[int, set[int]] = {}
    if any(each.suggested for each in found.values()):
        here = [group.region_id for group in groups]
        off = dismissed_on_regions(DismissedSuggestion.region_id.in_(here))
    for each in given:
        for region_id in rejected.get(each.tagging.id, ()):
            off.setdefault(region_id, set()).add(each.tagging.tag_id)
    return {group.id: found[group.id].without(off.get(group.region_id, set())) for group in groups}


def _of_group(
    region_id: int,
    version_id: int,
    by_region: dict[int, list[_Given]],
    near: list[tuple[int, float]],
    rejected: dict[int, set[int]],
) -> GroupTags:
    found: dict[tuple[int, bool], TaggingView] = {}
    for other, share in sorted([(region_id, 1.0), *near], key=lambda each: -each[1]):
        for each in by_region.get(other, ()):
            if region_id in rejected.get(each.tagging.id, ()):
                continue
            elsewhere = each.version if each.version and each.version[0] != version_id else None
            view = replace(
                view_of(each.tagging), version=elsewhere[1] if elsewhere else None, share=share
            )
            found.setdefault((each.tagging.tag_id, view.source == "pattern"), view)
    borne = {key: view for key, view in found.items() if view.share >= LIES_ON}
    tags = {tag_id for tag_id, _by_pattern in borne}
    suggested = {
        tag_id: view
        for (tag_id, _by_pattern), view in found.items()
        if tag_id not in tags and view.state != "deprecated"
    }
    return GroupTags(
        tuple(sorted(borne.values(), key=lambda view: (view.source == "pattern", view.id))),
        tuple(sorted(suggested.values(), key=lambda view: -view.share)),
    )


def _given(image_id: int) -> list[_Given]:
    """All standing tags on the image's regions, the oldest first. One query."""
    nowhere = cast(null(), Integer)
    alone = (
        select(
            Tagging.id.label("tagging_id"),
            Tagging.region_id.label("region_id"),
            nowhere.label("version_id"),
            nowhere.label("number"),
        )
        .join(Region, Region.id == Tagging.region_id)
        .where(Region.image_id == image_id)
    )
    together = (
        select(TaggedRegion.tagging_id, TaggedRegion.region_id, nowhere, nowhere)
        .join(Region, Region.id == TaggedRegion.region_id)
        .where(Region.image_id == image_id)
    )
    by_pattern = (
        select(Tagging.id, PixelGroup.region_id, ModelVersion.id, ModelVersion.number)
        .join(PixelGroup, PixelGroup.pattern_id == Tagging.pattern_id)
        .join(ModelVersion, ModelVersion.id == PixelGroup.version_id)
        .where(PixelGroup.image_id == image_id)
    )
    on = union_all(alone, together, by_pattern).subquery()
    found = session().execute(
        select(Tagging, on.c.region_id, on.c.version_id, on.c.number)
        .join(on, on.c.tagging_id == Tagging.id)
        .options(joinedload(Tagging.tag), joinedload(Tagging.user))
        .where(Tagging.withdrawn_at.is_(None))
        .order_by(Tagging.id)
    )
    return [
        _Given(tagging, region_id, (version_id, number) if version_id else None)
        for tagging, region_id, version_id, number in found.tuples()
    ]


def _near(region_ids: set[int]) -> defaultdict[int, list[tuple[int, float]]]:
    """The regions that each of these lies on in part, with the share of it that does."""
    found: defaultdict[int, list[tuple[int, float]]] = defaultdict(list)
    if region_ids:
        rows = session().execute(
            select(RegionOverlap.region_id, RegionOverlap.other_id, RegionOverlap.share).where(
                RegionOverlap.region_id.in_(region_ids)
            )
        )
        for region_id, other_id, share in rows:
            found[region_id].append((other_id, share))
    return found
