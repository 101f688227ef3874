"""What bears one tag under a version: figures, where in images it lies, its patterns, a gallery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from workbench.analysis.groups import group_sums, single_images
from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.intervals import Estimate, Z, shares_with_intervals
from workbench.analysis.regions.overlap import LIES_ON
from workbench.analysis.regions.pixel_groups import decode_mask
from workbench.services.columns.store import ColumnStore, column_store
from workbench.services.tagged.covering import overlapping_each
from workbench.services.tagged.groups import (
    OnMany,
    TaggedGroups,
    on_many,
    tagged_groups,
    tagged_regions,
)
from workbench.services.tagged.pattern_tags import default_label, tags_of_patterns
from workbench.services.taxonomy import gallery
from workbench.services.taxonomy.gallery import GalleryEntry
from workbench.store.database import session
from workbench.store.images import LABELS
from workbench.store.outcomes import CODES_OF_LABEL, OUTCOMES, counts_of
from workbench.store.regions import Region
from workbench.store.results import Pattern, PixelGroup

Ids = NDArray[np.int64]
Source = Literal["all", "hand", "pattern", "suggested"]
SOURCES: Final[tuple[Source, ...]] = ("all", "hand", "pattern", "suggested")
MEASURED: Final = 2_000
"""So many pixel groups at most are the contribution's sample."""
MAPPED: Final = 400
"""So many masks at most are the sample of the map."""
MAP_SIDE: Final = 16
GENERATORS_SHOWN: Final = 8
_NOTHING = TaggedGroups("", np.empty(0, np.int64), np.empty(0, np.int64))


@dataclass(frozen=True)
class Contribution:
    """Mean signed contribution of pixel groups, in logits, with its 95% interval.

    measured: the groups that it is the mean of: all, or a random sample of them.
    """

    mean: float
    low: float
    high: float
    std: float
    measured: int


@dataclass(frozen=True)
class OfGenerator:
    """How many of a generator's images bear a tag."""

    name: str
    bearing: int
    images: int


@dataclass(frozen=True)
class TaggedPattern:
    """A pattern that bears a tag, or may; `share` of its pixel groups lies on tagged regions."""

    id: int
    name: str
    groups: int
    share: float


@dataclass(frozen=True)
class Bearing:
    """What bears a tag. `counts` are pixel groups by source; one may be by hand and by pattern."""

    counts: dict[Source, int]
    images: int
    contribution: Contribution | None
    prevalence: dict[str, Estimate | None]
    """Share of the images of each label that bear it; None without such images."""
    generators: tuple[OfGenerator, ...]
    map: list[list[float]]
    """Share of pixel groups that lie there, of a sample; rows from the top."""
    patterns: tuple[TaggedPattern, ...]
    suggested_for: tuple[TaggedPattern, ...]
    gallery: tuple[GalleryEntry, ...]
    after: int | None
    """The key of the gallery's next page; None at the end."""


def bearing(
    version_id: int, tag_id: int, source: Source = "all", after: int | None = None
) -> Bearing:
    """What bears a tag under a version, with a page of its gallery. Twelve queries at most.

    Also for a tag that a hundred thousand pixel groups bear: they are counted on arrays, and
    contributions and masks are read of a sample alone.
    """
    store = column_store(version_id)
    standing = on_many(store, [tag_id])
    found = tagged_groups(store, [tag_id], standing).get(tag_id, _NOTHING)
    by_hand = tagged_groups(store, [tag_id], []).get(tag_id, _NOTHING).groups
    by_pattern = _union([each.groups for each in standing])
    groups: dict[Source, Ids] = {
        "all": found.groups,
        "hand": by_hand,
        "pattern": by_pattern,
        "suggested": _suggested(store, tag_id, standing, found.groups),
    }
    patterns, suggested_for = _patterns(store, standing)
    shown, following = gallery.page_of(store, tag_id, groups[source], after)
    return Bearing(
        counts={each: len(some) for each, some in groups.items()},
        images=len(found.rows),
        contribution=_contribution(store, found.groups),
        prevalence=_prevalence(store, found.rows),
        generators=_generators(store, found.rows),
        map=_map(store, found.groups),
        patterns=patterns,
        suggested_for=suggested_for,
        gallery=shown,
        after=following,
    )


