"""One pattern's panels: its members, the cells where it lies, the dimensions that contribute."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workbench.services.explore import (
    descriptions,
    filters,
    grid,
    patterns,
    tag_shares,
    wrong_reasons,
)
from workbench.services.explore.descriptions import DimensionView, PatternView
from workbench.services.explore.filters import Selection
from workbench.services.explore.patterns import PatternDetail
from workbench.services.explore.tag_shares import TagShares
from workbench.services.explore.wrong_reasons import ShownWrongReasons
from workbench.services.review import tag_checks
from workbench.services.review.tag_checks import Tally
from workbench.web.presenters.bars import DivergingBar, diverging_bar, scale_limit
from workbench.web.presenters.mean_map import DrawnMap, drawn_map
from workbench.web.presenters.overview import Drawing, drawing

PROFILE_WIDTH = 120.0


@dataclass(frozen=True)
class ProfileRow:
    """A dimension's mean contribution to a pattern's pixel groups, in logits."""

    index: int
    value: float
    bar: DivergingBar
    share: float | None
    """Of the evidence in the pattern's pixel groups; None where that is not known."""
    shown: DimensionView


@dataclass(frozen=True)
class PatternPanel:
    """A pattern with everything that its page and its report have in common."""

    detail: PatternDetail
    profile: tuple[ProfileRow, ...]
    """Largest magnitude first."""
    shown: PatternView | None
    """None in versions from before patterns were described."""
    map: DrawnMap | None
    tags: TagShares
    """Of its evidence."""
    drawing: Drawing
    """Of the whole layout; the cells where the pattern lies are lit."""
    tallies: dict[int, Tally]
    """What checks have found, by tagging."""
    wrong_reasons: ShownWrongReasons

    @property
    def lit_cells(self) -> int:
        """How many cells hold images with the pattern."""
        return sum(drawn.lit is not None for drawn in self.drawing.cells)


def pattern_panel(version_id: int, pattern_id: int, after: str | None = None) -> PatternPanel:
    """A pattern of a version, its members from the key `after` on.

    Raises NotFoundError for a pattern of another version.
    """
    detail = patterns.pattern(version_id, pattern_id, after)
    chosen = filters.choose(version_id, Selection(pattern_id=pattern_id))
    shown = descriptions.pattern_views([pattern_id]).get(pattern_id)
    return PatternPanel(
        detail=detail,
        profile=_profile(
            detail.row.profile, shown.mix if shown else (), descriptions.dimension_views(version_id)
        ),
        shown=shown,
        map=drawn_map(shown.mean_map) if shown else None,
        tags=tag_shares.tags_of_pattern(version_id, pattern_id),
        drawing=drawing(grid.overview(chosen, 0, None), {}),
        tallies=tag_checks.tallies(
            [each.id for each in detail.row.tags if each.pattern_id == pattern_id]
        ),
        wrong_reasons=wrong_reasons.of_pattern(version_id, pattern_id),
    )


def _profile(
    profile: tuple[float, ...],
    mix: Iterable[tuple[int, float]],
    views: Sequence[DimensionView],
) -> tuple[ProfileRow, ...]:
    limit = scale_limit(profile)
    shares = dict(mix)
    ordered = sorted(enumerate(profile), key=lambda entry: -abs(entry[1]))
    return tuple(
        ProfileRow(
            index,
            value,
            diverging_bar(value, limit, PROFILE_WIDTH),
            shares.get(index, 0.0) if shares else None,
            views[index],
        )
        for index, value in ordered
    )
