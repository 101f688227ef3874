"""Histories as text to take away: CSV, and JSON lines; both are written while they are read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any, Literal

from workbench.services.review import cells
from workbench.services.review.history import Asked, exported

Format = Literal["csv", "jsonl"]
FORMATS: tuple[Format, ...] = ("csv", "jsonl")
COLUMNS = (
    *("id", "at", "by", "action", "subject", "collection", "image_id", "image", "tag_id", "tag"),
    *("version", "before", "after", "undoes_id", "undone"),
)


def lines(asked: Asked, form: Format) -> Iterator[str]:
    """The events that are asked for, the newest first, a line each; a CSV begins with a header."""
    events = exported(asked)
    return _as_jsonl(events) if form == "jsonl" else _as_csv(events)


def _as_jsonl(events: Iterator[dict[str, Any]]) -> Iterator[str]:
    for each in events:
        yield json.dumps({name: each[name] for name in COLUMNS}, ensure_ascii=False) + "\n"


def _as_csv(events: Iterator[dict[str, Any]]) -> Iterator[str]:
    yield _row(COLUMNS)
    for each in events:
        yield _row([_cell(each[name]) for name in COLUMNS])


def _row(cells: Any) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow(cells)
    return written.getvalue()


def _cell(value: Any) -> str:
    """As a cell that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
    return cells.plain(text)
