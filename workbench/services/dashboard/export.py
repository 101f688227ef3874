"""The figures of a dashboard as CSV, to take away."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any, Final, Literal

from workbench.services.dashboard.report import Dashboard
from workbench.services.review import cells
from workbench.store.judgements import DECISIONS

Table = Literal["days", "people", "tags"]
TABLES: Final[tuple[Table, ...]] = ("days", "people", "tags")


def table(shown: Dashboard, name: Table) -> str:
    """One of the tables, with a line of headings."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\r\n")
    rows.writerows([_cell(each) for each in row] for row in _TABLES[name](shown))
    return written.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else cells.plain(str(value))


def _days(shown: Dashboard) -> Iterable[tuple[Any, ...]]:
    yield ("first_day", "judged", "tagged", "checked", "noted", "compared", "agreed")
    for day in shown.days:
        yield (
            *(day.first.isoformat(), day.judged, day.tagged, day.checked, day.noted),
            *(day.compared, day.agreed),
        )


def _people(shown: Dashboard) -> Iterable[tuple[Any, ...]]:
    yield (
        *("person", "judged", *DECISIONS, "tagged", "checked", "noted", "compared"),
        *("same", "seconds_a_verdict", "concerns"),
    )
    for each in shown.people:
        yield (
            *(each.name, each.judged, *(each.answers.get(answer, 0) for answer in DECISIONS)),
            *(each.tagged, each.checked, each.noted, each.compared, each.same, each.pace),
            " ".join(each.concerns),
        )


def _tags(shown: Dashboard) -> Iterable[tuple[Any, ...]]:
    yield ("tag", "times", "people")
    for each in shown.tags:
        yield (each.name, each.times, each.people)


_TABLES: Final = {"days": _days, "people": _people, "tags": _tags}
