"""Labels from JSON lines, as the workbench writes them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flask_babel import gettext

from workbench.services.interchange import fields
from workbench.services.interchange.incoming import (
    Incoming,
    IncomingRegion,
    IncomingTag,
    LineError,
    RowError,
)
from workbench.services.review.findings import Finding
from workbench.services.sources.tables import open_text
from workbench.store.judgements import SEVERITIES
from workbench.store.regions import TOOLS


def read_jsonl(path: Path) -> Iterator[Incoming | RowError]:
    """Each line, or what is wrong with it. Empty lines are passed over."""
    with open_text(path) as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                yield _read(number, line)
            except LineError as error:
                yield RowError(number, error.column, error.words)


def _read(number: int, line: str) -> Incoming:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise LineError(
            "",
            gettext("This line is no JSON, perhaps half of one: %(why)s.", why=str(error)[:100]),
        ) from error
    if not isinstance(row, dict):
        raise LineError("", gettext("This line is no JSON object."))
    return Incoming(
        line=number,
        content_hash=fields.text(row, "content_hash"),
        file_name=fields.text(row, "file_name"),
        decision=fields.decision(row),
        label=fields.label(row),
        reason=_reason(row),
        regions=tuple(_region(each) for each in fields.items(row, "regions")),
        notes=tuple(fields.items(row, "notes")),
    )


def _reason(row: Mapping[str, Any]) -> str:
    """Of the adjudication, else of the newest verdict that gives one; else in its own field."""
    adjudication = row.get("adjudication")
    answers = (
        [adjudication] if isinstance(adjudication, dict) else fields.items(row, "verdicts")[::-1]
    )
    found = (fields.reason(each) for each in answers)
    return next(filter(None, found), "") or fields.reason(row)


def _region(region: Mapping[str, Any]) -> IncomingRegion:
    width, height = fields.whole_numbers(region, "size", 2)
    left, top, across, down = fields.whole_numbers(region, "box", 4)
    tool = fields.one_of(region, "drawn_with", TOOLS)
    return IncomingRegion(
        size=(width, height),
        box=(left, top, across, down),
        rle=fields.text(region, "rle"),
        tags=tuple(_tag(each) for each in fields.items(region, "tags")),
        tool=tool or "brush",
    )


def _tag(tag: Mapping[str, Any]) -> IncomingTag:
    severity = fields.one_of(tag, "severity", SEVERITIES)
    return IncomingTag(fields.text(tag, "tag"), Finding(fields.reason(tag), severity))
