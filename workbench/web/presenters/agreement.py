"""Figures of agreement as geometry: intervals on an axis, weeks in a row, a matrix of people.

The axis goes from `LOWEST` to 1, which is agreement by far more than chance at one end and perfect
at the other; what lies below its beginning is drawn there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from workbench.analysis.agreement.figures import Agreement, Figure
from workbench.services.agreement.breakdown import Pair, Week

FigureName = Literal["alpha", "ac1", "kappa", "raw"]
FIGURES: Final[tuple[FigureName, ...]] = ("alpha", "ac1", "kappa", "raw")
LOWEST: Final = -0.2
WIDTH: Final = 100.0
RELIABLE: Final = 0.8
TENTATIVE: Final = 0.667
"""Krippendorff's bounds: answers can be relied on from 0.8, tentatively from 0.667."""
WEEK_WIDTH: Final = 38.0
WEEK_HEIGHT: Final = 100.0


@dataclass(frozen=True)
class Bar:
    """A figure at `x`, and its interval from `low` to `high`, where it has one."""

    x: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class WeekMark:
    """A week's figure in the plot over time; y grows downwards, as in SVG."""

    monday: date
    agreement: Agreement
    figure: Figure
    x: float
    y: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Matrix:
    """Agreement by pair of people: rows are people, each with the people before it."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Agreement | None, ...]], ...]


def figure_of(agreement: Agreement, name: FigureName) -> Figure:
    """One of the four figures."""
    found: Figure = getattr(agreement, name)
    return found


def along(value: float) -> float:
    """Where a value lies on the axis."""
    return WIDTH * (max(value, LOWEST) - LOWEST) / (1 - LOWEST)


def bar(figure: Figure) -> Bar | None:
    """A figure on the axis; None for one that is undefined."""
    if figure.value is None:
        return None
    if figure.low is None or figure.high is None:
        return Bar(along(figure.value), None, None)
    return Bar(along(figure.value), along(figure.low), along(figure.high))


def grid(name: FigureName) -> tuple[float, ...]:
    """Where lines cross the axis: at chance, at perfect, and for alpha at Krippendorff's bounds."""
    return tuple(
        along(each) for each in ((0, TENTATIVE, RELIABLE, 1) if name == "alpha" else (0, 1))
    )


def week_marks(weeks: Sequence[Week], name: FigureName) -> tuple[WeekMark, ...]:
    """The weeks side by side, a figure each."""
    return tuple(
        _week_mark(week, figure_of(week.agreement, name), WEEK_WIDTH * (at + 0.5))
        for at, week in enumerate(weeks)
    )


def _week_mark(week: Week, figure: Figure, x: float) -> WeekMark:
    drawn = bar(figure)
    y, low, high = (drawn.x, drawn.low, drawn.high) if drawn else (None, None, None)
    return WeekMark(week.monday, week.agreement, figure, x, _down(y), _down(low), _down(high))


def _down(value: float | None) -> float | None:
    return None if value is None else WEEK_HEIGHT * (1 - value / WIDTH)


def week_grid(name: FigureName) -> tuple[float, ...]:
    """The same lines in the plot over time."""
    return tuple(WEEK_HEIGHT * (1 - each / WIDTH) for each in grid(name))


def matrix(pairs: Sequence[Pair]) -> Matrix:
    """Pairs of people as the lower half of a table; None for two without an image in common."""
    people = sorted(
        {each for pair in pairs for each in (pair.first, pair.second)}, key=lambda p: p.id
    )
    found = {(pair.first, pair.second): pair.agreement for pair in pairs}
    names = tuple(each.name for each in people)
    rows = tuple(
        (person.name, tuple(found.get((other, person)) for other in people[:at]))
        for at, person in enumerate(people)
        if at
    )
    return Matrix(names[:-1], rows)
