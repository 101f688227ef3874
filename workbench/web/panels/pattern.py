"""One pattern's panels: its members, the cells where it lies, the dimensions that contribute."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.services.explore import filters, grid, patterns
from workbench.services.explore.filters import Selection
from workbench.services.explore.patterns import PatternDetail
from workbench.services.review import tag_checks
from workbench.services.review.tag_checks import Tally
from workbench.web.presenters.bars import DivergingBar, diverging_bar, scale_limit
from workbench.web.presenters.overview import Drawing, drawing

PROFILE_WIDTH = 120.0


@dataclass(frozen=True)
class PatternPanel:
    """A pattern with everything that its page and its report have in common."""

    detail: PatternDetail
    profile: tuple[tuple[int, float, DivergingBar], ...]
    """Dimension, its mean contribution, its bar; largest magnitude first."""
    drawing: Drawing
    """Of the whole layout; the cells where the pattern lies are lit."""
    tallies: dict[int, Tally]
    """What checks have found, by tagging."""

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
    return PatternPanel(
        detail=detail,
        profile=_profile(detail.row.profile),
        drawing=drawing(grid.overview(chosen, 0, None), {}),
        tallies=tag_checks.tallies([each.id for each in detail.row.tags]),
    )


def _profile(profile: tuple[float, ...]) -> tuple[tuple[int, float, DivergingBar], ...]:
    limit = scale_limit(profile)
    ordered = sorted(enumerate(profile), key=lambda entry: -abs(entry[1]))
    return tuple(
        (index, value, diverging_bar(value, limit, PROFILE_WIDTH)) for index, value in ordered
    )