def images_bearing(version_id: int, tag_id: int) -> int:
    """How many images of a version bear a tag."""
    store = column_store(version_id)
    return len(tagged_groups(store, [tag_id]).get(tag_id, _NOTHING).rows)


def _union(parts: Sequence[Ids]) -> Ids:
    return np.unique(np.concatenate([np.empty(0, np.int64), *parts]))


def _suggested(store: ColumnStore, tag_id: int, standing: Sequence[OnMany], borne: Ids) -> Ids:
    """Pixel groups that lie on regions with the tag in part, but for those it is off."""
    _tags, regions = tagged_regions(standing, [tag_id])
    _at, groups, shares = overlapping_each(store, regions)
    off = store.groups_on(_union([each.rejected for each in standing]))
    return np.setdiff1d(groups[shares < LIES_ON], np.concatenate([borne, off]))


def _sample(groups: Ids, most: int) -> Ids:
    """The same groups every time, drawn at random."""
    if len(groups) <= most:
        return groups
    return np.sort(np.random.default_rng(0).choice(groups, most, replace=False))


def _contribution(store: ColumnStore, groups: Ids) -> Contribution | None:
    ids = store.pixel_group_ids[_sample(groups, MEASURED)].tolist()
    if not ids:
        return None
    rows = session().scalars(select(PixelGroup.contribution).where(PixelGroup.id.in_(ids)))
    values = np.array(rows.all())
    if not len(values):
        return None
    mean, std = float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else 0.0
    half = Z * std / len(values) ** 0.5
    return Contribution(mean, mean - half, mean + half, std, len(values))


def _prevalence(store: ColumnStore, rows: Ids) -> dict[str, Estimate | None]:
    outcomes = store.outcomes[rows]
    if store.ungrouped:
        sums = single_images(counts_of(store.outcomes), counts_of(outcomes).reshape(1, -1))
    else:
        having = [(store.groups[rows], outcomes)]
        sums = group_sums(store.groups, store.outcomes, having, len(OUTCOMES))
    return {label: shares_with_intervals(sums, CODES_OF_LABEL[label])[0] for label in LABELS}


def _generators(store: ColumnStore, rows: Ids) -> tuple[OfGenerator, ...]:
    """Those with the largest share first."""
    names = store.generator_names
    images = np.bincount(store.generators, minlength=len(names))
    having = np.bincount(store.generators[rows], minlength=len(names))
    found = [
        OfGenerator(name, int(having[index]), int(images[index]))
        for index, name in enumerate(names)
        if name and images[index]
    ]
    found.sort(key=lambda each: (-each.bearing / each.images, each.name))
    return tuple(found[:GENERATORS_SHOWN])


def _map(store: ColumnStore, groups: Ids) -> list[list[float]]:
    regions = store.pixel_group_regions[_sample(groups, MAPPED)].tolist()
    total = np.zeros((MAP_SIDE, MAP_SIDE))
    masks = session().scalars(select(Region.rle).where(Region.id.in_(regions))).all()
    for rle in masks:
        blocks = decode_mask(rle, NORMAL_SIZE).reshape(
            MAP_SIDE, NORMAL_SIZE // MAP_SIDE, MAP_SIDE, NORMAL_SIZE // MAP_SIDE
        )
        total += blocks.mean(axis=(1, 3))
    found: list[list[float]] = (total / max(len(masks), 1)).tolist()
    return found


def _patterns(
    store: ColumnStore, standing: Sequence[OnMany]
) -> tuple[tuple[TaggedPattern, ...], tuple[TaggedPattern, ...]]:
    """The patterns that bear the tag, and those that it is suggested for."""
    tags = tags_of_patterns(store, standing)
    if not tags:
        return (), ()
    rows = session().execute(
        select(Pattern.id, Pattern.number, Pattern.groups)
        .where(Pattern.id.in_(tags))
        .order_by(Pattern.number)
    )
    borne: list[TaggedPattern] = []
    suggested: list[TaggedPattern] = []
    for pattern_id, number, groups in rows:
        of_it = tags[pattern_id]
        view = (*of_it.tags, *of_it.suggested)[0] if of_it.tags or of_it.suggested else None
        if view is not None:
            shown = TaggedPattern(pattern_id, default_label(number), groups, view.share)
            (borne if of_it.tags else suggested).append(shown)
    return tuple(borne), tuple(suggested)
