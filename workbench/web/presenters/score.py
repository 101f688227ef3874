"""One image's score taken apart: where it starts, what each dimension and pixel group adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.services.explore.descriptions import DimensionView
from workbench.services.image.detail import DimensionShare, GroupView
from workbench.web.presenters.bars import DivergingBar, diverging_bar, scale_limit

BAR_WIDTH = 120.0


@dataclass(frozen=True)
class SharedBar:
    """A dimension's share of the logit, with its bar and what it shows."""

    share: DimensionShare
    shown: DimensionView
    bar: DivergingBar


@dataclass(frozen=True)
class GroupBar:
    """A pixel group's contribution, with its bar."""

    group: GroupView
    bar: DivergingBar


@dataclass(frozen=True)
class Breakdown:
    """base logit + the sum of the dimensions' contributions = logit."""

    base: float
    logit: float
    dimensions: tuple[SharedBar, ...]
    silent: int
    """Dimensions that add nothing, left out of the list."""
    groups: tuple[GroupBar, ...]


def breakdown(
    base: float,
    logit: float,
    dimensions: Sequence[DimensionShare],
    views: Sequence[DimensionView],
    groups: Sequence[GroupView],
) -> Breakdown:
    """Largest magnitude first; dimensions share one axis, pixel groups another.

    `views` are those of all dimensions, by index.
    """
    active = [share for share in dimensions if abs(share.contribution) >= 0.005]
    active.sort(key=lambda share: -abs(share.contribution))
    ordered = sorted(groups, key=lambda group: -abs(group.contribution))
    widest = scale_limit(share.contribution for share in active)
    heaviest = scale_limit(group.contribution for group in ordered)
    return Breakdown(
        base=base,
        logit=logit,
        dimensions=tuple(
            SharedBar(
                share, views[share.index], diverging_bar(share.contribution, widest, BAR_WIDTH)
            )
            for share in active
        ),
        silent=len(dimensions) - len(active),
        groups=tuple(
            GroupBar(group, diverging_bar(group.contribution, heaviest, BAR_WIDTH))
            for group in ordered
        ),
    )
