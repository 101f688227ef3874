"""The dashboard as geometry: columns by day, bars by person and tag, shares of what is covered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from flask_babel import gettext

from workbench.services.dashboard.coverage import Coverage
from workbench.services.dashboard.days import Day
from workbench.services.dashboard.people import PersonWork
from workbench.store.judgements import DECISIONS

HEIGHT: Final = 40.0
COLUMN: Final = 10.0
GAP: Final = 1.0
BAR: Final = 100.0


@dataclass(frozen=True)
class Column:
    """What was done on a day; `part` of `total` is drawn darker. Heights are of `HEIGHT`."""

    first: date
    x: float
    total: int
    part: int
    height: float
    part_height: float


@dataclass(frozen=True)
class Series:
    """One kind of work by day, on a scale of its own."""

    key: str
    title: str
    total: int
    part: int | None
    most: int
    columns: tuple[Column, ...]

    @property
    def width(self) -> float:
        """Of the picture."""
        return COLUMN * len(self.columns)


@dataclass(frozen=True)
class Segment:
    """Verdicts of one kind in a person's bar."""

    answer: str
    times: int
    x: float
    width: float


@dataclass(frozen=True)
class Share:
    """How much of something is done."""

    title: str
    done: int
    all: int

    @property
    def part(self) -> float | None:
        """From 0 to 1; None of nothing."""
        return self.done / self.all if self.all else None


def series(days: Sequence[Day]) -> tuple[Series, ...]:
    """Judged, tagged, agreed; checks and notes where there are any."""
    found = [
        _series("judged", gettext("Verdicts"), [(each.first, each.judged, 0) for each in days]),
        _series("tagged", gettext("Tags put on"), [(each.first, each.tagged, 0) for each in days]),
        _series(
            "agreed",
            gettext("Images that two people judged"),
            [(each.first, each.compared, each.agreed) for each in days],
            parted=True,
        ),
        _series("checked", gettext("Checks"), [(each.first, each.checked, 0) for each in days]),
        _series("noted", gettext("Notes"), [(each.first, each.noted, 0) for each in days]),
    ]
    return tuple(each for at, each in enumerate(found) if each.total or at < 3)


def _series(
    key: str, title: str, days: Sequence[tuple[date, int, int]], *, parted: bool = False
) -> Series:
    most = max((total for _first, total, _part in days), default=0)
    scale = HEIGHT / most if most else 0.0
    return Series(
        key,
        title,
        sum(total for _first, total, _part in days),
        sum(part for _first, _total, part in days) if parted else None,
        most,
        tuple(
            Column(first, at * COLUMN, total, part, total * scale, part * scale)
            for at, (first, total, part) in enumerate(days)
        ),
    )


def segments(person: PersonWork, most: int) -> tuple[Segment, ...]:
    """A person's verdicts as a bar, as long as their number beside the most of anybody."""
    x = 0.0
    found = []
    for answer in DECISIONS:
        times = person.answers.get(answer, 0)
        if times:
            width = BAR * times / most
            found.append(Segment(answer, times, x, width))
            x += width
    return tuple(found)


def shares(found: Coverage) -> tuple[Share, ...]:
    """What is covered, the images first; patterns only where a version has some."""
    every = (
        Share(gettext("Images judged"), found.judged, found.images),
        Share(gettext("Judged by two people or more"), found.compared, found.images),
        Share(gettext("Of these, all agree"), found.agreed, found.compared),
        Share(gettext("Patterns with a tag"), found.patterns_tagged, found.patterns),
        Share(gettext("Pixel groups with a tag"), found.groups_tagged, found.groups),
    )
    return tuple(each for at, each in enumerate(every) if each.all or at < 2)
