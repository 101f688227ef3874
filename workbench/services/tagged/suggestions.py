"""The pixel groups of a version that tagged regions lie on in part: they may bear the tags, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.analysis.regions.overlap import LIES_ON
from workbench.services.columns.store import ColumnStore
from workbench.services.review.dismissals import dismissed_on_regions
from workbench.services.tagged.covering import overlapping_each
from workbench.services.tagged.groups import OnMany, on_many, tagged_groups, tagged_regions
from workbench.store.judgements import DismissedSuggestion

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class GroupSuggestion:
    """A tag that a pixel group may bear; `share` of its area lies where the tag was put."""

    group_id: int
    image_id: int
    tag_id: int
    tag: str
    share: float
    hue: int | None = None


@dataclass(frozen=True)
class GroupSuggestions:
    """The likeliest of them, the largest share first; `total` counts all."""

    first: tuple[GroupSuggestion, ...] = ()
    total: int = 0


def suggested_groups(
    store: ColumnStore, limit: int, standing: Sequence[OnMany] | None = None
) -> GroupSuggestions:
    """What tags a version's pixel groups may bear. Eight queries at most, as `tagged_groups`.

    `standing` are the tags on many regions, where they were asked for already.
    """
    if standing is None:
        standing = on_many(store)
    bearing = tagged_groups(store, None, standing)
    tags, regions = tagged_regions(standing)
    at, groups, shares = overlapping_each(store, regions)
    tags, groups, shares = _largest(tags[at], groups, shares)
    open_ = shares < LIES_ON
    for tag_id in np.unique(tags).tolist():
        of_tag = tags == tag_id
        off = [each.rejected for each in standing if each.view.tag_id == tag_id]
        off_groups = store.groups_on(np.concatenate([*off, np.empty(0, np.int64)]))
        taken = np.concatenate([bearing[tag_id].groups, off_groups])
        offered = bearing[tag_id].state != "deprecated"
        open_ &= ~of_tag | (offered & ~np.isin(groups, taken))
    open_ &= ~_dismissed(store, tags, groups)
    tags, groups, shares = tags[open_], groups[open_], shares[open_]
    order = np.lexsort((tags, groups, -shares))[:limit]
    return GroupSuggestions(
        tuple(
            GroupSuggestion(
                group_id=int(store.pixel_group_ids[groups[each]]),
                image_id=int(store.image_ids[store.pixel_group_rows[groups[each]]]),
                tag_id=int(tags[each]),
                tag=bearing[int(tags[each])].tag,
                share=float(shares[each]),
                hue=bearing[int(tags[each])].hue,
            )
            for each in order
        ),
        int(open_.sum()),
    )


def _largest(
    tags: Ids, groups: Ids, shares: NDArray[np.float64]
) -> tuple[Ids, Ids, NDArray[np.float64]]:
    """Each tag and group once, with the largest share."""
    order = np.lexsort((-shares, groups, tags))
    tags, groups, shares = tags[order], groups[order], shares[order]
    first = np.ones(len(tags), np.bool_)
    first[1:] = (tags[1:] != tags[:-1]) | (groups[1:] != groups[:-1])
    return tags[first], groups[first], shares[first]


def _dismissed(store: ColumnStore, tags: Ids, groups: Ids) -> NDArray[np.bool_]:
    found = np.zeros(len(tags), np.bool_)
    if not len(tags):
        return found
    regions = store.pixel_group_regions[groups]
    asked = DismissedSuggestion.tag_id.in_(np.unique(tags).tolist())
    for region_id, off in dismissed_on_regions(asked).items():
        found |= (regions == region_id) & np.isin(tags, list(off))
    return found
