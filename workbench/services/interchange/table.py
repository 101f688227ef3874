"""A label set as CSV: an image a row, without formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Final

from workbench.services.interchange.frozen import FACTS, FrozenRow, FrozenSet
from workbench.services.label_sets.documents import moment
from workbench.services.review import cells

COLUMNS: Final = (*FACTS, "reason", "tags", "regions")


def table(frozen: FrozenSet) -> Iterator[bytes]:
    """The header, then the rows; a few hundred at once."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for number, row in enumerate(frozen, start=1):
        writer.writerow(_cells(row))
        if number % 500 == 0:
            yield _taken(written)
    yield _taken(written)


def _taken(written: io.StringIO) -> bytes:
    found = written.getvalue().encode()
    written.seek(0)
    written.truncate()
    return found


def _cells(row: FrozenRow) -> Sequence[object]:
    at = moment(row.decided_at) if row.decided_at else None
    facts = row.facts | {"decided_at": at}
    said = (*facts.values(), reason_of(row), "; ".join(row.tags), len(row.details["regions"]))
    return [cells.plain(each) if isinstance(each, str) else each for each in said]


def reason_of(row: FrozenRow) -> str:
    """Why: of the adjudication, else of the newest verdict that gives one."""
    found = row.details
    answers = [found["adjudication"]] if found["adjudication"] else found["verdicts"][::-1]
    return next((each["reason"] for each in answers if each["reason"]), "")
