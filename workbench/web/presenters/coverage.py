"""Coverage of a collection as tables: images by generator, class and year, with a bar each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask_babel import gettext

from workbench.services.hygiene.coverage import Counted, Coverage, Division

MOST_ROWS: Final = 12
BAR_WIDTH: Final = 100.0
_SPANS: Final = (1, 2, 5, 10, 20, 50, 100, 300)
"""Years that share a row where there are many; the last holds all that a date can have."""


@dataclass(frozen=True)
class Segment:
    """A part of a bar: `real`, `fake` or `unlabelled`."""

    kind: str
    x: float
    width: float


@dataclass(frozen=True)
class CoverageRow:
    """A line of a table, and its bar: as long as the longest of the table, or shorter."""

    counted: Counted
    bar: tuple[Segment, ...]
    named: bool = True


@dataclass(frozen=True)
class CoverageTable:
    """The images divided by one thing."""

    title: str
    rows: tuple[CoverageRow, ...]
    more: int
    """So many names are not shown."""


@dataclass(frozen=True)
class CoverageView:
    """What the data page shows."""

    tables: tuple[CoverageTable, ...]
    unlabelled: bool
    """Whether some images have no label, so that there is a column of them."""


def coverage_view(coverage: Coverage) -> CoverageView:
    """The tables of a collection: by generator and class where some are named, and by year."""
    generators, classes, years = coverage.generators, coverage.classes, coverage.years
    tables = []
    if generators.named:
        tables.append(_table(gettext("Generator"), generators, gettext("none named")))
    if classes.named:
        tables.append(_table(gettext("Class"), classes, gettext("none named")))
    spans = _in_spans(years.named)
    in_spans = Division(spans, len(spans), years.unnamed)
    tables.append(_table(gettext("Year"), in_spans, gettext("no date")))
    every = (*years.named, years.unnamed)
    return CoverageView(tuple(tables), any(each.unlabelled for each in every))


def _table(title: str, division: Division, unnamed: str) -> CoverageTable:
    shown = division.named[:MOST_ROWS]
    nothing = division.unnamed
    longest = max((each.total for each in (*shown, nothing)), default=0) or 1
    rows = [CoverageRow(each, _bar(each, longest)) for each in shown]
    if nothing.total:
        last = Counted(unnamed, nothing.real, nothing.fake, nothing.unlabelled)
        rows.append(CoverageRow(last, _bar(last, longest), named=False))
    return CoverageTable(title, tuple(rows), division.names - len(shown))


def _in_spans(years: Sequence[Counted]) -> tuple[Counted, ...]:
    """Years in so few rows that all are shown; years without images are not."""
    for span in _SPANS:
        rows: dict[int, list[Counted]] = {}
        for each in years:
            rows.setdefault(int(each.name) // span, []).append(each)
        if len(rows) <= MOST_ROWS:
            return tuple(_together(begun * span, span, some) for begun, some in rows.items())
    raise AssertionError("the longest span holds all years")


def _together(first: int, span: int, years: Sequence[Counted]) -> Counted:
    name = str(first) if span == 1 else f"{first}–{first + span - 1}"
    return Counted(
        name,
        sum(each.real for each in years),
        sum(each.fake for each in years),
        sum(each.unlabelled for each in years),
    )


def _bar(counted: Counted, longest: int) -> tuple[Segment, ...]:
    x = 0.0
    segments = []
    for kind in ("real", "fake", "unlabelled"):
        width = BAR_WIDTH * getattr(counted, kind) / longest
        if width:
            segments.append(Segment(kind, x, width))
        x += width
    return tuple(segments)
