"""A label set as CSV: an image a row, without formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Final

from workbench.services.interchange.frozen import FrozenRow, FrozenSet
from workbench.services.label_sets.documents import moment
from workbench.services.review import cells

COLUMNS: Final = (
    *("image_id", "file_name", "content_hash", "width", "height", "split", "generator", "class"),
    *("date", "label", "imported", "decision", "rule", "decided_at", "reason", "tags", "regions"),
)


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
    detail = row.details
    texts = (
        row.label or "",
        row.imported or "",
        row.decision or "",
        row.rule,
        moment(row.decided_at) if row.decided_at else "",
        reason_of(row),
        "; ".join(row.tags),
    )
    return (
        row.image_id,
        cells.plain(row.file_name),
        row.content_hash,
        row.width,
        row.height,
        row.split,
        cells.plain(row.generator),
        cells.plain(row.class_name),
        row.date or "",
        *map(cells.plain, texts),
        len(detail["regions"]),
    )


def reason_of(row: FrozenRow) -> str:
    """Why: of the adjudication, else of the newest verdict that gives one."""
    found = row.details
    answers = [found["adjudication"]] if found["adjudication"] else found["verdicts"][::-1]
    return next((each["reason"] for each in answers if each["reason"]), "")
